using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Operating;
using NativeProxy.Recording;
using NativeProxy.Transport;

namespace NativeProxy.Hosting.Replaying;

/// <summary>
/// Runs recorded connections through the proxy again: what clients and servers said arrives in the same order, in the same pieces, at the same times
/// of a clock of its own; what the proxy then does is printed. Lives for one file; thread: the one that calls.
/// </summary>
internal sealed class ReplayRun : IDisposable
{
    /// <summary>How long, after the last entry, the proxy is watched; it then still waits for what no record will say.</summary>
    private const long AfterMs = 600_000;

    /// <summary>Longest time that a record may span.</summary>
    private const long SpanMsMax = 24 * 3600 * 1000L;

    /// <summary>Most bytes that are put in place of those that were not recorded.</summary>
    private const long GapBytesMax = 64 * 1024 * 1024;

    private const int GapPieceBytes = EventLoop.ReceiveBytesMax;

    private readonly RecordPlan _plan;
    private readonly ReplayWorld _world;
    private readonly TextWriter _output;
    private readonly ProxySettings _settings;
    private readonly Dictionary<long, ReplayClient> _clients = [];
    private readonly Dictionary<long, int> _useOf = [];
    private readonly Dictionary<ReplayConnection, ServerUse> _attached = [];
    private int _usesSeen;

    /// <summary>Number of the client whose doing is replayed now; 0 = it is no client's.</summary>
    private long _acting;
    private long _gapBytes;

    private ReplayRun(RecordPlan plan, ProxySettings settings, TextWriter output)
    {
        (_plan, _settings, _output) = (plan, settings, output);
        _world = new ReplayWorld(settings, plan.BeganWallMs, output);
        _world.Loop.Connecting = Connecting;
    }

    /// <summary>Replays all connections of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="settings">By which the proxy serves; null = some that fit.</param>
    /// <param name="output">Takes the lines.</param>
    public static void Run(RecordFile file, ProxySettings? settings, TextWriter output)
    {
        var plan = new RecordPlan(file.Entries);
        if (plan.IsEmpty)
            return;
        ProxySettings used = settings is { } given && plan.ClientCount > 0 ? ReplaySettings.Plain(given) : plan.MakeSettings();
        using var run = new ReplayRun(plan, used, output);
        run.All(file.Entries);
    }

    public void Dispose() => _world.Dispose();

    private void All(ReadOnlySpan<byte> entries)
    {
        _output.WriteLine($"{_plan.ClientCount} client connections, {_plan.Uses.Count} uses of server connections");
        while (RecordEntry.TryRead(ref entries, out RecordEntry entry) && !_world.IsStuck)
        {
            if (entry.Kind == RecordKind.Message)
                continue;
            _acting = 0;
            _world.MoveTo(Math.Clamp(entry.WallMs - _plan.BeganWallMs, _world.NowMs, SpanMsMax));
            _acting = entry.IsOfServer ? 0 : entry.Connection;
            if (entry.IsOfServer)
                OfServer(entry);
            else
                OfClient(entry);
            _world.Settle();
        }
        _acting = 0;
        _world.Say("the record ends here; nobody says anything more");
        _world.MoveTo(_world.NowMs + AfterMs);
        foreach (ServerUse use in _plan.Uses)
        {
            if (use.HasUnsaid)
                _world.Say($"what {use.Upstream}/{use.Server} said was not asked for in this replay: the proxy went another way");
        }
        foreach ((long number, ReplayClient client) in _clients)
            _output.WriteLine($"client {number}: {client.Verdict}");
        if (_world.IsStuck)
            _output.WriteLine("the replay was given up: it came to no end");
    }

    private void OfClient(in RecordEntry entry)
    {
        long number = entry.Connection;
        if (entry.Kind == RecordKind.Open)
        {
            string listener = MessageDump.FirstLine(RecordEntry.ValueOf(entry.Payload, "listener: "u8));
            IPEndPoint.TryParse(Encoding.ASCII.GetString(RecordEntry.ValueOf(entry.Payload, "client: "u8)), out IPEndPoint? address);
            long port = Math.Min(RecordEntry.NumberOf(entry.Payload, "port: "u8), IPEndPoint.MaxPort);
            PeerAddress local = port > 0 ? PeerAddress.Of(IPAddress.Loopback, (int)port) : default;
            Begin(number, listener, PeerAddress.Of(address ?? new IPEndPoint(IPAddress.Loopback, 1)), local);
            return;
        }
        if (!_clients.TryGetValue(number, out ReplayClient? client))
            return;
        if (entry.Direction == RecordDirection.ToPeer)
        {
            client.RecordedBytes += entry.Kind == RecordKind.Gap ? entry.GapBytes : entry.Payload.Length;
            return;
        }
        if (entry.Kind == RecordKind.Decided)
            _world.Say($"client {number}: the record says it was ended: {MessageDump.FirstLine(entry.Payload)}");
        else
            Play(entry, $"client {number}", static (said, connection) => said(connection), client.Connection);
    }

