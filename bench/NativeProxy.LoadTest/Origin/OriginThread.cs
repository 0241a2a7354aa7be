using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using NativeProxy.LoadTest.Generator;
using NativeProxy.LoadTest.Http;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Origin;

/// <summary>
/// One event loop of the origin: accepts, lends its input and output buffers to the connection whose turn it is, and keeps the delayed
/// answers. Ends with the process.
/// </summary>
internal sealed unsafe class OriginThread
{
    public const int InputBytes = 1 << 20;

    private const int AcceptsPerTurnMax = 64;

    private readonly OriginServer _server;
    private readonly int _listening;
    private readonly Poller _poller = new();
    private readonly PriorityQueue<OriginConnection, long> _delayed = new();
    private OriginConnection?[] _connections = new OriginConnection?[1024];
    private uint[] _watched = new uint[1024];

    public OriginThread(OriginServer server, int listening)
    {
        _server = server;
        _listening = listening;
    }

    public byte* Input { get; } = (byte*)NativeMemory.Alloc(InputBytes);

    public OutputBuffer Output { get; } = new();

    public OriginCounters Counters { get; } = new();

    public void Start() => new Thread(Run) { Name = "origin", IsBackground = true }.Start();

    public void AnswerLater(OriginConnection connection, int delayMs)
    {
        _delayed.Enqueue(connection, LoadThread.NowNs() + (delayMs * 1_000_000L));
        Counters.Delayed++;
        Counters.DelayedMax = Math.Max(Counters.DelayedMax, Counters.Delayed);
    }

    public void AnswerControl() => _server.AppendControl(Output);

    /// <summary>What a connection waits for from now on; 0 = nothing but its end.</summary>
    public void Watch(OriginConnection connection, uint events)
    {
        if (_watched[connection.Descriptor] == events)
            return;
        _watched[connection.Descriptor] = events;
        _poller.Change(connection.Descriptor, events, (ulong)connection.Descriptor);
    }

    public void Remove(OriginConnection connection)
    {
        _connections[connection.Descriptor] = null;
        Counters.Open--;
    }

    private void Run()
    {
        Processors.EndWaitsOnTime();
        _poller.Watch(_listening, Poller.In, (ulong)_listening);
        while (true)
        {
            int count = Wait();
            for (int i = 0; i < count; i++)
            {
                int descriptor = (int)_poller.TokenAt(i);
                if (descriptor == _listening)
                    AcceptSome();
                else
                    _connections[descriptor]?.OnEvent(_poller.EventsAt(i));
            }
            while (_delayed.TryPeek(out OriginConnection? due, out long dueNs) && dueNs <= LoadThread.NowNs())
            {
                _delayed.Dequeue();
                due.OnDue();
            }
        }
    }

    private int Wait() =>
        _delayed.TryPeek(out _, out long dueNs) ? _poller.WaitNs(Math.Max(0, dueNs - LoadThread.NowNs())) : _poller.WaitMs(-1);

    private void AcceptSome()
    {
        for (int i = 0; i < AcceptsPerTurnMax; i++)
        {
            int descriptor = TcpSocket.Accept(_listening);
            if (descriptor < 0)
                return;
            while (descriptor >= _connections.Length)
            {
                Array.Resize(ref _connections, _connections.Length * 2);
                Array.Resize(ref _watched, _watched.Length * 2);
            }
            _connections[descriptor] = new OriginConnection(this, descriptor);
            _watched[descriptor] = Poller.In;
            _poller.Watch(descriptor, Poller.In, (ulong)descriptor);
            Counters.Connections++;
            Counters.Open++;
        }
    }
}
