using System;
using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NativeProxy.Http;

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
    /// Reads a field name of 3 to 15 letters, digits and '-' with a colon behind it, as most of them are. False for every
    /// other name, sound or not.
    /// </summary>
    /// <param name="length">Of the name.</param>
    /// <param name="lower">The 16 bytes from <paramref name="start"/>, with bit 5 set.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryReadShortName(ReadOnlySpan<byte> bytes, int start, out int length, out Vector128<byte> lower)
    {
        if (bytes.Length - start < BlockBytes)
        {
            length = 0;
            lower = default;
            return false;
        }

        ref byte name = ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), start);
        Vector128<byte> block = Vector128.LoadUnsafe(ref name);
        lower = block | Vector128.Create((byte)0x20);
        length = BitOperations.TrailingZeroCount(PlainTokenStops(block, lower));
        return (uint)(length - KnownHeaders.ShortNameBytesMin) <= KnownHeaders.ShortNameBytesMax - KnownHeaders.ShortNameBytesMin &&
            Unsafe.Add(ref name, length) == ':';
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
                return index;

            index++; // a rare tchar such as '_' or '!': step over it and go on
        }

        while (index < bytes.Length && AsciiBytes.IsTokenByte(bytes[index]))
            index++;

        return index;
    }

    /// <summary>Index of the first byte that a field value or reason phrase cannot hold (CR above all), or the length.</summary>
    public static int TextEnd(ReadOnlySpan<byte> bytes, int start)
    {
        LineCursor cursor = LineScan.At(bytes, start);
        while (cursor.Stops != 0)
        {
            if (bytes[cursor.FirstStop] != '\t')
                return cursor.FirstStop;

            cursor = cursor.PastFirstStop;
            if (cursor.Stops == 0)
                cursor = LineScan.NextBlock(bytes, cursor);
        }

        return bytes.Length;
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
                return index + BitOperations.TrailingZeroCount(stops);
        }

        while (index < bytes.Length && IsTargetByte(bytes[index]))
            index++;

        return index;
    }

    /// <summary>Tells whether a request target can hold the whole run; the span has at least 16 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsTarget(ReadOnlySpan<byte> bytes, int start, int end)
    {
        Debug.Assert(start <= end && end <= bytes.Length && bytes.Length >= BlockBytes, "outside of the span");
        ref byte origin = ref MemoryMarshal.GetReference(bytes);
        int index = start;
        for (; end - index >= BlockBytes; index += BlockBytes)
        {
            if (TargetStops(Vector128.LoadUnsafe(ref origin, (nuint)index)) != 0)
                return false;
        }

        int last = Math.Min(index, bytes.Length - BlockBytes);
        uint stops = TargetStops(Vector128.LoadUnsafe(ref origin, (nuint)last)) >> (index - last);
        return (stops & ((1u << (end - index)) - 1)) == 0;
    }

    /// <summary>
    /// Tells whether the run has at most 16 bytes, all of them letters, digits, '-' or '.': the whole of nearly every
    /// host. False for what would have to be looked at more closely.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsShortPlainHost(ReadOnlySpan<byte> bytes, ByteRange run)
    {
        int last = Math.Min(run.Start, bytes.Length - BlockBytes);
        if (last < 0 || run.Length > BlockBytes)
            return false;

        Debug.Assert(run.End <= bytes.Length, "outside of the span");
        uint stops = PlainHostStops(Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(bytes), (nuint)last)) >> (run.Start - last);
        return (stops & ((1u << run.Length) - 1)) == 0;
    }

    /// <summary>
    /// Tells whether the run is such a host, a colon and a port of up to 59999, at most 16 bytes together. False for what would have to be looked
    /// at more closely.
    /// </summary>
    public static bool IsShortHostWithPort(ReadOnlySpan<byte> bytes, ByteRange run)
    {
        int last = Math.Min(run.Start, bytes.Length - BlockBytes);
        if (last < 0 || run.Length > BlockBytes)
            return false;

        uint stops = PlainHostStops(Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(bytes), (nuint)last)) >> (run.Start - last);
        stops &= (1u << run.Length) - 1;
        int colon = BitOperations.TrailingZeroCount(stops);
        ReadOnlySpan<byte> text = run.Of(bytes);
        int portBytes = text.Length - colon - 1;
        if (!BitOperations.IsPow2(stops) || colon == 0 || text[colon] != ':' || portBytes is < 1 or > 5 || (portBytes == 5 && text[colon + 1] > '5'))
            return false;

        foreach (byte digit in text[(colon + 1)..])
        {
            if (!AsciiBytes.IsDigit(digit))
                return false;
        }

        return true;
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
                return index + BitOperations.TrailingZeroCount(stops);
        }

        if (index < bytes.Length && bytes.Length >= BlockBytes)
        {
            int last = bytes.Length - BlockBytes;
            uint stops = PlainHostStops(Vector128.LoadUnsafe(ref origin, (nuint)last)) >> (index - last);
            return stops != 0 ? index + BitOperations.TrailingZeroCount(stops) : bytes.Length;
        }

        while (index < bytes.Length && IsPlainHostByte(bytes[index]))
            index++;

        return index;
    }

    /// <summary>
    /// VCHAR except '#', with which a fragment would begin: some servers cut the target there. RFC 3986 also leaves out '"', '&lt;', '&gt;',
    /// '\', '^', '`', '{', '|', '}', '[' and ']', but browsers send them raw, nginx and Squid let them pass, and none of them ends a target.
    /// </summary>
    public static bool IsTargetByte(byte value) => value is > 0x20 and < 0x7F and not (byte)'#';

    private static bool IsPlainHostByte(byte value) =>
        (uint)((value | 0x20) - 'a') <= 25 || (uint)(value - '0') <= 9 || value is (byte)'-' or (byte)'.';

    /// <param name="lower">The block with bit 5 set.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint PlainTokenStops(Vector128<byte> block, Vector128<byte> lower)
    {
        Vector128<byte> hyphens = Vector128.Equals(block, Vector128.Create((byte)'-'));
        return (~(LettersAndDigits(block, lower) | hyphens)).ExtractMostSignificantBits();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint PlainHostStops(Vector128<byte> block)
    {
        Vector128<byte> hyphensAndDots = InRange(block, '-', '.');
        return (~(LettersAndDigits(block, block | Vector128.Create((byte)0x20)) | hyphensAndDots)).ExtractMostSignificantBits();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> LettersAndDigits(Vector128<byte> block, Vector128<byte> lower) =>
        InRange(lower, 'a', 'z') | InRange(block, '0', '9');

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint TargetStops(Vector128<byte> block)
    {
        Vector128<byte> visible = InRange(block, '!', '~');
        return (~visible | Vector128.Equals(block, Vector128.Create((byte)'#'))).ExtractMostSignificantBits();
    }

    /// <summary>
    /// All ones in each lane from <paramref name="first"/> to <paramref name="last"/>: moved to the low end of the signed
    /// numbers, since that comparison is one instruction everywhere.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> InRange(Vector128<byte> block, char first, char last)
    {
        Vector128<sbyte> moved = (block + Vector128.Create((byte)(sbyte.MinValue - first))).AsSByte();
        return Vector128.LessThan(moved, Vector128.Create((sbyte)(sbyte.MinValue + last - first + 1))).AsByte();
    }
}
