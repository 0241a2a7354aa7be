using System;
using System.Text;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Recording;

/// <summary>
/// Copies what goes over one connection into the ring of its worker, until a limit of the recording is reached or nobody takes it out. Owner: the
/// connection; thread: its loop. Never waits, never hides anything: who takes it out does.
/// </summary>
/// <param name="order">The recording.</param>
/// <param name="number">Its number.</param>
/// <param name="ring">Takes the bytes.</param>
/// <param name="clock">Of the loop.</param>
/// <param name="connection">Number of the connection.</param>
/// <param name="isOfServer">It goes to a server.</param>
/// <param name="isForUse">It is recorded for the client that uses it now.</param>
internal sealed class RecordedTap(RecordingOrder order, int number, TapRing ring, LoopClock clock, long connection, bool isOfServer, bool isForUse)
    : ConnectionTap
{
    private bool _isOver;

    public override bool IsOver => _isOver;

    /// <summary>Of the recording that it is for.</summary>
    public int Number => number;

    /// <summary>The recording of the connection begins.</summary>
    /// <param name="facts">Lines "name: value".</param>
    public void Open(ReadOnlySpan<byte> facts) => Write(RecordKind.Open, RecordDirection.None, facts);

    public override void Received(ReadOnlySpan<byte> bytes) => Write(RecordKind.Bytes, RecordDirection.FromPeer, bytes);

    public override void Sent(ReadOnlySpan<byte> bytes) => Write(RecordKind.Bytes, RecordDirection.ToPeer, bytes);

    public override void ReceivedEnd(bool isFin) => Write(isFin ? RecordKind.Fin : RecordKind.Broken, RecordDirection.FromPeer, default);

    public override void Idles()
    {
        if (isForUse)
            Over();
    }

    public override void Decided(string reason) => Write(RecordKind.Decided, RecordDirection.None, Encoding.ASCII.GetBytes(reason));

    public override void Over() => Write(RecordKind.Over, RecordDirection.None, default);

    private void Write(RecordKind kind, RecordDirection direction, ReadOnlySpan<byte> payload)
    {
        if (_isOver || (kind == RecordKind.Bytes && payload.IsEmpty))
            return;
        _isOver = kind == RecordKind.Over;
        bool isInTime = clock.WallMs < order.UntilWallMs;
        if (isInTime && order.TryTakeBytes(number, payload.Length + RecordEntry.HeadBytes) && TryPut(kind, direction, payload))
            return;
        _isOver = true;
        order.End(number);

        // Of another one that has begun meanwhile it is no part.
        if (order.Number == 0)
            TryPut(RecordKind.Lost, RecordDirection.None, default);
    }

    private bool TryPut(RecordKind kind, RecordDirection direction, ReadOnlySpan<byte> payload)
    {
        Span<byte> head = stackalloc byte[RecordEntry.HeadBytes];
        new RecordEntry(kind, isOfServer, direction, clock.WallMs, connection, payload).WriteHead(head);
        return ring.TryWrite(head, payload);
    }
}
