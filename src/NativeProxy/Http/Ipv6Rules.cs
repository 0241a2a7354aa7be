using System;
using static NativeProxy.Http.AsciiBytes;

namespace NativeProxy.Http;

/// <summary>Checks an IPv6 address in text form (RFC 3986 section 3.2.2, RFC 4291 section 2.2), without brackets. Pure.</summary>
internal static class Ipv6Rules
{
    private const int GroupCount = 8;
    private const int GroupDigitsMax = 4;

    /// <summary>Eight groups, or fewer with one "::"; the last two may be written as an IPv4 address.</summary>
    public static bool IsAddress(ReadOnlySpan<byte> text)
    {
        int groupCount = 0;
        bool isShortened = text.StartsWith("::"u8);
        int index = isShortened ? 2 : 0;
        while (index < text.Length)
        {
            ReadOnlySpan<byte> rest = text[index..];
            int digits = GroupDigits(rest);
            if (digits < rest.Length && rest[digits] == '.')
                return IsIpv4(rest) && IsComplete(groupCount + 2, isShortened);

            if (digits is 0 or > GroupDigitsMax)
                return false;

            groupCount++;
            index += digits;
            if (index == text.Length)
                break;

            if (text[index] != ':' || ++index == text.Length)
            {
                return false; // something else, or a single colon at the end
            }

            if (text[index] == ':')
            {
                if (isShortened)
                    return false;

                isShortened = true;
                index++;
            }
        }

        return IsComplete(groupCount, isShortened);
    }

    private static bool IsComplete(int groupCount, bool isShortened) =>
        isShortened ? groupCount < GroupCount : groupCount == GroupCount;

    private static int GroupDigits(ReadOnlySpan<byte> text)
    {
        int digits = 0;
        while (digits < text.Length && digits <= GroupDigitsMax && HexValue(text[digits]) >= 0)
            digits++;

        return digits;
    }

    /// <summary>Four dec-octets without leading zeros.</summary>
    private static bool IsIpv4(ReadOnlySpan<byte> text)
    {
        for (int part = 0; part < 4; part++)
        {
            int dot = text.IndexOf((byte)'.');
            bool isLast = part == 3;
            if (isLast != (dot < 0))
                return false;

            ReadOnlySpan<byte> digits = isLast ? text : text[..dot];
            if (digits.Length > 3 || (digits.Length > 1 && digits[0] == '0') ||
                !TryReadDecimal(digits, out long value) || value > byte.MaxValue)
            {
                return false;
            }

            text = isLast ? default : text[(dot + 1)..];
        }

        return true;
    }
}
