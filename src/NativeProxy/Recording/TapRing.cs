using System;
using System.Threading;
using NativeProxy.Metrics;

namespace NativeProxy.Recording;

/// <summary>
/// The way of recorded bytes from one loop to whoever records, through memory that both have: entries, one behind the other, in a circle. One thread
/// writes, one reads; when it is full, the entry is not taken, and the writer knows. Never waits. Owner: <see cref="RecorderBoard"/>.
/// </summary>
internal sealed unsafe class TapRing
{
    /// <summary>Bytes that may be on their way.</summary>
    public const int CapacityBytes = 1024 * 1024;

    private readonly long* _written;
    private readonly long* _read;
    private readonly byte* _bytes;

    internal TapRing(byte* memory)
    {
        _written = (long*)memory;
        _read = (long*)(memory + SharedMemory.LineBytes);
        _bytes = memory + (2 * SharedMemory.LineBytes);
    }

    internal static int SizeBytes => (2 * SharedMemory.LineBytes) + CapacityBytes;

    /// <summary>The writer: puts an entry in, of two parts. False when there is no room.</summary>
    public bool TryWrite(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload)
    {
        long at = *_written;
        int length = head.Length + payload.Length;
        if (length > CapacityBytes - (at - Volatile.Read(ref *_read)))
            return false;
        Put(at, head);
        Put(at + head.Length, payload);
        Volatile.Write(ref *_written, at + length);
        return true;
    }

    /// <summary>The reader: takes all that is there; whole entries, since they are put in whole.</summary>
    public byte[] Take()
    {
        long from = *_read;
        long length = Volatile.Read(ref *_written) - from;

        // Another process has written these numbers: nothing is read outside of the circle for them.
        if (length is <= 0 or > CapacityBytes || from < 0)
            return [];
        byte[] taken = new byte[length];
        int start = (int)(from % CapacityBytes);
        int first = (int)Math.Min(length, CapacityBytes - start);
        new ReadOnlySpan<byte>(_bytes + start, first).CopyTo(taken);
        new ReadOnlySpan<byte>(_bytes, (int)length - first).CopyTo(taken.AsSpan(first));
        Volatile.Write(ref *_read, from + length);
        return taken;
    }

    private void Put(long at, ReadOnlySpan<byte> bytes)
    {
        int start = (int)(at % CapacityBytes);
        int first = Math.Min(bytes.Length, CapacityBytes - start);
        bytes[..first].CopyTo(new Span<byte>(_bytes + start, first));
        bytes[first..].CopyTo(new Span<byte>(_bytes, bytes.Length - first));
    }
}
