using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace NativeProxy.Logging;

/// <summary>
/// Bytes from one producer thread (a loop) to one consumer thread (the log writer): a ring of records in fixed memory.
/// The producer never blocks: what does not fit is dropped and counted. It does not know what a record means.
/// </summary>
/// <remarks>
/// Each record is one contiguous piece: a 4-byte length, the bytes, padding to 8. A record that does not fit before the end of the memory
/// begins at its start, and the rest is marked as padding. Positions only grow; their low bits are the place in memory.
/// </remarks>
internal sealed class LogRing : IDisposable
{
    private const int LengthBytes = sizeof(int);
    private const int Alignment = 8;
    private const int PaddingMark = -1;

    // What the consumer waits for.
    private const int WaitForNothing = 0;
    private const int WaitForAny = 1;
    private const int WaitForHalf = 2;

    private readonly byte[] _memory;
    private readonly int _mask;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private Positions _positions;
    private bool _isDisposed;

    /// <param name="capacityBytes">A power of two, at least 1 KiB; any record up to half of it can be carried.</param>
    public LogRing(int capacityBytes)
    {
        if (capacityBytes < 1024 || !BitOperations.IsPow2(capacityBytes))
            throw new ArgumentOutOfRangeException(nameof(capacityBytes), capacityBytes, "must be a power of two of at least 1024");

        _memory = GC.AllocateArray<byte>(capacityBytes, pinned: true);
        _mask = capacityBytes - 1;
    }

    /// <summary>Records that found no room; written by the producer, read by anyone.</summary>
    public long DroppedCount => Volatile.Read(ref _positions.DroppedCount);

    /// <summary>True once nothing will come any more; any thread may read.</summary>
    public bool IsDisposed => Volatile.Read(ref _isDisposed);

    public bool IsEmpty => Volatile.Read(ref _positions.Head) == Volatile.Read(ref _positions.Tail);

    /// <summary>Producer: behind the last record that it has written. Positions only grow.</summary>
    public long WrittenPosition => _positions.Tail;

    /// <summary>Consumer: where it is; all records before this position are released.</summary>
    public long ReadPosition => _positions.Head;

    /// <summary>Producer: true when records take more than half of the memory.</summary>
    public bool IsHalfFull => !HasRoomUpTo(_positions.Tail + (_memory.Length / 2));

    /// <summary>
    /// Producer: room for one record, or false (and one more dropped). Nothing is visible to the consumer before <see cref="Commit"/>.
    /// </summary>
    public bool TryReserve(int bytes, out Span<byte> slot)
    {
        // More than half might never fit, whatever the consumer does.
        int needed = Footprint(bytes);
        long start = _positions.Tail;
        int toEnd = _memory.Length - ((int)start & _mask);
        long end = start + needed + (needed > toEnd ? toEnd : 0);
        if (needed > _memory.Length / 2 || !HasRoomUpTo(end))
        {
            Volatile.Write(ref _positions.DroppedCount, _positions.DroppedCount + 1);
            slot = default;
            return false;
        }

        if (needed > toEnd)
        {
            WriteLength(start, PaddingMark);
            start += toEnd;
        }

        WriteLength(start, bytes);
        slot = _memory.AsSpan(((int)start & _mask) + LengthBytes, bytes);
        _positions.ReservedTail = end;
        return true;
    }

    /// <summary>Producer: publishes the reserved record; wakes the consumer when it waits for this much.</summary>
    public void Commit()
    {
        Volatile.Write(ref _positions.Tail, _positions.ReservedTail);

        // Either the consumer, going to sleep, sees this tail, or this sees what it waits for: both sides write, fence, read. The fence is
        // the consumer's alone, for both: it sleeps a hundred times a second, while this runs for every request.
        int wait = Volatile.Read(ref _positions.ConsumerWait);
        if (wait == WaitForAny || (wait == WaitForHalf && !HasRoomUpTo(_positions.Tail + (_memory.Length / 2))))
        {
            Volatile.Write(ref _positions.ConsumerWait, WaitForNothing);
            _wake.Set();
        }
    }

