using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// What is counted and entered into the ledger of how a server connection began and ended. Part of the connection; thread: the loop.
/// Never decides why a connection ends.
/// </summary>
internal struct ServerAccount
{
    private const long NotReached = -1;

    private long _connectedMs;

    /// <summary>The connect begins.</summary>
    public void Begin() => _connectedMs = NotReached;

    public void Connected(long nowMs) => _connectedMs = nowMs;

    /// <summary>Counts a connect that failed.</summary>
    public static void CountConnectFailure(UpstreamServer server, SocketError error) => server.Counters.Add(error switch
    {
        SocketError.ConnectionRefused => CounterId.ServerConnectFailuresRefused,
        SocketError.TimedOut => CounterId.ServerConnectFailuresTimeout,
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.HostDown => CounterId.ServerConnectFailuresUnreachable,
        SocketError.AddressAlreadyInUse => CounterId.ServerConnectFailuresNoPort,
        _ => CounterId.ServerConnectFailuresOther,
    });

    /// <summary>
    /// Counts the close of a connection that is given up now, its socket not closed yet, and enters it into the ledger. A server that broke the
    /// connection off did not end it in order.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="reason">Why.</param>
    /// <param name="reset">Whether the proxy breaks it off.</param>
    /// <param name="isWaiting">Nobody uses it now.</param>
    /// <param name="nowMs">The time.</param>
    public readonly void Close(UpstreamConnection connection, ServerCloseReason reason, bool reset, bool isWaiting, long nowMs)
    {
        if (reason == ServerCloseReason.ServerFin && connection.Tcp!.EndedBy == ClosedBy.PeerReset)
            reason = ServerCloseReason.ServerReset;
        if (connection.Server.Connections.BreakReason is not ServerCloseReason.None and var breakReason)
            reason = breakReason;
        connection.Server.Counters.Add(CloseCounters.Of(reason));
        if (connection.Server.Page is not { } page)
            return;
        CloseRecord record = RecordOf(connection, reason, reset, isWaiting ? connection.IdleSinceMs : nowMs, nowMs);
        page.Enter(ref record);
    }

    /// <param name="connection">The connection.</param>
    /// <param name="reason">Why it is given up.</param>
    /// <param name="reset">Whether the proxy breaks it off.</param>
    /// <param name="idleSinceMs">When the last of its exchanges ended; now, when one still runs.</param>
    /// <param name="nowMs">The time.</param>
    private readonly CloseRecord RecordOf(UpstreamConnection connection, ServerCloseReason reason, bool reset, long idleSinceMs, long nowMs)
    {
        TcpConnection tcp = connection.Tcp!;
        bool isConnected = _connectedMs != NotReached;
        return new CloseRecord
        {
            ConnectionId = tcp.Id,
            Peer = connection.Address.Peer,
            Reason = (byte)reason,
            By = CloseRecord.WhoEnded(tcp.EndedBy, reset),
            Uses = isConnected ? connection.UseCount : 0,
            SetupMs = isConnected ? _connectedMs - tcp.OpenedAtMs : NotReached,
            ActiveMs = isConnected ? idleSinceMs - _connectedMs : 0,
            IdleMs = isConnected ? nowMs - idleSinceMs : nowMs - tcp.OpenedAtMs,
            LifeMs = nowMs - tcp.OpenedAtMs,
            BytesIn = tcp.ReceivedBytes,
            BytesOut = tcp.SentBytes,
            Detail = tcp.LayerFailure == LayerFailure.None ? default : new RecordName(tcp.LayerFacts?.FailureWords ?? []),
        };
    }
}
