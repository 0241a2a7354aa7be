using System;
using System.Net.Sockets;
using NativeProxy.Tests.Layers;

namespace NativeProxy.Tests.Simulation.Network;

/// <summary>
/// One end of a connection, with the behaviour of a kernel's socket: partial sends, FIN, RST, an RST as the answer to bytes for a
/// closed socket, and an RST instead of FIN when a socket is closed with unread bytes (RFC 9293; RFC 1122 4.2.2.13).
/// </summary>
internal sealed class SimulatedSocket(SimulatedNetwork network, long id, Pipe incoming, Pipe outgoing)
{
    private SimulatedSocket? _other;

    /// <summary>Of a peer that speaks in records.</summary>
    private RecordEnd? _records;

    /// <summary>Of an end whose peer does.</summary>
    private RecordTap? _tap;

    /// <summary>Bytes that had arrived here when this end sent FIN.</summary>
    private long _arrivedBeforeEnd;

    /// <summary>Number of the connection; both ends have the same.</summary>
    public long Id => id;

    public Pipe Incoming => incoming;

    public Pipe Outgoing => outgoing;

    public SimulatedSocket Other => _other!;

    public bool IsClosed { get; private set; }

    /// <summary>An RST has arrived.</summary>
    public bool IsReset { get; private set; }

    /// <summary>The bytes that go next were to go before, and found no room, or are the rest of a record.</summary>
    public bool HasBlocked { get; private set; }

    /// <summary>An RST arrives between the last look at this end and the next send.</summary>
    public bool BreaksAtNextSend { get; set; }

    public bool SpeaksInRecords => _records is not null;

    /// <summary>Called when bytes, FIN, RST or room may be there.</summary>
    public Action? Changed { get; set; }

    /// <summary>Called when the kernel has taken a part of a record.</summary>
    public Action? PartSent { get; set; }

    /// <summary>Sees every byte that the kernel takes from this end; of records, what is in them.</summary>
    public Action<ReadOnlySpan<byte>>? Tap { get; set; }

    /// <summary>
    /// Bytes of this end that the other one has acknowledged for sure: all that had arrived when it sent its FIN, else all that have arrived.
    /// </summary>
    public long AcknowledgedBytes => incoming.EndArrived ? Other._arrivedBeforeEnd : outgoing.ArrivedBytes;

    public bool HasNews => IsReset || incoming.HasNews || _records is { HasNews: true };

    public void JoinTo(SimulatedSocket other) => (_other, other._other) = (other, this);

    /// <summary>From now on this end, a peer's, speaks in records.</summary>
    public void Secure(RecordSession session)
    {
        _records = new RecordEnd(this, session);
        Other._tap = new RecordTap(session);
        _records.Begin();
    }

    /// <summary>Bytes, FIN, RST or room may be there.</summary>
    public void NotifyChange()
    {
        if (!IsClosed)
            _records?.OnChanged();
        Changed?.Invoke();
    }

    /// <summary>As send(2) without waiting: 0 and WouldBlock when there is no room.</summary>
    public int Send(ReadOnlySpan<byte> bytes, out SocketError error) =>
        _records is null ? SendBare(bytes, out error) : _records.Send(bytes, out error);

    /// <summary>As recv(2) without waiting: 0 and Success is the end of the stream.</summary>
    public int Receive(Span<byte> target, out SocketError error) =>
        _records is null ? ReceiveBare(target, out error) : _records.Receive(target, out error);

    public void ShutdownSend()
    {
        if (_records is null)
            ShutdownBare();
        else
            _records.ShutdownSend();
    }

    /// <summary>What a kernel has taken before, when there was room.</summary>
    internal void SendWithoutRoom(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || IsReset || outgoing.IsEnded || outgoing.IsDead)
            return;
        outgoing.Write(bytes);
        network.Ship(this);
    }

    internal int SendBare(ReadOnlySpan<byte> bytes, out SocketError error)
    {
        if (BreaksAtNextSend)
            ResetArrives(dropsUnread: true);
        error = IsReset ? SocketError.ConnectionReset : outgoing.IsEnded ? SocketError.Shutdown : SocketError.Success;
        if (error != SocketError.Success)
            return 0;
        int length = Math.Min(bytes.Length, outgoing.Room);
        if (length == 0)
        {
            error = bytes.IsEmpty ? SocketError.Success : SocketError.WouldBlock;
            HasBlocked |= !bytes.IsEmpty;
            return 0;
        }
        Tap?.Invoke(_tap is null ? bytes[..length] : _tap.Feed(bytes[..length]));
        outgoing.Write(bytes[..length]);
        HasBlocked = _tap is { HasPart: true };
        if (HasBlocked)
            PartSent?.Invoke();
        network.Ship(this);
        return length;
    }

    internal int ReceiveBare(Span<byte> target, out SocketError error)
    {
        error = SocketError.Success;
        if (incoming.ReadableBytes > 0)
        {
            bool wasFull = incoming.Room == 0;
            int length = incoming.Read(target);
            network.HasRead(this, wasFull);
            return length;
        }

        // Behind FIN reading shows the end, whatever has come after it.
        if (!incoming.EndArrived)
            error = IsReset ? SocketError.ConnectionReset : SocketError.WouldBlock;
        return 0;
    }

    internal void ShutdownBare()
    {
        if (outgoing.IsEnded || IsReset)
            return;
        EndOutgoing();
        network.Ship(this);
    }

    public void Close(bool reset)
    {
        if (IsClosed)
            return;
        if (!reset)
            _records?.BeforeClose();
        IsClosed = true;
        Changed = null;
        if (IsReset)
            return;
        if (reset || incoming.ReadableBytes > 0)
        {
            network.SendReset(this);
            return;
        }
        if (!outgoing.IsEnded)
            EndOutgoing();
        network.Ship(this);
    }

    private void EndOutgoing()
    {
        outgoing.IsEnded = true;
        _arrivedBeforeEnd = incoming.ArrivedBytes;
    }

    /// <summary>An RST arrives.</summary>
    public void ResetArrives(bool dropsUnread)
    {
        if (IsClosed || IsReset)
            return;
        IsReset = true;
        incoming.Kill();
        outgoing.Kill();
        if (dropsUnread)
            incoming.DropUnread();
        NotifyChange();
    }
}
