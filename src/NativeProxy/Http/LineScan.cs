using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NativeProxy.Http;

/// <summary>
/// Looks for the bytes that may end a line, 64 bytes at a time, so that finding the lines of a head costs a few
/// instructions each. A stop is a byte that no text can hold (<see cref="AsciiBytes.IsTextByte"/>), or a HTAB, which is
/// rare and so told apart only when it is met. Like <see cref="ByteScan"/> it reads through references, and like
/// there every load is inside the span: where fewer bytes are left, it overlaps what was read before. Indexes are native
/// integers here, so that adding to them is part of the address and no instruction.
/// </summary>
internal static class LineScan
{
    /// <summary>How much of a long value is passed over at once.</summary>
    private const int StrideBytes = 128;

    /// <summary>At the line, with the first block at or behind it that holds a stop; without stops when none does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LineCursor At(ReadOnlySpan<byte> bytes, int line)
    {
        if (bytes.Length - line < LineCursor.BlockBytes)
            return new LineCursor(line, line, TailStops(bytes, line));

        ulong stops = Stops64(ref MemoryMarshal.GetReference(bytes), line);
        return stops != 0 ? new LineCursor(line, line, stops) : NextBlock(bytes, line, line + LineCursor.BlockBytes);
    }

    /// <summary>The same line, with the next block that holds a stop; without stops when none does.</summary>
    public static LineCursor NextBlock(ReadOnlySpan<byte> bytes, LineCursor cursor) =>
        NextBlock(bytes, cursor.Line, cursor.NextBlockStart);

    /// <summary>
    /// The stops of one block, of which at least one byte is inside the span. False when none is, or when the span is
    /// shorter than a block, which is rare.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryFindStops(ReadOnlySpan<byte> bytes, int index, out ulong stops)
    {
        int lastWhole = bytes.Length - LineCursor.BlockBytes;
        if (index <= lastWhole)
        {
            stops = Stops64(ref MemoryMarshal.GetReference(bytes), index);
            return true;
        }

        stops = 0;
        if (lastWhole < 0 || index >= bytes.Length)
            return false;

        stops = Stops64(ref MemoryMarshal.GetReference(bytes), lastWhole) >> (index - lastWhole);
        return true;
    }

    /// <summary>Tells whether CRLF is at <paramref name="index"/>, which may lie behind the span.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsLineEnd(ReadOnlySpan<byte> bytes, int index) =>
        index + 1 < bytes.Length && Unsafe.ReadUnaligned<ushort>(ref Byte(bytes, index)) == MemoryMarshal.Read<ushort>("\r\n"u8);

    /// <summary>Eight bytes, the first one lowest; all of them inside the span.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Word(ReadOnlySpan<byte> bytes, nint index)
    {
        Debug.Assert(index + sizeof(ulong) <= bytes.Length, "outside of the span");
        return Unsafe.ReadUnaligned<ulong>(ref Byte(bytes, index));
    }

    /// <summary>Tells whether " HTTP/1.1" or " HTTP/1.0" is in front of <paramref name="end"/>, which is at least 9.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryFindVersion(ReadOnlySpan<byte> bytes, int end, out int minor)
    {
        minor = Byte(bytes, (nint)end - 1) - '0';
        return Word(bytes, (nint)end - 9) == MemoryMarshal.Read<ulong>(" HTTP/1."u8) && (uint)minor <= 1;
    }

    /// <summary>
    /// Leaves out the SP in front of a value. False when there are other blanks around it, or when it is empty, which is
    /// rare.
    /// </summary>
    /// <param name="start">Behind the colon; moved to the value.</param>
    /// <param name="end">At the CR.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryTrim(ReadOnlySpan<byte> bytes, ref int start, int end)
    {
        if (Byte(bytes, start) == ' ')
            start++;

        // Of the bytes of a value only the blanks are so low; the CR of an empty value is as well.
        return Byte(bytes, start) > ' ' && Byte(bytes, (nint)end - 1) > ' ';
    }

