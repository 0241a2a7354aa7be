using System;
using System.Text;
using NativeProxy.Foundation;

namespace NativeProxy.Clients;

/// <summary>
/// What one client connection does at this moment: filled in by whoever has it, on the loop, for an operator who asks. Afterwards immutable, and any
/// thread may read it.
/// </summary>
internal sealed class SessionFacts
{
    /// <summary>Of the connection, of the request, of its wait, of the server.</summary>
    private readonly SessionDeadline[] _deadlines = new SessionDeadline[4];
    private int _deadlineCount;

    /// <summary>Number of the connection.</summary>
    public long Id { get; private set; }

    /// <summary>Of the loop.</summary>
    public long NowMs { get; private set; }

    /// <summary>When it was opened, in loop time.</summary>
    public long OpenedMs { get; private set; }

    public PeerAddress Client { get; private set; }

    /// <summary>The other end of the socket: the client, or a balancer that speaks for it.</summary>
    public PeerAddress Peer { get; private set; }

    public string Listener { get; private set; } = "";

    /// <summary>Bytes of the socket so far, those of TLS included.</summary>
    public long ReceivedBytes { get; private set; }

    /// <inheritdoc cref="ReceivedBytes"/>
    public long SentBytes { get; private set; }

    public int RequestCount { get; private set; }

    /// <summary>What was agreed on, in UTF-8; empty without TLS.</summary>
    public byte[] Tls { get; private set; } = [];

    public SessionState State { get; private set; }

    /// <summary>Since when, in loop time.</summary>
    public long SinceMs { get; private set; }

    /// <summary>Since when its present request is there; -1 = there is none.</summary>
    public long RequestMs { get; private set; } = -1;

    public string Route { get; set; } = "";

    public string Upstream { get; set; } = "";

    public string Server { get; set; } = "";

    /// <summary>Number of the server connection that it has now; 0 = none.</summary>
    public long ServerConnectionId { get; set; }

    /// <summary>How many requests, or clients, that one has had, this one included.</summary>
    public int ServerConnectionUses { get; set; }

    /// <summary>Of the present request.</summary>
    public RequestStations Stations { get; set; } = RequestStations.None;

    /// <summary>What ends it when it goes on like this.</summary>
    public ReadOnlySpan<SessionDeadline> Deadlines => _deadlines.AsSpan(0, _deadlineCount);

    /// <summary>Of the present request, with its query; empty where nothing has kept it.</summary>
    public string Method { get; private set; } = "";

    /// <inheritdoc cref="Method"/>
    public string Target { get; private set; } = "";

    /// <summary>Takes over what a connection does now.</summary>
    /// <param name="connection">Of the listener's live ones.</param>
    /// <param name="listener">Name of the listener.</param>
    public void Take(ClientConnection connection, string listener)
    {
        Id = connection.Id;
        NowMs = connection.Frontend.Loop.Clock.NowMs;
        OpenedMs = connection.Tcp!.OpenedAtMs;
        Client = connection.Address;
        Peer = connection.Peer;
        Listener = listener;
        (ReceivedBytes, SentBytes) = (connection.Tcp.ReceivedBytes, connection.Tcp.SentBytes);
        RequestCount = connection.RequestCount;
        Tls = connection.Tcp.LayerFacts?.LogWords ?? [];
        RequestMs = -1;
        Route = Upstream = Server = Method = Target = "";
        ServerConnectionId = ServerConnectionUses = 0;
        Stations = RequestStations.None;
        _deadlineCount = 0;
        if (connection.Tcp.Owner is ClientFarewell farewell)
            farewell.Describe(this, connection.Account.DecidedAtMs(connection.Tcp));
        else
            ((ISessionView)connection).Describe(this);
    }

    /// <summary>What it does, and since when; a time that was not reached is the beginning of the connection.</summary>
    public void Is(SessionState state, long sinceMs)
    {
        State = state;
        SinceMs = Math.Max(sinceMs, OpenedMs);
    }

    /// <summary>A time is running; nothing where it is not.</summary>
    /// <param name="key">The key of the configuration that says how long it is.</param>
    /// <param name="atMs">When it is over, in loop time; -1 = it is not running.</param>
    public void EndsBy(string key, long atMs)
    {
        if (atMs >= 0 && _deadlineCount < _deadlines.Length)
            _deadlines[_deadlineCount++] = new SessionDeadline(key, atMs);
    }

    /// <summary>What its present request is.</summary>
    public void Asks(long startedMs, ReadOnlySpan<byte> method, ReadOnlySpan<byte> target)
    {
        RequestMs = startedMs;
        Method = Encoding.Latin1.GetString(method);
        Target = Encoding.Latin1.GetString(target);
    }
}
