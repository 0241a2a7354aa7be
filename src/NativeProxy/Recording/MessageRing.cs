using System;
using System.Runtime.CompilerServices;
using System.Threading;
using NativeProxy.Metrics;

namespace NativeProxy.Recording;

/// <summary>
/// The last refused messages of one side on one worker, in memory that other processes read. Exactly one thread writes; any thread or process may
/// read meanwhile: each slot carries a number that is odd while it is written, and a reader leaves torn ones out. What a crashed worker has written
/// stays. Owner: <see cref="RecorderBoard"/>, which must outlive every use.
/// </summary>
internal sealed unsafe class MessageRing
{
    /// <summary>Most messages that are kept; the settings may say less.</summary>
    public const int CapacityMax = 64;

    /// <summary>Most bytes of one message that are kept; the settings may say less.</summary>
    public const int MessageBytesMax = 4096;

    private readonly Head* _head;
    private readonly byte* _slots;

    internal MessageRing(byte* memory)
    {
        _head = (Head*)memory;
        _slots = memory + SharedMemory.LineBytes;
    }

    internal static int SizeBytes => SharedMemory.LineBytes + (CapacityMax * SlotBytes);

    /// <summary>Number, record, bytes; whole lines.</summary>
    private static int SlotBytes => (sizeof(long) + Unsafe.SizeOf<MessageRecord>() + MessageBytesMax + SharedMemory.LineBytes - 1)
        / SharedMemory.LineBytes * SharedMemory.LineBytes;

    /// <summary>How many messages were ever noted.</summary>
    public long Count => Volatile.Read(ref _head->Count);

    /// <summary>Messages that were refused and are not here, because there were too many at once.</summary>
    public long SkippedCount => Volatile.Read(ref _head->Skipped);

    /// <summary>The one writer: there was one more that is not noted.</summary>
    public void Skip() => Volatile.Write(ref _head->Skipped, _head->Skipped + 1);

    /// <summary>The one writer: notes a message in place of the oldest one.</summary>
    /// <param name="record">What is known of it.</param>
    /// <param name="message">All of it.</param>
    /// <param name="capacity">How many are kept.</param>
    /// <param name="redaction">What is made unreadable of the kept bytes.</param>
    public void Add(in MessageRecord record, ReadOnlySpan<byte> message, int capacity, Redaction redaction)
    {
        long index = _head->Count;
        if (_head->Capacity != capacity)
        {
            _head->First = index;
            _head->Capacity = capacity;
        }
        byte* slot = _slots + (index % capacity * SlotBytes);
        Volatile.Write(ref *(long*)slot, NumberOf(index) - 1);

        // The record must not be seen to change before its number is odd.
        Interlocked.MemoryBarrier();
        Unsafe.WriteUnaligned(slot + sizeof(long), record);
        var kept = new Span<byte>(slot + sizeof(long) + Unsafe.SizeOf<MessageRecord>(), record.KeptBytes);
        message.Slice(record.KeptFrom, record.KeptBytes).CopyTo(kept);
        redaction.Apply(message, record, kept);
        Volatile.Write(ref *(long*)slot, NumberOf(index));
        Volatile.Write(ref _head->Count, index + 1);
    }

    /// <summary>Any reader: the n-th latest message, 0 = the latest; false when there is none or it is just being overwritten.</summary>
    /// <param name="age">How many came after it.</param>
    /// <param name="record">What is known of it.</param>
    /// <param name="kept">Its kept bytes; the reader's own.</param>
    public bool TryRead(int age, out MessageRecord record, out byte[] kept) => TryReadAt(Count - 1 - age, out record, out kept);

    /// <summary>Any reader: the n-th message that was ever noted, from 0; false when it is not kept any more, or just being overwritten.</summary>
    /// <param name="index">How many came before it.</param>
    /// <param name="record">What is known of it.</param>
    /// <param name="kept">Its kept bytes; the reader's own.</param>
    public bool TryReadAt(long index, out MessageRecord record, out byte[] kept)
    {
        record = default;
        kept = [];
        int capacity = Volatile.Read(ref _head->Capacity);
        if (capacity is < 1 or > CapacityMax || index < Volatile.Read(ref _head->First) || index < 0)
            return false;
        byte* slot = _slots + (index % capacity * SlotBytes);
        if (Volatile.Read(ref *(long*)slot) != NumberOf(index))
            return false;
        record = Unsafe.ReadUnaligned<MessageRecord>(slot + sizeof(long));
        if (record.KeptBytes is < 0 or > MessageBytesMax)
            return false;
        kept = new ReadOnlySpan<byte>(slot + sizeof(long) + Unsafe.SizeOf<MessageRecord>(), record.KeptBytes).ToArray();

        // What was read must have been read before the number is looked at again.
        Interlocked.MemoryBarrier();
        return Volatile.Read(ref *(long*)slot) == NumberOf(index);
    }

    /// <summary>Even, and another one for each message that the slot ever held; one less while it is written.</summary>
    private static long NumberOf(long index) => (index + 1) * 2;

    /// <summary>The line in front of the slots.</summary>
    private struct Head
    {
        public long Count;
        public long Skipped;

        /// <summary>Index of the first message since the capacity has changed.</summary>
        public long First;
        public int Capacity;
    }
}