    /// <summary>A byte that is known to be inside the span.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref byte Byte(ReadOnlySpan<byte> bytes, nint index)
    {
        Debug.Assert((nuint)index < (nuint)bytes.Length, "outside of the span");
        return ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), index);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static LineCursor NextBlock(ReadOnlySpan<byte> bytes, int line, int index)
    {
        ref byte origin = ref MemoryMarshal.GetReference(bytes);
        while (bytes.Length - index >= LineCursor.BlockBytes)
        {
            ulong stops = Stops64(ref origin, index);
            if (stops != 0)
                return new LineCursor(line, index, stops);

            // A value of this length is likely to go on.
            index += LineCursor.BlockBytes;
            while (bytes.Length - index >= StrideBytes && IsPlain(ref Unsafe.Add(ref origin, index)))
                index += StrideBytes;
        }

        return new LineCursor(line, index, TailStops(bytes, index));
    }

    /// <summary>True when the stride holds no stop.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlain(ref byte stride)
    {
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<byte> a = Vector256.LoadUnsafe(ref stride);
            Vector256<byte> b = Vector256.LoadUnsafe(ref stride, 32);
            Vector256<byte> c = Vector256.LoadUnsafe(ref stride, 64);
            Vector256<byte> d = Vector256.LoadUnsafe(ref stride, 96);
            Vector256<byte> delete = Vector256.Create((byte)0x7F);
            Vector256<byte> low = Vector256.Min(Vector256.Min(a, b), Vector256.Min(c, d));
            Vector256<byte> nearDelete = Vector256.Min(Vector256.Min(a ^ delete, b ^ delete), Vector256.Min(c ^ delete, d ^ delete));
            return !Vector256.LessThanAny(low, Vector256.Create((byte)' ')) && !Vector256.EqualsAny(nearDelete, Vector256<byte>.Zero);
        }

        return IsPlainHalf(ref stride) && IsPlainHalf(ref Unsafe.Add(ref stride, StrideBytes / 2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlainHalf(ref byte half)
    {
        Vector128<byte> a = Vector128.LoadUnsafe(ref half);
        Vector128<byte> b = Vector128.LoadUnsafe(ref half, 16);
        Vector128<byte> c = Vector128.LoadUnsafe(ref half, 32);
        Vector128<byte> d = Vector128.LoadUnsafe(ref half, 48);
        Vector128<byte> delete = Vector128.Create((byte)0x7F);
        Vector128<byte> low = Vector128.Min(Vector128.Min(a, b), Vector128.Min(c, d));
        Vector128<byte> nearDelete = Vector128.Min(Vector128.Min(a ^ delete, b ^ delete), Vector128.Min(c ^ delete, d ^ delete));
        return (Vector128.LessThan(low, Vector128.Create((byte)' ')) | Vector128.Equals(nearDelete, Vector128<byte>.Zero)) == Vector128<byte>.Zero;
    }

    /// <summary>The stops of the block from <paramref name="index"/>, of which the span holds fewer than 64 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong TailStops(ReadOnlySpan<byte> bytes, int index)
    {
        int length = bytes.Length;
        if (length is < 32 or >= 64 || index >= length)
            return OtherTailStops(bytes, index);

        // All of a small message; here and below the last load overlaps the one before.
        ref byte origin = ref MemoryMarshal.GetReference(bytes);
        return (Stops32(ref origin, 0) | ((ulong)Stops32(ref origin, length - 32) << (length - 32))) >> index;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong OtherTailStops(ReadOnlySpan<byte> bytes, int index)
    {
        int length = bytes.Length;
        if (index >= length)
            return 0;

        ref byte origin = ref MemoryMarshal.GetReference(bytes);
        return length switch
        {
            >= 64 => Stops64(ref origin, length - 64) >> (64 - (length - index)),
            >= 16 => (Stops16(ref origin, 0) | ((ulong)Stops16(ref origin, length - 16) << (length - 16))) >> index,
            _ => ShortStops(bytes) >> index,
        };
    }

    private static ulong ShortStops(ReadOnlySpan<byte> bytes)
    {
        ulong stops = 0;
        for (int i = 0; i < bytes.Length; i++)
            stops |= bytes[i] is < 0x20 or 0x7F ? 1UL << i : 0;

        return stops;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Stops64(ref byte origin, nint index) =>
        Stops32(ref origin, index) | ((ulong)Stops32(ref origin, index + 32) << 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Stops32(ref byte origin, nint index) =>
        Vector256.IsHardwareAccelerated
            ? Stops(Vector256.LoadUnsafe(ref origin, (nuint)index))
            : Stops16(ref origin, index) | (Stops16(ref origin, index + 16) << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Stops16(ref byte origin, nint index) => Stops(Vector128.LoadUnsafe(ref origin, (nuint)index));

    /// <summary>
    /// Arithmetic instead of comparisons. The highest bit of a byte comes out set where taking 0x20 away (controls) or
    /// adding one (DEL) sets it, and it was not set before.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Stops(Vector256<byte> block) =>
        Vector256.AndNot((block - Vector256.Create((byte)' ')) | (block + Vector256<byte>.One), block).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Stops(Vector128<byte> block) =>
        Vector128.AndNot((block - Vector128.Create((byte)' ')) | (block + Vector128<byte>.One), block).ExtractMostSignificantBits();
}
