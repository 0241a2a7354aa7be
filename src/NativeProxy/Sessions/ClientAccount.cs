using NativeProxy.Foundation;
using NativeProxy.Transport;

namespace NativeProxy.Sessions;

/// <summary>
/// What the ledger needs to know of a client connection besides its socket: when its requests ran, when and why its end was decided.
/// Part of a <see cref="ClientSession"/>; thread: the loop.
/// </summary>
internal struct ClientAccount
{
    private const long NotReached = -1;

    private long _firstRequestMs;
    private long _lastResponseMs;
    private long _decidedMs;
    private CloseReason _reason;
    private ClosedBy _by;

    /// <summary>A connection was accepted.</summary>
    public void Begin()
    {
        _firstRequestMs = _lastResponseMs = _decidedMs = NotReached;
        _reason = CloseReason.None;
    }

    /// <summary>A request was answered, or its exchange ended in another way.</summary>
    /// <param name="startedMs">When its first byte came.</param>
    /// <param name="nowMs">The time.</param>
    public void RequestEnded(long startedMs, long nowMs)
    {
        if (_firstRequestMs == NotReached)
            _firstRequestMs = startedMs;
        _lastResponseMs = nowMs;
    }

    /// <summary>The end of the connection was decided.</summary>
    public void Decide(TcpConnection client, CloseReason reason, long nowMs)
    {
        _reason = reason;
        _by = client.EndedBy;
        _decidedMs = nowMs;
    }

    /// <summary>Makes the entry of a connection whose socket is gone.</summary>
    public readonly CloseRecord Close(TcpConnection client, in PeerAddress peer, int requestCount, long nowMs)
    {
        long openedMs = client.OpenedAtMs;
        long decidedMs = _decidedMs == NotReached ? nowMs : _decidedMs;
        bool hasServed = _lastResponseMs != NotReached;
        return new CloseRecord
        {
            ConnectionId = client.Id,
            Peer = peer,
            Reason = (byte)_reason,
            By = _by == ClosedBy.Proxy && client.IsResetByUs ? ClosedBy.ProxyReset : _by,
            Uses = requestCount,
            SetupMs = client.ReceivedBytes == 0 ? NotReached : client.FirstByteMs - openedMs,
            ActiveMs = hasServed ? _lastResponseMs - _firstRequestMs : 0,
            IdleMs = decidedMs - (hasServed ? _lastResponseMs : openedMs),
            CloseMs = nowMs - decidedMs,
            LifeMs = nowMs - openedMs,
            BytesIn = client.ReceivedBytes,
            BytesOut = client.SentBytes,
        };
    }
}
