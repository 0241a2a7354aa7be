using System;
using System.Buffers.Binary;

namespace NativeProxy.Foundation;

/// <summary>Text of an IP address, without the object and the string that the library's type would cost. Pure.</summary>
internal static class IpText
{
    /// <summary>Longest text: eight groups of four digits.</summary>
    public const int BytesMax = 39;

    private static readonly uint[] Parts = MakeParts();

    private static ReadOnlySpan<byte> MappedPrefix => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF];

    /// <summary>True for 16 bytes that stand for an IPv4 address (RFC 4291 section 2.5.5.2).</summary>
    public static bool IsMapped(ReadOnlySpan<byte> address) => address.Length == 16 && address.StartsWith(MappedPrefix);

    /// <summary>
    /// 4 bytes: dotted decimal. 16 bytes: RFC 5952, but a mapped IPv4 address as IPv4. Any other length: <c>-</c>. Returns the bytes
    /// written; <paramref name="text"/> has room for <see cref="BytesMax"/>.
    /// </summary>
    public static int Write(ReadOnlySpan<byte> address, Span<byte> text)
    {
        if (IsMapped(address))
            address = address[12..];
        if (address.Length == 4)
            return WriteV4(BinaryPrimitives.ReadUInt32BigEndian(address), text);
        if (address.Length == 16)
            return WriteV6(address, text);
        text[0] = (byte)'-';
        return 1;
    }

    /// <summary>The same for an IPv4 address as a number, the first byte highest.</summary>
    public static int WriteV4(uint address, Span<byte> text)
    {
        int used = 0;
        for (int shift = 24; shift >= 0; shift -= 8)
        {
            // All four bytes are written, and the next ones begin behind the dot.
            uint value = (byte)(address >> shift);
            BinaryPrimitives.WriteUInt32LittleEndian(text[used..], Parts[value]);
            used += value < 10 ? 2 : value < 100 ? 3 : 4;
        }
        return used - 1;
    }

    /// <summary>Digits of 0 to 255 and the dot behind them, the first digit lowest.</summary>
    private static uint[] MakeParts()
    {
        var parts = new uint[256];
        for (uint value = 0; value < 256; value++)
        {
            uint digits = '0' + (value % 10);
            uint dot = (uint)'.' << 8;
            if (value >= 10)
            {
                digits = (digits << 8) | ('0' + (value / 10 % 10));
                dot <<= 8;
            }
            if (value >= 100)
            {
                digits = (digits << 8) | ('0' + (value / 100));
                dot <<= 8;
            }
            parts[value] = digits | dot;
        }
        return parts;
    }

    private static int WriteV6(ReadOnlySpan<byte> address, Span<byte> text)
    {
        (int zeroStart, int zeroCount) = LongestZeroRun(address);
        int used = 0;
        for (int i = 0; i < 8; i++)
        {
            if (i == zeroStart)
            {
                text[used++] = (byte)':';
                text[used++] = (byte)':';
                i += zeroCount - 1;
                continue;
            }
            if (i > 0 && i != zeroStart + zeroCount)
                text[used++] = (byte)':';
            used += WriteGroup(Group(address, i), text[used..]);
        }
        return used;
    }

    /// <summary>RFC 5952 section 4.2: the first of the longest runs of two or more zero groups; start -1 when there is none.</summary>
    private static (int Start, int Count) LongestZeroRun(ReadOnlySpan<byte> address)
    {
        (int Start, int Count) best = (-1, 0);
        for (int i = 0, run = 0; i < 8; i++)
        {
            run = Group(address, i) == 0 ? run + 1 : 0;
            if (run >= 2 && run > best.Count)
                best = (i - run + 1, run);
        }
        return best;
    }

    private static int Group(ReadOnlySpan<byte> address, int index) => BinaryPrimitives.ReadUInt16BigEndian(address[(2 * index)..]);

    private static int WriteGroup(int group, Span<byte> text)
    {
        int used = 0;
        for (int shift = group >= 0x1000 ? 12 : group >= 0x100 ? 8 : group >= 0x10 ? 4 : 0; shift >= 0; shift -= 4)
            text[used++] = "0123456789abcdef"u8[(group >> shift) & 15];
        return used;
    }
}
