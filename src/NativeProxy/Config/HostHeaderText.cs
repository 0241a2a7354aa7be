using System;
using System.Globalization;
using System.Text;

namespace NativeProxy.Config;

/// <summary>A Host field as a file may set it: a name or an address, perhaps with a port. Pure.</summary>
internal static class HostHeaderText
{
    public const string Expected = "a name or an address such as \"internal.example\" or \"[2001:db8::1]:8080\", \"{server_name}\", or \"\"";

    /// <summary>Stands for the host of the server's address.</summary>
    private const string ServerName = "{server_name}";

    /// <summary>What Host may hold (RFC 9110 section 7.2), without user information and escapes; or nothing.</summary>
    public static bool IsValid(string text)
    {
        int port = text.LastIndexOf(':');
        string host = port >= 0 && port > text.LastIndexOf(']') ? text[..port] : text;
        bool isPort = host.Length == text.Length
            || (text.Length - port is > 1 and <= 6 && !text.AsSpan(port + 1).ContainsAnyExceptInRange('0', '9'));
        return text.Length == 0 || text == ServerName || (isPort && HostPatternText.IsValid(host) && !host.StartsWith('*'));
    }

    /// <summary>True when each server gets its own name.</summary>
    public static bool IsOfServer(ReadOnlySpan<byte> text) => text.Length > 0 && text[0] == (byte)'{';

    /// <summary>
    /// What Host says for a server that is asked by its own name: its address as the file has it, without a port that need not be said.
    /// </summary>
    /// <param name="address">As the file has it.</param>
    /// <param name="isSecured">TLS is spoken with it.</param>
    /// <param name="upstream">Stands for a server without a name: one behind a Unix socket.</param>
    public static byte[] NameOf(string address, bool isSecured, string upstream)
    {
        if (!AddressText.TryParse(address, AddressUse.Server, out HostPort parts, out _) || parts.UnixPath is not null)
            return Encoding.ASCII.GetBytes(upstream);
        string host = parts.Host.Contains(':', StringComparison.Ordinal) ? $"[{parts.Host}]" : parts.Host;
        bool isUsual = parts.Port == (isSecured ? 443 : 80);
        return Encoding.ASCII.GetBytes(isUsual ? host : string.Create(CultureInfo.InvariantCulture, $"{host}:{parts.Port}"));
    }
}
