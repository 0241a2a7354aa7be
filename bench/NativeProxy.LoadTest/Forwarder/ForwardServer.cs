using System;
using System.Net;
using System.Runtime.InteropServices;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Forwarder;

/// <summary>
/// The limit that a proxy can be compared with: one loop that copies bytes between each client connection and a server connection of its
/// own. No parsing, no timers, no pool, no log; one shared hot buffer and edge-triggered events, so it makes the fewest system calls.
/// Runs on the calling thread until the process ends.
/// </summary>
internal sealed unsafe class ForwardServer
{
    public const int HotBytes = 64 * 1024;

    private const int AcceptsPerTurnMax = 64;
    private const int Backlog = 4096;

    private readonly IPEndPoint _server;
    private readonly int _listening;
    private readonly Poller _poller = new();
    private ForwardSide?[] _sides = new ForwardSide?[1024];

    public ForwardServer(IPEndPoint listen, IPEndPoint server)
    {
        _server = server;
        _listening = TcpSocket.Listen(listen, Backlog);
        _poller.Watch(_listening, Poller.In, (ulong)_listening);
    }

    public byte* Hot { get; } = (byte*)NativeMemory.Alloc(HotBytes);

    public void Run()
    {
        while (true)
        {
            int count = _poller.WaitMs(-1);
            bool mayAccept = false;
            for (int i = 0; i < count; i++)
            {
                int descriptor = (int)_poller.TokenAt(i);
                if (descriptor == _listening)
                    mayAccept = true;
                else
                    _sides[descriptor]?.OnEvent(_poller.EventsAt(i));
            }
            // After the batch: a number that was closed in it may be given out again, and later events of it are the old one's.
            if (mayAccept)
                AcceptSome();
        }
    }

    public void Remove(ForwardSide side)
    {
        _sides[side.Descriptor] = null;
        TcpSocket.Close(side.Descriptor);
    }

    private void AcceptSome()
    {
        for (int i = 0; i < AcceptsPerTurnMax; i++)
        {
            int client = TcpSocket.Accept(_listening);
            if (client < 0)
                return;
            int server = TcpSocket.Connect(_server, source: null);
            if (server < 0)
            {
                TcpSocket.Close(client);
                continue;
            }
            var near = new ForwardSide(this, client, isConnected: true);
            var far = new ForwardSide(this, server, isConnected: false);
            near.Other = far;
            far.Other = near;
            Add(near);
            Add(far);
        }
    }

    private void Add(ForwardSide side)
    {
        while (side.Descriptor >= _sides.Length)
            Array.Resize(ref _sides, _sides.Length * 2);
        _sides[side.Descriptor] = side;
        _poller.Watch(side.Descriptor, Poller.In | Poller.Out | Poller.PeerHangUp | Poller.EdgeTriggered, (ulong)side.Descriptor);
    }
}
