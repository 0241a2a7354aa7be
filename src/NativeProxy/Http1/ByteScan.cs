using System;
using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NativeProxy.Http1;

/// <summary>
/// Finds the end of a run of allowed bytes, sixteen bytes at a time. With <see cref="LineScan"/> the only file of this
/// folder that reads through references instead of spans; every load is inside the span (the last one overlaps its
/// predecessor instead of going over the end). Plain compares instead of SearchValues: they inline, and the runs of a
/// head are short.
/// </summary>
internal static class ByteScan
{
    private const int BlockBytes = 16;

    /// <summary>
    /// Length of a field name of at most 15 letters, digits and '-' with a colon behind it, as nearly all of them are.
    /// Zero for every other name, sound or not.
    /// </summary>
    /// <param name="lower">The 16 bytes from <paramref name="start"/>, with bit 5 set; nothing when zero is returned.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ShortNameBytes(ReadOnlySpan<byte> bytes, int start, out Vector128<byte> lower)
    {
        if (bytes.Length - start < BlockBytes)
        {
            lower = default;
            return 0;
        }

        ref byte name = ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), start);
        Vector128<byte> block = Vector128.LoadUnsafe(ref name);
        lower = block | Vector128.Create((byte)0x20);
        int length = BitOperations.TrailingZeroCount(PlainTokenStops(block, lower));
        return length < BlockBytes && Unsafe.Add(ref name, length) == ':' ? length : 0;
    }

    /// <summary>Index of the first byte at or behind <paramref name="start"/> that is no tchar, or the length.</summary>
    public static int TokenEnd(ReadOnlySpan<byte> bytes, int start)
    {
        ref byte origin = ref MemoryMarshal.GetReference(bytes);
        int index = start;
        while (bytes.Length - index >= BlockBytes)
        {
            Vector128<byte> block = Vector128.LoadUnsafe(ref origin, (nuint)index);
            uint stops = PlainTokenStops(block, block | Vector128.Create((byte)0x20));
            if (stops == 0)
            {
                index += BlockBytes;
                continue;
            }

            index += BitOperations.TrailingZeroCount(stops);
            if (!AsciiBytes.IsTokenByte(bytes[index]))
            {
                return index;
            }

            index++; // a rare tchar such as '_' or '!': step over it and go on
        }

        while (index < bytes.Length && AsciiBytes.IsTokenByte(bytes[index]))
        {
            index++;
        }

        return index;
    }

    /// <summary>Index of the first byte that a field value or reason phrase cannot hold (CR above all), or the length.</summary>
    public static int TextEnd(ReadOnlySpan<byte> bytes, int start)
    {
        StopBlock block = LineScan.NextStops(bytes, start);
        return block.Bits == 0 ? bytes.Length : block.First;
    }

    /// <summary>Index of the first byte that a request target cannot hold (SP above all), or the length.</summary>
    public static int TargetEnd(ReadOnlySpan<byte> bytes, int start)
    {
        ref byte origin = ref MemoryMarshal.GetReference(bytes);
        int index = start;
        for (; bytes.Length - index >= BlockBytes; index += BlockBytes)
        {
            uint stops = TargetStops(Vector128.LoadUnsafe(ref origin, (nuint)index));
            if (stops != 0)
            {
                return index + BitOperations.TrailingZeroCount(stops);
            }
        }

        while (index < bytes.Length && IsTargetByte(bytes[index]))
        {
            index++;
        }

        return index;
    }

    /// <summary>
    /// Index of the first byte that is no letter, digit, '-' or '.', or the length: the whole of nearly every host.
    /// </summary>
    public static int PlainHostEnd(ReadOnlySpan<byte> bytes, int start)
    {
        ref byte origin = ref MemoryMarshal.GetReference(bytes);
        int index = start;
        for (; bytes.Length - index >= BlockBytes; index += BlockBytes)
        {
            uint stops = PlainHostStops(Vector128.LoadUnsafe(ref origin, (nuint)index));
            if (stops != 0)
            {
                return index + BitOperations.TrailingZeroCount(stops);
            }
        }

        if (index < bytes.Length && bytes.Length >= BlockBytes)
        {
            int last = bytes.Length - BlockBytes;
            uint stops = PlainHostStops(Vector128.LoadUnsafe(ref origin, (nuint)last)) >> (index - last);
            return stops != 0 ? index + BitOperations.TrailingZeroCount(stops) : bytes.Length;
        }

        while (index < bytes.Length && IsPlainHostByte(bytes[index]))
        {
            index++;
        }

        return index;
    }

    /// <summary>
    /// VCHAR except '"', '#', '&lt;', '&gt;' and '\'. RFC 3986 also leaves out '{', '|', '}', '^', '`', '[' and ']' here,
    /// but browsers send them raw in queries and no server reads them as a delimiter.
    /// </summary>
    public static bool IsTargetByte(byte value) =>
        value is > 0x20 and < 0x7F and not ((byte)'"' or (byte)'#' or (byte)'<' or (byte)'>' or (byte)'\\');

    public static bool IsPlainHostByte(byte value) =>
        (uint)((value | 0x20) - 'a') <= 25 || (uint)(value - '0') <= 9 || value is (byte)'-' or (byte)'.';

    /// <param name="lower">The block with bit 5 set.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint PlainTokenStops(Vector128<byte> block, Vector128<byte> lower)
    {
        Vector128<byte> hyphens = Vector128.Equals(block, Vector128.Create((byte)'-'));
        return (LettersAndDigits(block, lower) | hyphens).ExtractMostSignificantBits() ^ 0xFFFF;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint PlainHostStops(Vector128<byte> block)
    {
        Vector128<byte> hyphensAndDots = AtMost(block - Vector128.Create((byte)'-'), 1);
        return (LettersAndDigits(block, block | Vector128.Create((byte)0x20)) | hyphensAndDots).ExtractMostSignificantBits() ^ 0xFFFF;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> LettersAndDigits(Vector128<byte> block, Vector128<byte> lower) =>
        AtMost(lower - Vector128.Create((byte)'a'), 25) | AtMost(block - Vector128.Create((byte)'0'), 9);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint TargetStops(Vector128<byte> block)
    {
        Vector128<byte> visible = AtMost(block - Vector128.Create((byte)0x21), 0x7E - 0x21);

        // '"' and '#' differ in bit 0, '<' and '>' in bit 1.
        Vector128<byte> refused =
            Vector128.Equals(block & Vector128.Create((byte)0xFE), Vector128.Create((byte)'"')) |
            Vector128.Equals(block & Vector128.Create((byte)0xFD), Vector128.Create((byte)'<')) |
            Vector128.Equals(block, Vector128.Create((byte)'\\'));
        return Vector128.AndNot(visible, refused).ExtractMostSignificantBits() ^ 0xFFFF;
    }

    /// <summary>All ones in each lane that is at most <paramref name="limit"/>, unsigned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> AtMost(Vector128<byte> block, byte limit) =>
        Vector128.Equals(Vector128.Min(block, Vector128.Create(limit)), block);
}
