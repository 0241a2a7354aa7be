using System;
using NativeProxy.Foundation;
using NativeProxy.Transport;

namespace NativeProxy.Clients;

/// <summary>
/// What the ledger needs to know of a client connection besides its socket: when its requests ran, when and why its end was decided.
/// Part of a client connection, in few bytes, since idle connections hold it: times count from the opening of the connection and
/// stop at 24 days. Thread: the loop.
/// </summary>
internal struct ClientAccount
{
    private const int NotReached = -1;

    private int _firstRequestMs;
    private int _lastResponseMs;
    private int _decidedMs;
    private CloseReason _reason;
    private ClosedBy _by;

    /// <summary>A connection was accepted.</summary>
    public void Begin()
    {
        _firstRequestMs = _lastResponseMs = _decidedMs = NotReached;
        _reason = CloseReason.None;
    }

    /// <summary>A request was answered, or its exchange ended in another way.</summary>
    /// <param name="client">The connection.</param>
    /// <param name="startedMs">When its first byte came.</param>
    /// <param name="nowMs">The time.</param>
    public void RequestEnded(TcpConnection client, long startedMs, long nowMs)
    {
        if (_firstRequestMs == NotReached)
            _firstRequestMs = Since(client, startedMs);
        _lastResponseMs = Since(client, nowMs);
    }

    /// <summary>The end of the connection was decided.</summary>
    public void Decide(TcpConnection client, CloseReason reason, long nowMs)
    {
        _reason = reason;
        _by = client.EndedBy;
        _decidedMs = Since(client, nowMs);
    }

    /// <summary>When the end was decided, in loop time.</summary>
    public readonly long DecidedAtMs(TcpConnection client) => client.OpenedAtMs + _decidedMs;

    /// <summary>Makes the entry of a connection whose socket is gone.</summary>
    public readonly CloseRecord Close(TcpConnection client, in PeerAddress peer, int requestCount, long nowMs)
    {
        int lifeMs = Since(client, nowMs);
        int decidedMs = _decidedMs == NotReached ? lifeMs : _decidedMs;
        bool hasServed = _lastResponseMs != NotReached;
        return new CloseRecord
        {
            ConnectionId = client.Id,
            Peer = peer,
            Reason = (byte)_reason,
            By = CloseRecord.WhoEnded(_by, client.IsResetByUs),
            Uses = requestCount,
            SetupMs = client.ReceivedBytes == 0 ? NotReached : client.FirstByteAfterMs,
            ActiveMs = hasServed ? _lastResponseMs - _firstRequestMs : 0,
            IdleMs = decidedMs - (hasServed ? _lastResponseMs : 0),
            CloseMs = lifeMs - decidedMs,
            LifeMs = lifeMs,
            BytesIn = client.ReceivedBytes,
            BytesOut = client.SentBytes,
            Detail = client.LayerFailure == LayerFailure.None ? default : new RecordName(client.LayerFacts?.FailureWords ?? []),
        };
    }

    private static int Since(TcpConnection client, long atMs) => (int)Math.Clamp(atMs - client.OpenedAtMs, 0, int.MaxValue);
}
