using System;
using System.Buffers.Text;
using System.Runtime.InteropServices;

namespace NativeProxy.LoadTest.Http;

/// <summary>
/// The bytes that one thread is about to send: filled for one connection, sent, and emptied before the next one's turn. Grows when a
/// connection needs more. Thread: that of its owner only.
/// </summary>
internal sealed unsafe class OutputBuffer : IDisposable
{
    private byte* _bytes = (byte*)NativeMemory.Alloc(64 * 1024);
    private int _capacity = 64 * 1024;

    public int Count { get; private set; }

    public byte* Start => _bytes;

    public ReadOnlySpan<byte> Bytes => new(_bytes, Count);

    public void Clear() => Count = 0;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Count += bytes.Length;
    }

    public void AppendDecimal(long value)
    {
        Utf8Formatter.TryFormat(value, Room(20), out int written);
        Count += written;
    }

    /// <summary>Lower-case hexadecimal without leading zeros.</summary>
    public void AppendHex(ulong value)
    {
        Utf8Formatter.TryFormat(value, Room(16), out int written, 'x');
        Count += written;
    }

    /// <summary>A piece of the content that belongs to an id.</summary>
    public void AppendPattern(ulong id, long offset, int count) => Append(new ReadOnlySpan<byte>(BodyPattern.At(id, offset), count));

    public void Dispose() => NativeMemory.Free(_bytes);

    private Span<byte> Room(int count)
    {
        if (Count + count > _capacity)
        {
            _capacity = Math.Max(_capacity * 2, Count + count);
            _bytes = (byte*)NativeMemory.Realloc(_bytes, (nuint)_capacity);
        }
        return new Span<byte>(_bytes + Count, _capacity - Count);
    }
}
