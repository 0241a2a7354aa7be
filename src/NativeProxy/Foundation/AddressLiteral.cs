using System;
using System.Buffers.Binary;

namespace NativeProxy.Foundation;

/// <summary>
/// Reads an IP address or a port from text into bytes, in the plain spelling only: four decimal numbers without leading zeros, or
/// IPv6 as RFC 4291 2.2 has it, without a zone. The system's parser takes more (octal, one number for all) and allocates. Pure.
/// </summary>
internal static class AddressLiteral
{
    private const int GroupDigitsMax = 4;

    /// <param name="text">The address.</param>
    /// <param name="address">4 bytes for IPv4, 16 for IPv6; written in network order, and of no meaning when false is returned.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, Span<byte> address) =>
        address.Length == 4 ? TryReadIPv4(text, address) : TryReadIPv6(text, address);

    /// <summary>0 to 65535 without leading zeros, or -1.</summary>
    public static int Port(ReadOnlySpan<byte> digits) => Decimal(digits, ushort.MaxValue);

    private static bool TryReadIPv4(ReadOnlySpan<byte> text, Span<byte> address)
    {
        for (int i = 0; i < 4; i++)
        {
            int dot = text.IndexOf((byte)'.');
            if ((dot < 0) != (i == 3))
                return false;
            int value = Decimal(dot < 0 ? text : text[..dot], byte.MaxValue);
            if (value < 0)
                return false;
            address[i] = (byte)value;
            text = dot < 0 ? default : text[(dot + 1)..];
        }
        return true;
    }

    /// <summary>Groups are written from the front; those behind "::" are moved to the end at last.</summary>
    private static bool TryReadIPv6(ReadOnlySpan<byte> text, Span<byte> address)
    {
        address.Clear();
        int filled = 0;
        int gap = -1;
        if (text.StartsWith("::"u8))
        {
            gap = 0;
            text = text[2..];
        }
        while (!text.IsEmpty)
        {
            int colon = text.IndexOf((byte)':');
            ReadOnlySpan<byte> group = colon < 0 ? text : text[..colon];
            if (colon < 0 && group.Contains((byte)'.'))
            {
                if (filled > 12 || !TryReadIPv4(group, address.Slice(filled, 4)))
                    return false;
                filled += 4;
                break;
            }
            if (filled == 16 || !TryReadGroup(group, address[filled..]))
                return false;
            filled += 2;
            if (colon < 0)
                break;
            text = text[(colon + 1)..];
            if (text.IsEmpty || (text[0] == ':' && gap >= 0))
                return false;
            if (text[0] == ':')
            {
                gap = filled;
                text = text[1..];
            }
        }
        return gap < 0 ? filled == 16 : TrySpread(address, gap, filled);
    }

    /// <summary>"::" stands for one group of zeros at least.</summary>
    private static bool TrySpread(Span<byte> address, int gap, int filled)
    {
        if (filled > 14)
            return false;
        int tail = filled - gap;
        address.Slice(gap, tail).CopyTo(address[(16 - tail)..]);
        address[gap..(16 - tail)].Clear();
        return true;
    }

    private static bool TryReadGroup(ReadOnlySpan<byte> digits, Span<byte> group)
    {
        if (digits.Length is 0 or > GroupDigitsMax)
            return false;
        int value = 0;
        foreach (byte digit in digits)
        {
            if (!char.IsAsciiHexDigit((char)digit))
                return false;
            value = (value << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }
        BinaryPrimitives.WriteUInt16BigEndian(group, (ushort)value);
        return true;
    }

    /// <summary>1*DIGIT without leading zeros up to a limit, or -1.</summary>
    private static int Decimal(ReadOnlySpan<byte> digits, int max)
    {
        if (digits.Length is 0 or > 5 || (digits.Length > 1 && digits[0] == '0'))
            return -1;
        int value = 0;
        foreach (byte digit in digits)
        {
            if (!char.IsAsciiDigit((char)digit))
                return -1;
            value = (value * 10) + (digit - '0');
        }
        return value <= max ? value : -1;
    }
}
