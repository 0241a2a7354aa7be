using System;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Threading;
using NativeProxy.LoadTest.Http;
using NativeProxy.LoadTest.Linux;
using NativeProxy.LoadTest.Tls;

namespace NativeProxy.LoadTest.Generator;

/// <summary>
/// One event loop of the generator with its share of the connections. Owns the buffers that its connections use in turn and the figures of
/// its share. Other threads only read the counters and set <see cref="Phase"/>. When a request is sent is decided by <see cref="LoadPace"/>.
/// </summary>
internal sealed unsafe class LoadThread
{
    public const int InputBytes = 512 * 1024;

    private const int TurnMsMax = 20;
    private const int SweepMs = 250;
    private const long DrainNsMax = 2_000_000_000;
    private const int ConnectionsPerSource = 20_000;

    private readonly LoadConnection[] _connections;
    private readonly uint _firstIndex;
    private readonly LoadPace _pace;
    private readonly Thread _thread;
    private long _sweptMs;
    private long _pacedNs;
    private bool _isMeasuring;
    private volatile LoadPhase _phase;
    private volatile LoadPhase _reached;
    private long _completed;
    private long _opened;

    public LoadThread(LoadPlan plan, int index)
    {
        Plan = plan;
        Template = new RequestTemplate(plan);
        Check = new ResponseCheck(plan);
        Tls = plan.IsTls ? new TlsClient(plan) : null;
        int first = (int)((long)plan.Connections * index / plan.Threads);
        int end = (int)((long)plan.Connections * (index + 1) / plan.Threads);
        _firstIndex = (uint)first;
        _connections = new LoadConnection[end - first];
        for (int i = 0; i < _connections.Length; i++)
            _connections[i] = new LoadConnection(this, (uint)(first + i));
        _pace = new LoadPace(plan, _connections, index);
        _thread = new Thread(Run) { Name = "load", IsBackground = true };
    }

    public LoadPlan Plan { get; }

    public RequestTemplate Template { get; }

    public ResponseCheck Check { get; }

    /// <summary>How its connections speak TLS; null = not at all.</summary>
    public TlsClient? Tls { get; }

    public Poller Poller { get; } = new();

    public OutputBuffer Output { get; } = new();

    public byte* Input { get; } = (byte*)NativeMemory.Alloc(InputBytes);

    public Histogram LatencyNs { get; } = new();

    /// <summary>Set by the run, read once per turn.</summary>
    public LoadPhase Phase
    {
        get => _phase;
        set => _phase = value;
    }

    /// <summary>The phase that this thread has reached.</summary>
    public LoadPhase Reached
    {
        get => _reached;
        private set => _reached = value;
    }

    public string? Failure { get; private set; }

    public bool IsSettled => _pace.SettledCount >= _connections.Length;

    public long Completed => Volatile.Read(ref _completed);

    public long Opened => _opened;

    public Handshakes Handshakes => Tls?.Handshakes ?? default;

    public long Unfinished { get; private set; }

    public long HerdLost { get; private set; }

    public static long NowNs() => Stopwatch.GetTimestamp();

    public void Start() => _thread.Start();

    public void Join() => _thread.Join();

    /// <summary>One source address has about 28,000 ports; larger herds come from several.</summary>
    public IPAddress? SourceOf(uint index) =>
        IPAddress.IsLoopback(Plan.Target.Address) && Plan.Connections > ConnectionsPerSource
            ? new IPAddress([127, 0, 1, (byte)(1 + (index / ConnectionsPerSource))])
            : null;

    public void OnOpened(LoadConnection connection)
    {
        _opened++;
        _pace.OnOpened(connection, NowNs());
    }

    public void OnAnswered(long latencyNs)
    {
        LatencyNs.Record(latencyNs);
        Volatile.Write(ref _completed, _completed + 1);
    }

    public void OnFree(LoadConnection connection, long nowNs) => _pace.OnFree(connection, nowNs);

