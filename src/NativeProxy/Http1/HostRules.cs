using System;
using static NativeProxy.Http1.AsciiBytes;

namespace NativeProxy.Http1;

/// <summary>
/// Checks "uri-host [':' port]" of Host and of a request target (RFC 9112 section 3.2, RFC 3986 section 3.2.2):
/// a registered name, an IPv4 address or an IPv6 literal. Stricter than the grammar in three points, where parsers
/// differ: no comma (a list to some), no IPvFuture and no zone, a port of at most 65535. Pure.
/// </summary>
internal static class HostRules
{
    private const int PortDigitsMax = 5;

    /// <summary>A host that is not empty, with or without a port; "host:" with an empty port is a valid one.</summary>
    public static bool IsHost(ReadOnlySpan<byte> authority) =>
        TryReadHost(authority, out int hostBytes) && hostBytes > 0 &&
        (hostBytes == authority.Length || IsPort(authority[(hostBytes + 1)..], emptyAllowed: true));

    /// <summary>As the authority form wants it.</summary>
    public static bool IsHostWithPort(ReadOnlySpan<byte> authority) =>
        TryReadHost(authority, out int hostBytes) && hostBytes > 0 && hostBytes < authority.Length &&
        IsPort(authority[(hostBytes + 1)..], emptyAllowed: false);

    /// <summary>A Host field may be empty when the target URI has no authority (RFC 9112 section 3.2).</summary>
    public static bool IsHostValue(ReadOnlySpan<byte> value) => value.IsEmpty || IsHost(value);

    /// <param name="hostBytes">Length of the host; a colon follows it unless the authority ends there.</param>
    private static bool TryReadHost(ReadOnlySpan<byte> authority, out int hostBytes)
    {
        hostBytes = 0;
        if (!authority.IsEmpty && authority[0] == '[')
        {
            int close = authority.IndexOf((byte)']');
            hostBytes = close + 1;
            return close > 0 && Ipv6Rules.IsAddress(authority[1..close]) &&
                (hostBytes == authority.Length || authority[hostBytes] == ':');
        }

        while (hostBytes < authority.Length && authority[hostBytes] != ':')
        {
            int step = RegNameStep(authority[hostBytes..]);
            if (step == 0)
            {
                return false;
            }

            hostBytes += step;
        }

        return true;
    }

    /// <summary>Length of the character at the start of <paramref name="name"/>: 1, 3 for %XX, or 0 for a bad one.</summary>
    private static int RegNameStep(ReadOnlySpan<byte> name)
    {
        if (name[0] == '%')
        {
            return name.Length >= 3 && HexValue(name[1]) >= 0 && HexValue(name[2]) >= 0 ? 3 : 0;
        }

        return IsRegNameByte(name[0]) ? 1 : 0;
    }

    private static bool IsPort(ReadOnlySpan<byte> digits, bool emptyAllowed)
    {
        if (digits.IsEmpty)
        {
            return emptyAllowed;
        }

        return digits.Length <= PortDigitsMax && TryReadDecimal(digits, out long port) && port <= ushort.MaxValue;
    }
}