    private void OfServer(in RecordEntry entry)
    {
        if (entry.Kind == RecordKind.Open)
        {
            // The next use of a connection that was left out is left out as well.
            _useOf.Remove(entry.Connection);
            if (_usesSeen >= _plan.Uses.Count)
                return;
            _useOf[entry.Connection] = _usesSeen++;
            if (_plan.ClientCount == 0)
                Begin(entry.Connection, RecordPlan.ListenerOf(_plan.Uses[_usesSeen - 1]), PeerAddress.Of(IPAddress.Loopback, 1), local: default);
            return;
        }
        if (!_useOf.TryGetValue(entry.Connection, out int index))
            return;
        ServerUse use = _plan.Uses[index];
        string name = $"server {entry.Connection} ({use.Upstream}/{use.Server})";
        if (entry.Kind == RecordKind.Decided)
        {
            _world.Say($"{name}: the record says it was ended: {MessageDump.FirstLine(entry.Payload)}");
        }
        else if (entry.Direction != RecordDirection.ToPeer)
        {
            Play(entry, name, static (said, to) => to.Say(said), use);
            use.IsOver |= entry.Kind is RecordKind.Over or RecordKind.Lost;
        }
        else if (_plan.ClientCount == 0 && _clients.TryGetValue(entry.Connection, out ReplayClient? client))
        {
            // Without its client: what the server was sent is what a client sends.
            Play(entry, $"client of server {entry.Connection}", static (said, connection) => said(connection), client.Connection);
        }
    }

    /// <summary>What a peer did is done again.</summary>
    private void Play<T>(in RecordEntry entry, string name, Action<Action<ReplayConnection>, T> tell, T to)
    {
        byte[] bytes = entry.Payload.ToArray();
        switch (entry.Kind)
        {
            case RecordKind.Bytes:
                _world.Say($"{name} sends {bytes.Length} bytes: {MessageDump.FirstLine(bytes)}");
                tell(connection => connection.Arrive(bytes), to);
                break;
            case RecordKind.Gap:
                PlayGap(entry.GapBytes, name, tell, to);
                break;
            case RecordKind.Fin:
                _world.Say($"{name} ends its side");
                tell(static connection => connection.ArriveEnd(isFin: true), to);
                break;
            case RecordKind.Broken:
                _world.Say($"{name} breaks off");
                tell(static connection => connection.ArriveEnd(isFin: false), to);
                break;
            case RecordKind.Lost:
                _world.Say($"{name}: recorded up to here only");
                break;
            default:
                break;
        }
    }

    private void PlayGap<T>(long bytes, string name, Action<Action<ReplayConnection>, T> tell, T to)
    {
        _world.Say($"{name} sends {bytes} bytes that were not recorded; * stand for them");
        if ((_gapBytes += bytes) > GapBytesMax || bytes > GapBytesMax)
        {
            _gapBytes = GapBytesMax;
            _world.Say("that is too much: they are left out");
            return;
        }
        byte[] piece = new byte[Math.Min(bytes, GapPieceBytes)];
        Array.Fill(piece, (byte)'*');
        for (long left = bytes; left > 0; left -= GapPieceBytes)
        {
            int length = (int)Math.Min(left, piece.Length);
            tell(connection => connection.Arrive(piece.AsSpan(0, length)), to);
        }
    }

    private void Begin(long number, string listener, PeerAddress address, PeerAddress local)
    {
        if (_clients.Count >= RecordPlan.ClientsMax)
            return;
        if (_world.Accept(listener, address, local) is not { } connection)
        {
            _world.Say($"client {number}: there is no listener \"{listener}\" in this configuration that a replay can run");
            return;
        }
        _world.Say($"client {number} connects to {listener} from {address}");
        var client = new ReplayClient(connection);
        _clients[number] = client;
        connection.Sends = bytes =>
        {
            client.SentBytes += bytes.Length;
            _world.Say(bytes.IsEmpty
                ? $"client {number} is sent FIN"
                : $"client {number} is sent {bytes.Length} bytes: {MessageDump.FirstLine(bytes)}");
        };
        connection.Closes = reset => client.End = reset ? "reset" : "closed";
    }

    private void Connecting(ReplayConnection connection, EndPoint address)
    {
        (string upstream, string server) = ReplaySettings.ServerAt(_settings, address);
        string name = $"{upstream}/{server}";
        _world.Say($"connects to {name}");
        connection.Sends = bytes =>
        {
            if (bytes.IsEmpty)
            {
                _world.Say($"{name} is sent FIN");
                return;
            }
            _world.Say($"{name} is sent {bytes.Length} bytes: {MessageDump.FirstLine(bytes)}");
            if (_attached.TryGetValue(connection, out ServerUse? present) && !present.IsOver)
                return;
            if (NextUse(upstream, server) is { } next)
                Attach(next, connection);
            else
                _world.Say($"the record has no answer of {name} to it");
        };
        if (NextUse(upstream, server) is { } use)
            Attach(use, connection);
        else
            _world.Say($"the record has no further connection to {name}: nobody answers there");
        connection.Accepted(PeerAddress.Of(address));
    }

    private void Attach(ServerUse use, ReplayConnection connection)
    {
        _attached[connection] = use;
        use.Attach(connection);
    }

    /// <summary>
    /// The next use that was recorded of this server, else of this upstream, else of any; but what a tunnel carried is for the client whose it was.
    /// </summary>
    private ServerUse? NextUse(string upstream, string server) =>
        _plan.Uses.Find(use => use is { Connection: null, IsOpaque: true } && use.ClientConnection == _acting && _acting != 0)
        ?? _plan.Uses.Find(use => use.Connection is null && use.Upstream == upstream && use.Server == server)
        ?? _plan.Uses.Find(use => use.Connection is null && use.Upstream == upstream)
        ?? _plan.Uses.Find(static use => use.Connection is null);

    /// <summary>A client's connection in the replay.</summary>
    private sealed class ReplayClient(ReplayConnection connection)
    {
        public ReplayConnection Connection => connection;

        public long SentBytes { get; set; }

        /// <summary>What it was sent when it was recorded.</summary>
        public long RecordedBytes { get; set; }

        public string End { get; set; } = "open";

        public string Verdict => SentBytes == RecordedBytes
            ? $"{End}, was sent {SentBytes} bytes, as many as recorded"
            : $"{End}, was sent {SentBytes} bytes; recorded are {RecordedBytes}";
    }
}