    public void OnClosed(LoadConnection connection)
    {
        if (Plan.IsHerd)
            HerdLost++;
        else if (Phase != LoadPhase.Draining)
            connection.Open();
    }

    /// <summary>Ends this thread's part of the run; the first message counts.</summary>
    public void Fail(string message) => Failure ??= message;

    private void Run()
    {
        Processors.EndWaitsOnTime();
        long drainEndNs = long.MaxValue;
        while (Failure is null && !_pace.IsFinished(Completed) && NowNs() < drainEndNs)
        {
            _pace.OpenMore();
            Wait();
            if (Plan.IsPaced)
                MoveSlowConnections();
            Sweep();
            if (Phase == LoadPhase.Measuring && !_isMeasuring)
            {
                // A run of a fixed number of requests has no warm-up: all of them count.
                _isMeasuring = true;
                if (Plan.RequestsMax == 0)
                    LatencyNs.Clear();
            }
            else if (Phase == LoadPhase.Draining && drainEndNs == long.MaxValue)
            {
                drainEndNs = NowNs() + DrainNsMax;
                _pace.Stop(NowNs());
            }
            _pace.SendDue(NowNs());
            Reached = Phase;
        }
        End();
    }

    private void Wait()
    {
        long dueNs = Plan.IsPaced ? TurnMsMax * 1_000_000L : _pace.NextDueInNs(NowNs());
        int count = dueNs < TurnMsMax * 1_000_000L ? Poller.WaitNs(dueNs) : Poller.WaitMs(TurnMsMax);
        for (int i = 0; i < count; i++)
            _connections[Poller.TokenAt(i) - _firstIndex].OnEvent(Poller.EventsAt(i));
    }

    private void MoveSlowConnections()
    {
        long nowNs = NowNs();
        double seconds = Math.Min(1, (nowNs - _pacedNs) / 1e9);
        if (seconds * 1000 < TurnMsMax / 2)
            return;
        _pacedNs = nowNs;
        int writeBytes = Plan.WriteBytesPerSecond > 0 ? Math.Max(1, (int)(Plan.WriteBytesPerSecond * seconds)) : 0;
        int readBytes = Plan.ReadBytesPerSecond > 0 ? Math.Max(1, (int)(Plan.ReadBytesPerSecond * seconds)) : 0;
        foreach (LoadConnection connection in _connections)
            connection.OnPace(writeBytes, readBytes);
    }

    /// <summary>Finds answers and connections that do not come.</summary>
    private void Sweep()
    {
        if (Environment.TickCount64 - _sweptMs < SweepMs)
            return;
        _sweptMs = Environment.TickCount64;
        long oldestNs = NowNs() - (Plan.AnswerMsMax * 1_000_000L);
        for (int i = 0; i < _connections.Length; i++)
        {
            if (_connections[i].WaitingSinceNs >= oldestNs)
                continue;
            string awaited = _connections[i].InFlightCount > 0 ? "complete answer" : "usable connection";
            Fail($"connection {_firstIndex + i}: no {awaited} within {Plan.AnswerMsMax} ms");
        }
    }

    /// <summary>An open loop counts what was due and is not answered; leaving it out would hide the stall that caused it.</summary>
    private void End()
    {
        if (Plan.RatePerSecond > 0)
            Unfinished = _pace.RecordUnfinished(LatencyNs, NowNs());
        foreach (LoadConnection connection in _connections)
            connection.Dispose();
        Tls?.Dispose();
        Poller.Dispose();
        Output.Dispose();
        NativeMemory.Free(Input);
        Reached = LoadPhase.Draining;
    }
}

/// <summary>What a run is doing.</summary>
internal enum LoadPhase
{
    /// <summary>connections open, answers are checked but not measured</summary>
    WarmingUp,

    /// <summary>latencies count</summary>
    Measuring,

    /// <summary>nothing new is sent</summary>
    Draining,
}
