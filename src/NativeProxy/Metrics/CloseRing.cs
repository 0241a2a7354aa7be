using System.Runtime.CompilerServices;
using System.Threading;
using NativeProxy.Foundation;

namespace NativeProxy.Metrics;

/// <summary>
/// The last <see cref="RecentMax"/> closed connections of one worker, in memory that other processes read. Exactly one thread writes; any
/// thread or process may read meanwhile: each slot carries a number that is odd while it is written, and a reader leaves torn ones out.
/// Owner: <see cref="CloseBoard"/>, which must outlive every use.
/// </summary>
internal sealed unsafe class CloseRing
{
    /// <summary>How many are remembered.</summary>
    public const int RecentMax = 128;

    private readonly long* _count;
    private readonly byte* _slots;

    internal CloseRing(byte* memory)
    {
        _count = (long*)memory;
        _slots = memory + SharedMemory.LineBytes;
    }

    /// <summary>Bytes of one ring: a line with the count, then the slots.</summary>
    internal static int SizeBytes => SharedMemory.LineBytes + (RecentMax * SlotBytes);

    /// <summary>The number of the slot, then the record.</summary>
    private static int SlotBytes =>
        (sizeof(long) + Unsafe.SizeOf<CloseRecord>() + SharedMemory.LineBytes - 1) / SharedMemory.LineBytes * SharedMemory.LineBytes;

    /// <summary>How many connections were ever noted.</summary>
    public long Count => Volatile.Read(ref *_count);

    /// <summary>The one writer: notes a connection in place of the oldest one.</summary>
    public void Add(in CloseRecord record)
    {
        long index = *_count;
        byte* slot = _slots + (index % RecentMax * SlotBytes);
        Volatile.Write(ref *(long*)slot, NumberOf(index) - 1);

        // The record must not be seen to change before its number is odd.
        Interlocked.MemoryBarrier();
        Unsafe.WriteUnaligned(slot + sizeof(long), record);
        Volatile.Write(ref *(long*)slot, NumberOf(index));
        Volatile.Write(ref *_count, index + 1);
    }

    /// <summary>Any reader: the n-th latest record, 0 = the latest; false when there is none or it is just being overwritten.</summary>
    public bool TryRead(int age, out CloseRecord record)
    {
        long index = Count - 1 - age;
        record = default;
        if (age >= RecentMax || index < 0)
            return false;
        byte* slot = _slots + (index % RecentMax * SlotBytes);
        if (Volatile.Read(ref *(long*)slot) != NumberOf(index))
            return false;
        record = Unsafe.ReadUnaligned<CloseRecord>(slot + sizeof(long));

        // What was read must have been read before the number is looked at again.
        Interlocked.MemoryBarrier();
        return Volatile.Read(ref *(long*)slot) == NumberOf(index);
    }

    /// <summary>Even, and another one for each record that the slot ever held; one less while it is written.</summary>
    private static long NumberOf(long index) => (index + 1) * 2;
}