    /// <summary>Consumer: the oldest record, in place until <see cref="Release"/>; false when the ring is empty.</summary>
    public bool TryPeek(out ReadOnlySpan<byte> record)
    {
        long head = _positions.Head;
        if (head == Volatile.Read(ref _positions.Tail))
        {
            record = default;
            return false;
        }

        if (ReadLength(head) == PaddingMark)
            head += _memory.Length - ((int)head & _mask);

        int bytes = ReadLength(head);
        record = _memory.AsSpan(((int)head & _mask) + LengthBytes, bytes);
        _positions.PeekedHead = head + Footprint(bytes);
        return true;
    }

    /// <summary>Consumer: gives the memory of the last peeked record back to the producer.</summary>
    public void Release() => Volatile.Write(ref _positions.Head, _positions.PeekedHead);

    /// <summary>Consumer: returns when there is a record or <see cref="Wake"/> was called; may also return for nothing.</summary>
    /// <param name="limitMs">No longer than that; -1 = for as long as it takes.</param>
    public void WaitForRecord(int limitMs) => Wait(WaitForAny, usedBytesMax: 0, limitMs);

    /// <summary>Consumer: lets records gather for a while; cut short by <see cref="Wake"/> and by a ring that is more than half full.</summary>
    public void Pause(int pauseMs) => Wait(WaitForHalf, usedBytesMax: _memory.Length / 2, pauseMs);

    /// <summary>Any thread: ends the consumer's present or next wait.</summary>
    public void Wake() => _wake.Set();

    /// <summary>
    /// Any thread: nothing will come any more, and the consumer's present and later waits end at once. A consumer that is stuck elsewhere, or was
    /// forgotten, may come to its next wait long afterwards: so the event itself is left to its finalizer.
    /// </summary>
    public void Dispose()
    {
        Volatile.Write(ref _isDisposed, true);
        _wake.Set();
    }

    private void Wait(int wait, int usedBytesMax, int timeoutMs)
    {
        Volatile.Write(ref _positions.ConsumerWait, wait);
        Interlocked.MemoryBarrierProcessWide();
        if (Volatile.Read(ref _positions.Tail) - _positions.Head <= usedBytesMax && !IsDisposed)
            _wake.WaitOne(timeoutMs);

        Volatile.Write(ref _positions.ConsumerWait, WaitForNothing);
    }

    private static int Footprint(int bytes) => (LengthBytes + bytes + Alignment - 1) & -Alignment;

    /// <summary>The producer remembers how far the consumer had come and looks again only when that is not enough.</summary>
    private bool HasRoomUpTo(long end)
    {
        if (end - _positions.SeenHead <= _memory.Length)
            return true;

        _positions.SeenHead = Volatile.Read(ref _positions.Head);
        return end - _positions.SeenHead <= _memory.Length;
    }

    private void WriteLength(long position, int value) => Unsafe.WriteUnaligned(ref _memory[(int)position & _mask], value);

    private int ReadLength(long position) => Unsafe.ReadUnaligned<int>(ref _memory[(int)position & _mask]);

    /// <summary>What the two threads write lies on different cache lines (two per thread, since processors fetch lines in pairs).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 512)]
    private struct Positions
    {
        // Written by the producer.
        [FieldOffset(128)] public long Tail;
        [FieldOffset(136)] public long ReservedTail;
        [FieldOffset(144)] public long SeenHead;
        [FieldOffset(152)] public long DroppedCount;

        // Written by the consumer.
        [FieldOffset(256)] public long Head;
        [FieldOffset(264)] public long PeekedHead;

        // Written by both, rarely; read by the producer at each commit.
        [FieldOffset(384)] public int ConsumerWait;
    }
}
