using System;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NativeProxy.Config;

/// <summary>What an address is for: a bind address has no host name but may be `*`; a server's may have a name.</summary>
internal enum AddressUse
{
    Bind,
    Server,
}

/// <summary>A read address. <paramref name="Ip"/> is null for `*`, for a name and for a Unix socket.</summary>
/// <param name="Host">Host as written, without brackets; "*" for all addresses; the path of a Unix socket.</param>
/// <param name="Ip">The IP address, when the host is one.</param>
/// <param name="Port">1..65535; 0 for a Unix socket.</param>
internal readonly record struct HostPort(string Host, IPAddress? Ip, int Port)
{
    /// <summary>The path, when it is a Unix socket.</summary>
    public string? UnixPath => Host is ['/', ..] ? Host : null;

    /// <summary>It has to be looked up.</summary>
    public bool IsName => Ip is null && UnixPath is null && Host != "*";

    /// <summary>Equal for two spellings of one address.</summary>
    public string Canonical => $"{Ip?.ToString() ?? Host.ToLowerInvariant().TrimEnd('.')}|{Port}";
}

/// <summary>Reads `host:port`, `[v6]:port` and `*:port`. Pure: never resolves a name. IPv4 must be four plain decimal numbers.</summary>
internal static class AddressText
{
    public const string BindPattern = @"^(\*|[0-9.]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$";

    private const int NameCharsMax = 253;
    private const int LabelCharsMax = 63;

    /// <summary>What an address of this use looks like.</summary>
    public static string Expected(AddressUse use) => use == AddressUse.Bind
        ? "\"host:port\" with an IPv4 address, \"[v6]:port\" or \"*:port\""
        : "\"host:port\" with a name or an IPv4 address, or \"[v6]:port\"";

    /// <summary>Reads an address; on false, the problem says what is wrong with it ("has no port").</summary>
    public static bool TryParse(string text, AddressUse use, out HostPort address, out string problem)
    {
        address = default;
        if (text.Contains("://", StringComparison.Ordinal))
            return Fail("is a URL; only host and port belong here", out problem);
        int colon = text.LastIndexOf(':');
        if (colon < 0 || text.EndsWith(']'))
            return Fail("has no port", out problem);
        string host = text[..colon];
        string portText = text[(colon + 1)..];
        if (!IsPort(portText, out int port))
            return Fail("has a wrong port (1 to 65535)", out problem);
        if (!TryHost(host, use, out IPAddress? ip, out problem))
            return false;
        // `[::ffff:127.0.0.1]` is an IPv4 address in another spelling; a socket of IPv6 alone could not use it.
        address = new HostPort(host.Trim('[', ']'), ip is { IsIPv4MappedToIPv6: true } ? ip.MapToIPv4() : ip, port);
        return true;
    }

    private static bool TryHost(string host, AddressUse use, out IPAddress? ip, out string problem)
    {
        problem = "";
        ip = null;
        if (host.Length == 0)
            return Fail("has no host", out problem);
        if (host == "*")
            return use == AddressUse.Bind || Fail("is not one address", out problem);
        if (host[0] == '[')
            return TryBracketed(host, out ip) || Fail("has a wrong IPv6 address", out problem);
        if (host.Contains(':', StringComparison.Ordinal))
            return Fail("has an IPv6 address without brackets", out problem);
        if (TryIPv4(host, out ip))
            return true;
        if (host.AsSpan().IndexOfAnyExcept("0123456789.") < 0)
            return Fail("has a wrong IPv4 address", out problem);
        if (use == AddressUse.Bind)
            return Fail("has a name as its host; only addresses can be bound", out problem);
        return IsName(host) || Fail("has a wrong host name", out problem);
    }

    private static bool TryBracketed(string host, out IPAddress? ip)
    {
        ip = null;
        return host[^1] == ']'
            && host.AsSpan(1..^1).IndexOfAnyExcept("0123456789abcdefABCDEF:.") < 0
            && IPAddress.TryParse(host.AsSpan(1..^1), out ip)
            && ip.AddressFamily == AddressFamily.InterNetworkV6;
    }

    /// <summary>Strict: the system's parser also takes "1", "0x7f.1" and octal numbers, which people do not mean.</summary>
    private static bool TryIPv4(string host, out IPAddress? ip)
    {
        ip = null;
        string[] parts = host.Split('.');
        Span<byte> bytes = stackalloc byte[4];
        if (parts.Length != 4)
            return false;
        for (int i = 0; i < 4; i++)
        {
            bool hasLeadingZero = parts[i].Length > 1 && parts[i][0] == '0';
            if (hasLeadingZero || !byte.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out bytes[i]))
                return false;
        }

        ip = new IPAddress(bytes);
        return true;
    }

    /// <summary>Labels of letters, digits, '-' and '_' (which container networks use); one final dot is allowed.</summary>
    private static bool IsName(string host)
    {
        string name = host.EndsWith('.') ? host[..^1] : host;
        if (name.Length is 0 or > NameCharsMax)
            return false;
        foreach (string label in name.Split('.'))
        {
            if (label.Length is 0 or > LabelCharsMax || label[0] == '-' || label[^1] == '-')
                return false;
            foreach (char c in label)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
                    return false;
            }
        }

        return true;
    }

    private static bool IsPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535 && text.Length <= 5;

    private static bool Fail(string reason, out string problem)
    {
        problem = reason;
        return false;
    }
}
