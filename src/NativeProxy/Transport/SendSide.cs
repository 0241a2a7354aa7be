using System;
using System.Net.Sockets;
using NativeProxy.Buffers;

namespace NativeProxy.Transport;

/// <summary>What became of the bytes given to <see cref="TcpConnection.Send"/>.</summary>
internal enum SendResult : byte
{
    /// <summary>The kernel took all of them.</summary>
    Sent,

    /// <summary>Some wait in pool blocks. Pause the source until <see cref="IConnectionOwner.OnSendDrained"/>.</summary>
    Queued,

    /// <summary>The connection cannot send any more; <see cref="IConnectionOwner.OnSendFailed"/> follows or has come.</summary>
    Failed,
}

/// <summary>
/// The sending direction of one connection: bytes go to the kernel at once, are corked for what follows shortly, or wait in the queue until the
/// kernel takes them; then FIN, or the error that ended it. Owner: the connection (a mutable struct: keep it in a field, never copy it), which
/// it is given with each call; thread: its loop. Never closes the socket, never reads from it and never calls the connection's owner.
/// </summary>
internal struct SendSide
{
    public SendSide()
    {
    }

    /// <summary>Bytes that the kernel has not taken yet, or that are corked.</summary>
    public SendQueue Queue = new();

    private SocketError _error;

    /// <summary>What is in the queue waits for more, not for the kernel.</summary>
    private bool _isHolding;
    private bool _isShutdownWanted;
    private bool _isShutdownDone;

    /// <summary>Bytes that the kernel took.</summary>
    public long SentBytes { get; private set; }

    /// <summary>True when a send has failed.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Why it has failed.</summary>
    public readonly SocketError Error => _error;

    /// <summary>True when bytes may go to the kernel past the queue.</summary>
    public readonly bool TakesPastQueue => Queue.IsEmpty && !IsBroken && !_isShutdownWanted;

    public readonly bool RanOutOfBuffers => _error == SocketError.NoBufferSpaceAvailable;

    /// <summary>True exactly while bytes wait because the kernel did not take them.</summary>
    public readonly bool HasQueuedBytes => !Queue.IsEmpty && !_isHolding;

    /// <summary>Makes the side ready for a new socket; the queue is empty.</summary>
    public void Begin()
    {
        _isHolding = _isShutdownWanted = _isShutdownDone = IsBroken = false;
        _error = SocketError.Success;
        SentBytes = 0;
    }

    /// <summary>See <see cref="TcpConnection.Send"/>.</summary>
    public SendResult Send(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        if (IsBroken || _isShutdownWanted)
            return SendResult.Failed;
        if (_isHolding)
            return SendBehindHeld(connection, bytes);
        if (Queue.IsEmpty)
        {
            int sent = connection.SendNow(bytes, out SocketError error);
            if (error is not (SocketError.Success or SocketError.WouldBlock))
                return Break(connection, error);
            SentBytes += sent;
            if (sent == bytes.Length)
                return SendResult.Sent;
            bytes = bytes[sent..];
        }
        if (!Queue.TryEnqueue(connection.Loop.Pools, bytes, TcpConnection.SendQueueBytesMax))
            return Break(connection, SocketError.NoBufferSpaceAvailable);
        if (!connection.SendInFlight)
            connection.StartQueuedSend();
        return SendResult.Queued;
    }

    /// <summary>The kernel took bytes past the queue.</summary>
    public void PassedQueue(int bytes) => SentBytes += bytes;

    /// <summary>See <see cref="TcpConnection.SendSoon"/>.</summary>
    public SendResult SendSoon(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        bool mayHold = (_isHolding || Queue.IsEmpty) && !IsBroken && !_isShutdownWanted;
        if (!mayHold || !Queue.TryHold(connection.Loop.Pools, bytes))
            return Send(connection, bytes);
        _isHolding = true;
        connection.Loop.PutOff.Cork(connection);
        return SendResult.Sent;
    }

    /// <summary>Sends what is corked, if anything is.</summary>
    public void Uncork(TcpConnection connection) => Uncork(connection, endFollows: false);

    /// <summary>Sends what is corked, if anything is, with FIN in the same segment.</summary>
    public void UncorkWithEnd(TcpConnection connection)
    {
        if (_isHolding)
            Shutdown(connection);
    }

    /// <summary>FIN, once the queue is empty; with the last bytes, if they are corked.</summary>
    public void Shutdown(TcpConnection connection)
    {
        if (_isShutdownWanted)
            return;
        Uncork(connection, endFollows: true);
        _isShutdownWanted = true;
        if (Queue.IsEmpty)
            ShutdownNow(connection);
    }

    /// <summary>A queued send ended: some bytes went, or an error. True when more is to be sent.</summary>
    public bool Progressed(TcpConnection connection, int sentBytes, SocketError error)
    {
        if (IsBroken)
        {
            ReleaseQueue(connection);
            return false;
        }
        if (error != SocketError.Success)
        {
            Break(connection, error);
            return false;
        }
        Queue.Advance(connection.Loop.Pools, sentBytes);
        SentBytes += sentBytes;
        return !Queue.IsEmpty;
    }

    /// <summary>The queue has gone out whole: FIN follows if it was asked for, and the owner hears of it at the end of the turn.</summary>
    public void Drained(TcpConnection connection)
    {
        if (_isShutdownWanted)
            ShutdownNow(connection);
        connection.Loop.Defer(connection, DeferredWork.Drained);
    }

    /// <summary>The connection is given up: what waits is dropped.</summary>
    public void Drop(TcpConnection connection)
    {
        _isHolding = false;
        ReleaseQueue(connection);
    }

    private void Uncork(TcpConnection connection, bool endFollows)
    {
        if (!_isHolding)
            return;
        _isHolding = false;
        while (!Queue.IsEmpty)
        {
            SocketError error;
            int sent = endFollows ? connection.SendLast(Queue.First, out error) : connection.SendNow(Queue.First, out error);
            if (error is not (SocketError.Success or SocketError.WouldBlock))
            {
                Break(connection, error);
                return;
            }
            if (sent == 0)
            {
                connection.StartQueuedSend();
                connection.Loop.Defer(connection, DeferredWork.Blocked);
                return;
            }
            Queue.Advance(connection.Loop.Pools, sent);
            SentBytes += sent;
        }
    }

    /// <summary>Sends corked bytes and these in one go when they fit into one block, else one after the other.</summary>
    private SendResult SendBehindHeld(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        bool isTaken = Queue.TryHold(connection.Loop.Pools, bytes);
        Uncork(connection);
        if (!isTaken)
            return Send(connection, bytes);
        return IsBroken ? SendResult.Failed : Queue.IsEmpty ? SendResult.Sent : SendResult.Queued;
    }

    private SendResult Break(TcpConnection connection, SocketError error)
    {
        IsBroken = true;
        _error = error;
        ReleaseQueue(connection);
        connection.Loop.Defer(connection, DeferredWork.SendFailed);
        return SendResult.Failed;
    }

    private void ShutdownNow(TcpConnection connection)
    {
        if (_isShutdownDone || IsBroken)
            return;
        _isShutdownDone = true;
        connection.SocketShutdownSend();
    }

    /// <summary>Blocks that the engine is sending from must not be lent to anybody else before it has finished.</summary>
    private void ReleaseQueue(TcpConnection connection)
    {
        if (!connection.SendInFlight)
            Queue.Release(connection.Loop.Pools);
    }
}
