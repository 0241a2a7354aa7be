using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NativeProxy.Http;

/// <summary>
/// Character classes of the HTTP grammar (RFC 9110 section 5.6, RFC 3986), case-insensitive equality, and numbers with
/// overflow check. Pure; the vectorised scans are in <see cref="ByteScan"/>.
/// </summary>
internal static class AsciiBytes
{
    /// <summary>'x' = tchar (RFC 9110 section 5.6.2); one row per 16 code points.</summary>
    private static ReadOnlySpan<byte> TokenMap =>
        "................"u8 +
        "................"u8 +
        ".x.xxxxx..xx.xx."u8 + //  !"#$%&'()*+,-./
        "xxxxxxxxxx......"u8 + // 0123456789:;<=>?
        ".xxxxxxxxxxxxxxx"u8 + // @ABCDEFGHIJKLMNO
        "xxxxxxxxxxx...xx"u8 + // PQRSTUVWXYZ[\]^_
        "xxxxxxxxxxxxxxxx"u8 + // `abcdefghijklmno
        "xxxxxxxxxxx.x.x."u8; //  pqrstuvwxyz{|}~

    /// <summary>'x' = unreserved or sub-delims of RFC 3986 without the comma, which only ever means a list in Host.</summary>
    private static ReadOnlySpan<byte> RegNameMap =>
        "................"u8 +
        "................"u8 +
        ".x..x.xxxxxx.xx."u8 + //  !"#$%&'()*+,-./
        "xxxxxxxxxx.x.x.."u8 + // 0123456789:;<=>?
        ".xxxxxxxxxxxxxxx"u8 + // @ABCDEFGHIJKLMNO
        "xxxxxxxxxxx....x"u8 + // PQRSTUVWXYZ[\]^_
        ".xxxxxxxxxxxxxxx"u8 + // `abcdefghijklmno
        "xxxxxxxxxxx...x."u8; //  pqrstuvwxyz{|}~

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsTokenByte(byte value) => value < 128 && TokenMap[value] == 'x';

    public static bool IsToken(ReadOnlySpan<byte> bytes) =>
        !bytes.IsEmpty && ByteScan.TokenEnd(bytes, 0) == bytes.Length;

    /// <summary>Without '%': a percent-encoded octet is checked by its user.</summary>
    public static bool IsRegNameByte(byte value) => value < 128 && RegNameMap[value] == 'x';

    public static bool IsDigit(byte value) => (uint)(value - '0') <= 9;

    /// <summary>SP or HTAB, the only blanks of the grammar.</summary>
    public static bool IsBlank(byte value) => value is (byte)' ' or (byte)'\t';

    /// <summary>HTAB, SP, VCHAR or obs-text: what a field value, a quoted pair and a reason phrase may hold.</summary>
    public static bool IsTextByte(byte value) => value is >= 0x20 and not 0x7F or (byte)'\t';

    /// <summary>0 to 15, or -1 when the byte is no HEXDIG.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int HexValue(byte value)
    {
        uint digit = (uint)(value - '0');
        if (digit <= 9)
            return (int)digit;

        uint letter = (uint)((value | 0x20) - 'a');
        return letter <= 5 ? (int)letter + 10 : -1;
    }

    /// <summary>1*DIGIT that fits 63 bits; leading zeros are allowed.</summary>
    public static bool TryReadDecimal(ReadOnlySpan<byte> digits, out long value)
    {
        value = 0;
        foreach (byte digit in digits)
        {
            int number = digit - '0';
            if ((uint)number > 9 || value > long.MaxValue / 10 || (value == long.MaxValue / 10 && number > long.MaxValue % 10))
                return false;

            value = (value * 10) + number;
        }

        return !digits.IsEmpty;
    }

    /// <summary>Case-insensitive equality of any two byte strings; only A-Z and a-z are folded.</summary>
    public static bool EqualsIgnoreCase(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.Length != right.Length)
            return false;

        for (int i = 0; i < left.Length; i++)
        {
            int difference = left[i] ^ right[i];
            if (difference != 0 && (difference != 0x20 || (uint)((left[i] | 0x20) - 'a') > 'z' - 'a'))
                return false;
        }

        return true;
    }

    /// <summary>
    /// Compares a token with a lower-case name of letters, digits and '-'. Setting bit 5 folds exactly the letters, since
    /// the bytes that it would fold onto digits and '-' are control characters, which no token holds.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool EqualsLower(ReadOnlySpan<byte> token, ReadOnlySpan<byte> lower)
    {
        if (token.Length != lower.Length)
            return false;

        // Whole words; the last one overlaps its predecessor. The length of the name is known where this is inlined.
        if (lower.Length < sizeof(ulong))
            return EqualsLowerShort(token, lower);

        for (int i = 0; i < lower.Length - sizeof(ulong); i += sizeof(ulong))
        {
            if (!EqualsLowerWord(token, lower, i))
                return false;
        }

        return EqualsLowerWord(token, lower, lower.Length - sizeof(ulong));
    }

    /// <summary>The range without the blanks at its ends.</summary>
    public static ByteRange Trim(ReadOnlySpan<byte> bytes, int start, int end)
    {
        while (start < end && IsBlank(bytes[start]))
            start++;

        while (end > start && IsBlank(bytes[end - 1]))
            end--;

        return ByteRange.Between(start, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool EqualsLowerWord(ReadOnlySpan<byte> token, ReadOnlySpan<byte> lower, int index) =>
        (MemoryMarshal.Read<ulong>(token[index..]) | 0x2020202020202020) == MemoryMarshal.Read<ulong>(lower[index..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool EqualsLowerShort(ReadOnlySpan<byte> token, ReadOnlySpan<byte> lower)
    {
        if (lower.Length >= sizeof(uint))
        {
            int last = lower.Length - sizeof(uint);
            return (MemoryMarshal.Read<uint>(token) | 0x20202020) == MemoryMarshal.Read<uint>(lower) &&
                (MemoryMarshal.Read<uint>(token[last..]) | 0x20202020) == MemoryMarshal.Read<uint>(lower[last..]);
        }

        for (int i = 0; i < lower.Length; i++)
        {
            if ((token[i] | 0x20) != lower[i])
                return false;
        }

        return true;
    }
}
