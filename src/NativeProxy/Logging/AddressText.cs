using System;
using System.Buffers.Binary;

namespace NativeProxy.Logging;

/// <summary>
/// Text of an IP address for a log line, without the object and the string that the library's type would cost. Stateless; log writer thread.
/// </summary>
internal static class AddressText
{
    /// <summary>4 bytes: dotted decimal. 16 bytes: RFC 5952, but a mapped IPv4 address as IPv4. Any other length: <c>-</c>.</summary>
    public static void Append(LogText text, ReadOnlySpan<byte> address)
    {
        if (address.Length == 16 && address.StartsWith(MappedPrefix))
        {
            address = address[12..];
        }

        if (address.Length == 4)
        {
            AppendV4(text, address);
        }
        else if (address.Length == 16)
        {
            AppendV6(text, address);
        }
        else
        {
            text.Append("-"u8);
        }
    }

    private static ReadOnlySpan<byte> MappedPrefix => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF];

    private static void AppendV4(LogText text, ReadOnlySpan<byte> address)
    {
        text.AppendNumber(address[0]);
        for (int i = 1; i < 4; i++)
        {
            text.Append("."u8);
            text.AppendNumber(address[i]);
        }
    }

    private static void AppendV6(LogText text, ReadOnlySpan<byte> address)
    {
        (int zeroStart, int zeroCount) = LongestZeroRun(address);
        for (int i = 0; i < 8; i++)
        {
            if (i == zeroStart)
            {
                text.Append("::"u8);
                i += zeroCount - 1;
                continue;
            }

            if (i > 0 && i != zeroStart + zeroCount)
            {
                text.Append(":"u8);
            }

            AppendGroup(text, Group(address, i));
        }
    }

    /// <summary>RFC 5952 section 4.2: the first of the longest runs of two or more zero groups; start -1 when there is none.</summary>
    private static (int Start, int Count) LongestZeroRun(ReadOnlySpan<byte> address)
    {
        (int Start, int Count) best = (-1, 0);
        for (int i = 0, run = 0; i < 8; i++)
        {
            run = Group(address, i) == 0 ? run + 1 : 0;
            if (run >= 2 && run > best.Count)
            {
                best = (i - run + 1, run);
            }
        }

        return best;
    }

    private static int Group(ReadOnlySpan<byte> address, int index) => BinaryPrimitives.ReadUInt16BigEndian(address[(2 * index)..]);

    private static void AppendGroup(LogText text, int group)
    {
        for (int shift = group >= 0x1000 ? 12 : group >= 0x100 ? 8 : group >= 0x10 ? 4 : 0; shift >= 0; shift -= 4)
        {
            text.AppendByte("0123456789abcdef"u8[(group >> shift) & 15]);
        }
    }
}
