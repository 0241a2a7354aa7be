using System;
using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Transport;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Hosting.Replaying;

/// <summary>
/// The proxy's end of a connection whose other end is a recording. It takes all that is sent at once, and tells who replays. Owner and thread as of
/// any connection.
/// </summary>
internal sealed class ReplayConnection(ReplayLoop loop) : TcpConnection(loop)
{
    private readonly Queue<byte[]> _incoming = [];
    private int _used;
    private bool _hasFin;
    private bool _isBroken;
    private long _sentBytes;
    private PeerAddress _local;

    /// <summary>What the proxy sends; empty with FIN.</summary>
    public SpanTaker Sends { get; set; } = static _ => { };

    /// <summary>Told when the proxy has closed it; with RST or in order.</summary>
    public Action<bool> Closes { get; set; } = static _ => { };

    internal override bool ReceiveInFlight => false;

    internal override bool SendInFlight => false;

    protected override bool SocketIsBroken => _isBroken;

    /// <summary>Within a turn: a client is there.</summary>
    /// <param name="peer">Its address.</param>
    /// <param name="local">The one that it has connected to; not given where the record does not tell.</param>
    public void BeginAccepted(PeerAddress peer, PeerAddress local)
    {
        Begin(null, TcpConnectionState.Open);
        Peer = peer;
        _local = local;
    }

    public void BeginConnect(IConnectionOwner owner) => Begin(owner, TcpConnectionState.Connecting);

    /// <summary>The server takes the connection.</summary>
    public void Accepted(PeerAddress server)
    {
        Peer = server;
        ConnectOutcome = SocketError.Success;
        loop.MarkReady(this);
    }

    /// <summary>The peer has sent bytes.</summary>
    public void Arrive(ReadOnlySpan<byte> bytes)
    {
        _incoming.Enqueue(bytes.ToArray());
        loop.MarkReady(this);
    }

    /// <summary>The peer has ended its side, or broken it off.</summary>
    public void ArriveEnd(bool isFin)
    {
        _hasFin |= isFin;
        _isBroken |= !isFin;
        loop.MarkReady(this);
    }

    /// <summary>Within a turn: something may have happened.</summary>
    public void OnReady()
    {
        if (State == TcpConnectionState.Connecting)
            ConnectCompleted(SocketError.Success);
        else if (MayReceive)
            Receive();
        else if (State == TcpConnectionState.Open && FinSeen && _isBroken)
            ReportReset();
    }

    internal override int SendNow(ReadOnlySpan<byte> bytes, out SocketError error)
    {
        error = _isBroken ? SocketError.ConnectionReset : SocketError.Success;
        if (_isBroken)
            return 0;
        _sentBytes += bytes.Length;
        if (!bytes.IsEmpty)
            Sends(bytes);
        return bytes.Length;
    }

    internal override int ReadNow(Span<byte> target, out SocketError error)
    {
        error = SocketError.Success;
        if (_incoming.TryPeek(out byte[]? first))
        {
            int length = Math.Min(target.Length, first.Length - _used);
            first.AsSpan(_used, length).CopyTo(target);
            _used += length;
            if (_used == first.Length)
            {
                _incoming.Dequeue();
                _used = 0;
            }
            return length;
        }
        if (_isBroken)
            error = SocketError.ConnectionReset;
        else if (!_hasFin)
            error = SocketError.WouldBlock;
        return 0;
    }

    internal override void StartQueuedSend() => Check.That(false, "a recording takes all bytes at once");

    internal override void SocketShutdownSend() => Sends(default);

    protected override UnreadInput SocketLookAhead() =>
        _incoming.Count > 0 ? UnreadInput.Bytes : _hasFin || _isBroken ? UnreadInput.End : UnreadInput.None;

    protected override PeerAddress SocketLocal() => _local;

    protected override long SocketAcknowledgedBytes() => _sentBytes;

    protected override void AwaitReset()
    {
        if (_isBroken)
            loop.MarkReady(this);
    }

    protected override void Receive()
    {
        while (MayReceive)
        {
            int received = ReadNow(loop.HotBuffer, out SocketError error);
            if (error == SocketError.WouldBlock)
                return;
            Deliver(loop.HotBuffer.AsSpan(0, received), error, isDrained: _incoming.Count == 0);
        }
    }

    protected override void SocketClose(bool reset) => Closes(reset);

    protected override void Recycle()
    {
    }
}

/// <summary>Takes bytes that are lent for the call.</summary>
internal delegate void SpanTaker(ReadOnlySpan<byte> bytes);
