using System;
using System.Buffers.Text;
using System.Numerics;

namespace NativeProxy.Http;

/// <summary>
/// Writes a message head (or a chunk-size line) into a span that the caller owns. Once something did not fit,
/// <see cref="Overflowed"/> is set and nothing more is written, so that one check at the end is enough.
/// Checks no syntax: whoever appends foreign bytes has them from a parser of this folder.
/// </summary>
internal ref struct HeadWriter
{
    private readonly Span<byte> _destination;

    public HeadWriter(Span<byte> destination) => _destination = destination;

    public bool Overflowed { get; private set; }

    public int WrittenBytes { get; private set; }

    public readonly ReadOnlySpan<byte> Written => _destination[..WrittenBytes];

    private readonly Span<byte> Free => _destination[WrittenBytes..];

    public void Append(scoped ReadOnlySpan<byte> bytes)
    {
        if (Claim(bytes.Length))
        {
            bytes.CopyTo(Free);
            WrittenBytes += bytes.Length;
        }
    }

    public void AppendByte(byte value)
    {
        if (Claim(1))
            _destination[WrittenBytes++] = value;
    }

    public void AppendDecimal(long value)
    {
        if (!Overflowed && Utf8Formatter.TryFormat(value, Free, out int bytes))
        {
            WrittenBytes += bytes;
            return;
        }

        Overflowed = true;
    }

    /// <summary>Lower-case, without leading zeros, as a chunk size is written.</summary>
    public void AppendHex(long value)
    {
        int digits = Math.Max(1, (67 - BitOperations.LeadingZeroCount((ulong)value)) / 4);
        if (!Claim(digits))
            return;

        Span<byte> target = Free[..digits];
        for (int i = digits - 1; i >= 0; i--, value >>>= 4)
            target[i] = "0123456789abcdef"u8[(int)(value & 15)];

        WrittenBytes += digits;
    }

    /// <summary>"name: value CRLF", all of it or nothing.</summary>
    public void AppendField(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        if (!Claim(name.Length + value.Length + 4))
            return;

        Append(name);
        Append(": "u8);
        Append(value);
        EndLine();
    }

    public void EndLine() => Append("\r\n"u8);

    /// <summary>The blank line.</summary>
    public void EndHead() => Append("\r\n"u8);

    /// <summary>Whether so many bytes still fit; if not, the writer is closed.</summary>
    private bool Claim(int bytes)
    {
        if (!Overflowed && _destination.Length - WrittenBytes >= bytes)
            return true;

        Overflowed = true;
        return false;
    }
}
