using System;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// Writes a message head into a span that the caller owns. Once something did not fit,
/// <see cref="Overflowed"/> is set and nothing more is written, so that one check at the end is enough.
/// As a sink it puts each field on a line and copies lines as they are. Checks no syntax: whoever appends foreign bytes has them from a parser
/// of this folder. Inlined, since most of what is written are constants, whose copy is a few moves then.
/// </summary>
internal ref struct HeadWriter : IFieldSink
{
    private readonly Span<byte> _destination;

    public HeadWriter(Span<byte> destination) => _destination = destination;

    public bool Overflowed { get; private set; }

    public int WrittenBytes { get; private set; }

    public readonly ReadOnlySpan<byte> Written => _destination[..WrittenBytes];

    private readonly Span<byte> Free => _destination[WrittenBytes..];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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

    /// <summary>"name: value CRLF", all of it or nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AppendField(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        if (!Claim(name.Length + value.Length + 4))
            return;

        Span<byte> line = Free[..(name.Length + value.Length + 4)];
        name.CopyTo(line);
        ": "u8.CopyTo(line[name.Length..]);
        value.CopyTo(line[(name.Length + 2)..]);
        "\r\n"u8.CopyTo(line[^2..]);
        WrittenBytes += line.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AppendLines(scoped ReadOnlySpan<byte> lines) => Append(lines);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void BeginField(scoped ReadOnlySpan<byte> name)
    {
        if (!Claim(name.Length + 2))
            return;

        Span<byte> begin = Free[..(name.Length + 2)];
        name.CopyTo(begin);
        ": "u8.CopyTo(begin[name.Length..]);
        WrittenBytes += begin.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AppendValue(scoped ReadOnlySpan<byte> piece) => Append(piece);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndField() => EndLine();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
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
