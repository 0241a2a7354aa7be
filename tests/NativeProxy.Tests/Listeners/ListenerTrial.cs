using System;
using System.Collections.Generic;
using System.Net;
using NativeProxy.Clients;
using NativeProxy.Config;
using NativeProxy.Exchanges;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Listeners;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Pressure;
using NativeProxy.Tests.Exchanges;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Logging;
using NativeProxy.Tests.Simulation;
using NativeProxy.Tests.Simulation.Engine;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Tests.Listeners;

/// <summary>
/// A listener with its service and its log on a loop in virtual time: clients are played by hand, the servers' faces write down what they hear.
/// </summary>
internal sealed class ListenerTrial : IDisposable
{
    private readonly VirtualLoop _loop;
    private readonly TrialServices _services;
    private readonly LogRing _log = new(1 << 16);
    private readonly ConnectionBudget _budget;
    private readonly RequestService _service;

    /// <param name="listener">Lines of the listener's table and its sub-tables.</param>
    /// <param name="isCompletionBased">Which of the two real engines the simulated one is like.</param>
    public ListenerTrial(string listener = "", bool isCompletionBased = false)
    {
        _loop = new VirtualLoop(isCompletionBased: isCompletionBased);
        Loop.ReadsWhole = true;
        _services = new TrialServices(Loop, listener);
        _service = _services.MakeService(MakeStream, new ExchangeLog(_log, new LogNames(), Loop.Clock, wantsFields: false));
        _budget = new ConnectionBudget(Loop);
        Listener = Make(_services.Settings);
        Listener.Listen("x", Loop.Listen(null!, Listener, SocketTuning.Default));
    }

    public SimulatedEventLoop Loop => _loop.Loop;

    public LoopCounters Counters => _services.Counters;

    public Listener Listener { get; }

    /// <summary>What the servers' faces have heard.</summary>
    public List<string> Events { get; } = [];

    public List<RecordingServerStream> Streams { get; } = [];

    /// <summary>The live connections, the newest first, as the names of their types.</summary>
    public string Live
    {
        get
        {
            var names = new List<string>();
            for (ClientConnection? connection = Listener.NewestLive; connection is not null; connection = connection.Older)
                names.Add(connection.GetType().Name);
            return string.Join(' ', names);
        }
    }

    public Listener Make(ListenerSettings settings, LatencyRow? tally = null) => new(Loop, settings, _service, _budget, tally: tally);

    public SimulatedSocket Connect() => _loop.ConnectClient();

    public void Write(SimulatedSocket client, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return;
        client.Send(bytes, out _);
        Settle();
    }

    public string Read(SimulatedSocket client)
    {
        byte[] buffer = new byte[16 * 1024];
        int received = client.Receive(buffer, out _);
        Settle();
        return Wire.Text(buffer.AsSpan(0, received));
    }

    public void Run(Action action) => _loop.Run(action);

    public void Settle(int ms = 0) => _loop.Settle(ms);

    public string Closes() => _services.ClientCloses();

    /// <summary>The next record of the access log; null when there is none.</summary>
    public (string Client, int Status, AccessNumbers Numbers)? NextLogged()
    {
        if (!_log.TryPeek(out ReadOnlySpan<byte> bytes))
            return null;
        AccessRecord record = AccessRecordCodec.Read(bytes);
        (string, int, AccessNumbers) logged =
            ($"{new IPAddress(record.ClientAddress)}:{record.Numbers.ClientPort}", record.Numbers.Status, record.Numbers);
        _log.Release();
        return logged;
    }

    /// <summary>The next record as a line; null when there is none.</summary>
    public string? NextLine(string template, LineRedaction? redaction = null)
    {
        if (!_log.TryPeek(out ReadOnlySpan<byte> bytes))
            return null;
        string line = TemplateTrial.Line(template, AccessRecordCodec.Read(bytes), redaction);
        _log.Release();
        return line;
    }

    /// <summary>Nothing is left of it all; null, or what is.</summary>
    public string? Leftovers(params SimulatedSocket[] clients)
    {
        foreach (SimulatedSocket client in clients)
            client.Close(reset: true);
        Settle(1000);
        return Loop.Sockets.Count != 0 ? $"{Loop.Sockets.Count} open"
            : Listener.ConnectionCount != 0 ? $"{Listener.ConnectionCount} live"
            : Counters.Read(CounterId.ClientConnectionsOpen) != 0 ? "counted as open"
            : Loop.Wheel.LinkedCount != 0 ? $"{Loop.Wheel.LinkedCount} timers"
            : Loop.Pools.DescribeLeaks();
    }

    public void Dispose()
    {
        Loop.Stop();
        _log.Dispose();
    }

    private RecordingServerStream MakeStream(IServerStreamUser user)
    {
        var stream = new RecordingServerStream(user, Events);
        Streams.Add(stream);
        return stream;
    }
}
