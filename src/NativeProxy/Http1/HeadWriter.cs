using System;
using System.Buffers.Text;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
        if (!Claim(bytes.Length))
            return;

        Copy(bytes, WrittenBytes);
        WrittenBytes += bytes.Length;
    }

    public void AppendByte(byte value)
    {
        if (Claim(1))
            _destination[WrittenBytes++] = value;
    }

    /// <summary>Three digits and the SP behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AppendStatusCode(int statusCode)
    {
        if (!Claim(4))
            return;
        Span<byte> code = Free[..4];
        uint tens = (uint)statusCode / 10;
        code[3] = (byte)' ';
        code[2] = (byte)('0' + ((uint)statusCode - (tens * 10)));
        code[1] = (byte)('0' + (tens % 10));
        code[0] = (byte)('0' + (tens / 10));
        WrittenBytes += 4;
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

        int at = WrittenBytes;
        Copy(name, at);
        Copy(": "u8, at + name.Length);
        Copy(value, at + name.Length + 2);
        Copy("\r\n"u8, at + name.Length + 2 + value.Length);
        WrittenBytes = at + name.Length + value.Length + 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AppendLines(scoped ReadOnlySpan<byte> lines) => Append(lines);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void BeginField(scoped ReadOnlySpan<byte> name)
    {
        if (!Claim(name.Length + 2))
            return;

        Copy(name, WrittenBytes);
        Copy(": "u8, WrittenBytes + name.Length);
        WrittenBytes += name.Length + 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AppendValue(scoped ReadOnlySpan<byte> piece) => Append(piece);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndField() => EndLine();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndLine() => Append("\r\n"u8);

    /// <summary>Takes back what was written behind a place.</summary>
    public void Rewind(int writtenBytes) => WrittenBytes = writtenBytes;

    /// <summary>The blank line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndHead() => Append("\r\n"u8);

    /// <summary>Copies to a place that was claimed; so its bounds are known, and are not checked again for each piece.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Copy(scoped ReadOnlySpan<byte> bytes, int at)
    {
        Debug.Assert(at >= 0 && at + bytes.Length <= _destination.Length, "outside of what was claimed");
        Unsafe.CopyBlockUnaligned(
            ref Unsafe.Add(ref MemoryMarshal.GetReference(_destination), at), ref MemoryMarshal.GetReference(bytes), (uint)bytes.Length);
    }

    /// <summary>Whether so many bytes still fit; if not, the writer is closed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Claim(int bytes)
    {
        if (!Overflowed && _destination.Length - WrittenBytes >= bytes)
            return true;

        Overflowed = true;
        return false;
    }
}
