using System;
using static NativeProxy.Http.AsciiBytes;

namespace NativeProxy.Http;

/// <summary>
/// Checks "uri-host [':' port]" of Host and of a request target (RFC 9112 section 3.2, RFC 3986 section 3.2.2):
/// a registered name, an IPv4 address or an IPv6 literal. Stricter than the grammar in three points, where parsers
/// differ: no comma (a list to some), no IPvFuture and no zone, a port of at most 65535. Pure.
/// </summary>
internal static class HostRules
{
    private const int PortDigitsMax = 5;

    /// <summary>A host that is not empty, with or without a port; "host:" with an empty port is a valid one.</summary>
    /// <param name="bytes">The head that holds the authority: the scan may look at, but not count, what follows it.</param>
    public static bool IsHost(ReadOnlySpan<byte> bytes, ByteRange authority)
    {
        int hostEnd = HostEnd(bytes, authority);
        return hostEnd > authority.Start &&
            (hostEnd == authority.End || IsPort(bytes[(hostEnd + 1)..authority.End], emptyAllowed: true));
    }

    /// <summary>As the authority form wants it.</summary>
    public static bool IsHostWithPort(ReadOnlySpan<byte> bytes, ByteRange authority)
    {
        int hostEnd = HostEnd(bytes, authority);
        return hostEnd > authority.Start && hostEnd < authority.End &&
            IsPort(bytes[(hostEnd + 1)..authority.End], emptyAllowed: false);
    }

    /// <summary>A Host field may be empty when the target URI has no authority (RFC 9112 section 3.2).</summary>
    public static bool IsHostValue(ReadOnlySpan<byte> bytes, ByteRange value) =>
        value.IsEmpty || ByteScan.IsShortPlainHost(bytes, value) || IsHost(bytes, value);

    /// <returns>Index of the colon behind the host, or the end of the authority; -1 when the host is none.</returns>
    private static int HostEnd(ReadOnlySpan<byte> bytes, ByteRange authority)
    {
        int plainEnd = ByteScan.PlainHostEnd(bytes, authority.Start);
        if (plainEnd >= authority.End)
            return authority.End;

        ReadOnlySpan<byte> text = authority.Of(bytes);
        int hostBytes = text[0] == '[' ? LiteralBytes(text) : RegNameBytes(text, plainEnd - authority.Start);
        return hostBytes < 0 ? -1 : authority.Start + hostBytes;
    }

    /// <summary>Length of "[address]", or -1.</summary>
    private static int LiteralBytes(ReadOnlySpan<byte> authority)
    {
        int close = authority.IndexOf((byte)']');
        bool isFine = close > 0 && Ipv6Rules.IsAddress(authority[1..close]) &&
            (close + 1 == authority.Length || authority[close + 1] == ':');
        return isFine ? close + 1 : -1;
    }

    /// <summary>Length of the name up to a colon or the end, or -1; the first bytes are known to be fine.</summary>
    private static int RegNameBytes(ReadOnlySpan<byte> authority, int fineBytes)
    {
        int index = fineBytes;
        while (index < authority.Length && authority[index] != ':')
        {
            int step = RegNameStep(authority[index..]);
            if (step == 0)
                return -1;

            index += step;
        }

        return index;
    }

    /// <summary>Length of the character at the start of <paramref name="name"/>: 1, 3 for %XX, or 0 for a bad one.</summary>
    private static int RegNameStep(ReadOnlySpan<byte> name)
    {
        if (name[0] == '%')
            return name.Length >= 3 && HexValue(name[1]) >= 0 && HexValue(name[2]) >= 0 ? 3 : 0;

        return IsRegNameByte(name[0]) ? 1 : 0;
    }

    private static bool IsPort(ReadOnlySpan<byte> digits, bool emptyAllowed)
    {
        if (digits.IsEmpty || digits.Length > PortDigitsMax)
            return digits.IsEmpty && emptyAllowed;

        int port = 0;
        foreach (byte digit in digits)
        {
            if (!IsDigit(digit))
                return false;

            port = (port * 10) + (digit - '0');
        }

        return port <= ushort.MaxValue;
    }
}
