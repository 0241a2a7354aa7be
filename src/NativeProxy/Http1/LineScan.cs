using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NativeProxy.Http1;

/// <summary>
/// Looks for the bytes that no text can hold (<see cref="AsciiBytes.IsTextByte"/>) 64 bytes at a time, so that finding
/// the lines of a head costs a few instructions each. Like <see cref="ByteScan"/> it reads through references, and like
/// there every load is inside the span: where fewer bytes are left, it overlaps what was read before.
/// </summary>
internal static class LineScan
{
    /// <summary>How much of a long value is passed over at once.</summary>
    private const int StrideBytes = 128;

    /// <summary>The first block at or behind <paramref name="index"/> that holds a stop; without bits when none does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StopBlock NextStops(ReadOnlySpan<byte> bytes, int index)
    {
        if (bytes.Length - index >= StopBlock.BlockBytes)
        {
            ulong stops = Stops64(ref MemoryMarshal.GetReference(bytes), index);
            return stops != 0 ? new StopBlock(index, stops) : FarStops(bytes, index + StopBlock.BlockBytes);
        }

        return new StopBlock(index, TailStops(bytes, index));
    }

    /// <summary>Tells whether CRLF is at <paramref name="index"/>, which may lie behind the span.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsLineEnd(ReadOnlySpan<byte> bytes, int index) =>
        index + 1 < bytes.Length && Unsafe.ReadUnaligned<ushort>(ref At(bytes, index)) == MemoryMarshal.Read<ushort>("\r\n"u8);

    /// <summary>
    /// The value without the blanks around it. Quick where it has one SP before it and nothing behind it, as it nearly
    /// always has.
    /// </summary>
    /// <param name="start">Behind the colon.</param>
    /// <param name="end">At the CR.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteRange Value(ReadOnlySpan<byte> bytes, int start, int end)
    {
        if (At(bytes, start) == ' ')
        {
            start++;
        }

        // Of the bytes of a value only the blanks are so low; the CR of an empty value is as well.
        return At(bytes, start) <= ' ' || At(bytes, end - 1) <= ' '
            ? AsciiBytes.Trim(bytes, start, end)
            : ByteRange.Between(start, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref byte At(ReadOnlySpan<byte> bytes, int index)
    {
        Debug.Assert((uint)index < (uint)bytes.Length, "outside of the span");
        return ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), index);
    }

    /// <summary>The first block at or behind <paramref name="index"/>, in the middle of a value that may be long.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static StopBlock FarStops(ReadOnlySpan<byte> bytes, int index)
    {
        ref byte origin = ref MemoryMarshal.GetReference(bytes);
        while (bytes.Length - index >= StrideBytes && IsPlain(ref Unsafe.Add(ref origin, index)))
        {
            index += StrideBytes;
        }

        for (; bytes.Length - index >= StopBlock.BlockBytes; index += StopBlock.BlockBytes)
        {
            ulong stops = Stops64(ref origin, index);
            if (stops != 0)
            {
                return new StopBlock(index, stops);
            }
        }

        return new StopBlock(index, TailStops(bytes, index));
    }

    /// <summary>True when the stride holds neither a stop nor a HTAB, which is told apart more cheaply later.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlain(ref byte stride)
    {
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<byte> a = Vector256.LoadUnsafe(ref stride);
            Vector256<byte> b = Vector256.LoadUnsafe(ref stride, 32);
            Vector256<byte> c = Vector256.LoadUnsafe(ref stride, 64);
            Vector256<byte> d = Vector256.LoadUnsafe(ref stride, 96);
            Vector256<byte> lowest = Vector256.Min(Vector256.Min(a, b), Vector256.Min(c, d));
            Vector256<byte> delete = Vector256.Create((byte)0x7F);
            Vector256<byte> deletes = Vector256.Equals(a, delete) | Vector256.Equals(b, delete) |
                Vector256.Equals(c, delete) | Vector256.Equals(d, delete);
            return (AtMost(lowest, 0x1F) | deletes) == Vector256<byte>.Zero;
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
        Vector128<byte> lowest = Vector128.Min(Vector128.Min(a, b), Vector128.Min(c, d));
        Vector128<byte> delete = Vector128.Create((byte)0x7F);
        Vector128<byte> deletes = Vector128.Equals(a, delete) | Vector128.Equals(b, delete) |
            Vector128.Equals(c, delete) | Vector128.Equals(d, delete);
        return (AtMost(lowest, 0x1F) | deletes).ExtractMostSignificantBits() == 0;
    }

    /// <summary>The stops of the block from <paramref name="index"/>, of which the span holds fewer than 64 bytes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong TailStops(ReadOnlySpan<byte> bytes, int index)
    {
        int length = bytes.Length;
        if (index >= length)
        {
            return 0;
        }

        ref byte origin = ref MemoryMarshal.GetReference(bytes);
        if (length >= 64)
        {
            return Stops64(ref origin, length - 64) >> (64 - (length - index));
        }

        ulong stops = length switch
        {
            >= 32 => Stops32(ref origin, 0) | ((ulong)Stops32(ref origin, length - 32) << (length - 32)),
            >= 16 => Stops16(ref origin, 0) | ((ulong)Stops16(ref origin, length - 16) << (length - 16)),
            _ => ShortStops(bytes),
        };
        return stops >> index;
    }

    private static ulong ShortStops(ReadOnlySpan<byte> bytes)
    {
        ulong stops = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            stops |= AsciiBytes.IsTextByte(bytes[i]) ? 0 : 1UL << i;
        }

        return stops;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Stops64(ref byte origin, int index) =>
        Stops32(ref origin, index) | ((ulong)Stops32(ref origin, index + 32) << 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Stops32(ref byte origin, int index) =>
        Vector256.IsHardwareAccelerated
            ? Stops(Vector256.LoadUnsafe(ref origin, (nuint)index))
            : Stops16(ref origin, index) | (Stops16(ref origin, index + 16) << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Stops16(ref byte origin, int index) => Stops(Vector128.LoadUnsafe(ref origin, (nuint)index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Stops(Vector256<byte> block)
    {
        Vector256<byte> controls = AtMost(block, 0x1F);
        Vector256<byte> tabs = Vector256.Equals(block, Vector256.Create((byte)'\t'));
        Vector256<byte> deletes = Vector256.Equals(block, Vector256.Create((byte)0x7F));
        return (Vector256.AndNot(controls, tabs) | deletes).ExtractMostSignificantBits();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Stops(Vector128<byte> block)
    {
        Vector128<byte> controls = AtMost(block, 0x1F);
        Vector128<byte> tabs = Vector128.Equals(block, Vector128.Create((byte)'\t'));
        Vector128<byte> deletes = Vector128.Equals(block, Vector128.Create((byte)0x7F));
        return (Vector128.AndNot(controls, tabs) | deletes).ExtractMostSignificantBits();
    }

    /// <summary>All ones in each lane that is at most <paramref name="limit"/>, unsigned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> AtMost(Vector256<byte> block, byte limit) =>
        Vector256.Equals(Vector256.Min(block, Vector256.Create(limit)), block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> AtMost(Vector128<byte> block, byte limit) =>
        Vector128.Equals(Vector128.Min(block, Vector128.Create(limit)), block);
}
