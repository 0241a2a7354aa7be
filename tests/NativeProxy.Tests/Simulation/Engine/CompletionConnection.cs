using System;
using System.Net.Sockets;
using NativeProxy.Transport;

namespace NativeProxy.Tests.Simulation.Engine;

/// <summary>
/// Behaves like the connection of the SocketAsyncEventArgs engine: receives, connects and queued sends are operations in flight, which
/// complete in a later turn, aborted ones as well, so that closing has to wait for them. A queued send reads the block at the moment
/// when bytes go: a block that was lent to somebody else too early sends wrong bytes.
/// </summary>
internal sealed class CompletionConnection(SimulatedEventLoop loop) : SimulatedConnection(loop)
{
    private bool _receives;
    private bool _connects;
    private bool _sends;
    private bool _isAborted;
    private (byte[] Array, int Offset, int Count) _segment;
    private int _segmentSentBytes;

    internal override bool ReceiveInFlight => _receives;

    internal override bool SendInFlight => _connects || _sends;

    public override void BeginConnect(IConnectionOwner owner)
    {
        _isAborted = false;
        base.BeginConnect(owner);
        _connects = true;
    }

    public override void OnReady()
    {
        if (_connects && (HasConnectAnswer || _isAborted))
        {
            _connects = false;
            ConnectCompleted(_isAborted ? SocketError.OperationAborted : ConnectError);
            return;
        }
        if (Socket is null || _connects)
            return;
        if (_sends)
            ProgressSend();
        if (_receives && (_isAborted || Socket.HasNews))
            CompleteReceive();
    }

    protected override void Receive()
    {
        do
        {
            if (!Socket!.HasNews || SimulatedLoop.Dice.PerMille(100))
            {
                _receives = true;
                if (Socket.HasNews)
                    SimulatedLoop.MarkReady(this);
                return;
            }
            TryReadOnce();
        }
        while (MayReceive && SimulatedLoop.Dice.PerMille(700));
        if (MayReceive)
            Loop.Defer(this, DeferredWork.Receive);
    }

    protected override void AwaitReset() => SimulatedLoop.HalfClosed.Add(this);

    internal override void StartQueuedSend()
    {
        _sends = true;
        _segment = Sending.Queue.FirstSegment;
        _segmentSentBytes = 0;
        SimulatedLoop.MarkReady(this);
    }

    protected override void SocketClose(bool reset)
    {
        base.SocketClose(reset);
        _isAborted = true;
        if (ReceiveInFlight || SendInFlight)
            SimulatedLoop.MarkReady(this);
    }

    protected override void Recycle()
    {
        _isAborted = false;
        base.Recycle();
    }

    private void CompleteReceive()
    {
        _receives = false;
        if (_isAborted)
        {
            Deliver(default, SocketError.OperationAborted);
            return;
        }
        TryReadOnce();
        if (MayReceive && !ReceiveInFlight)
            Loop.Defer(this, DeferredWork.Receive);
    }

    /// <summary>The operation completes when the whole segment has gone, or with an error.</summary>
    private void ProgressSend()
    {
        SocketError error = SocketError.OperationAborted;
        if (!_isAborted)
        {
            ReadOnlySpan<byte> rest = _segment.Array.AsSpan(_segment.Offset + _segmentSentBytes, _segment.Count - _segmentSentBytes);
            _segmentSentBytes += SendNow(rest, out error);
            if (error == SocketError.WouldBlock || (error == SocketError.Success && _segmentSentBytes < _segment.Count))
                return;
        }
        _sends = false;
        if (QueuedSendProgressed(error == SocketError.Success ? _segmentSentBytes : 0, error))
            StartQueuedSend();
    }
}
