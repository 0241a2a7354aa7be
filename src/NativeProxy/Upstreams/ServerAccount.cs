using NativeProxy.Foundation;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams;

/// <summary>What the ledger needs to know of a server connection besides its socket. Part of its owner; thread: the loop.</summary>
internal struct ServerAccount
{
    private const long NotReached = -1;

    private long _connectedMs;

    /// <summary>The connect begins.</summary>
    public void Begin() => _connectedMs = NotReached;

    public void Connected(long nowMs) => _connectedMs = nowMs;

    /// <summary>Makes the entry of a connection that is given up now.</summary>
    /// <param name="tcp">Its socket, not closed yet.</param>
    /// <param name="peer">The server's address.</param>
    /// <param name="reason">Why.</param>
    /// <param name="reset">Whether the proxy breaks it off.</param>
    /// <param name="useCount">Exchanges that it was lent for.</param>
    /// <param name="idleSinceMs">When the last of them ended; now, when one still runs.</param>
    /// <param name="nowMs">The time.</param>
    public readonly CloseRecord Close(TcpConnection tcp, in PeerAddress peer, ServerCloseReason reason, bool reset, int useCount, long idleSinceMs, long nowMs)
    {
        bool isConnected = _connectedMs != NotReached;
        return new CloseRecord
        {
            ConnectionId = tcp.Id,
            Peer = peer,
            Reason = (byte)reason,
            By = CloseRecord.WhoEnded(tcp.EndedBy, reset),
            Uses = isConnected ? useCount : 0,
            SetupMs = isConnected ? _connectedMs - tcp.OpenedAtMs : NotReached,
            ActiveMs = isConnected ? idleSinceMs - _connectedMs : 0,
            IdleMs = isConnected ? nowMs - idleSinceMs : nowMs - tcp.OpenedAtMs,
            LifeMs = nowMs - tcp.OpenedAtMs,
            BytesIn = tcp.ReceivedBytes,
            BytesOut = tcp.SentBytes,
        };
    }
}
