using System;
using System.Globalization;

namespace NativeProxy.Config;

/// <summary>
/// Reads the address of a server, which may leave its port to the client: `host` is the port that the client has connected to, `host:+1000` one a
/// thousand above it, `host:-1000` below; or may be that of a Unix socket, `unix:/path`. Pure.
/// </summary>
internal static class ServerAddressText
{
    public const string Pattern = @"^(unix:/[A-Za-z0-9/._+@%=~-]{1,106}|([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[+-]?[0-9]{1,5})?)$";

    /// <summary>Reads an address. Its port is 0 when it depends on the client's; on false, the problem says what is wrong.</summary>
    /// <param name="text">As in the file.</param>
    /// <param name="address">What was read.</param>
    /// <param name="portOffset">What is added to the client's port; 0 when the port is given.</param>
    /// <param name="problem">What is wrong with it.</param>
    public static bool TryParse(string text, out HostPort address, out int portOffset, out string problem)
    {
        portOffset = 0;
        if (UnixAddressText.PathOf(text) is { } path)
        {
            problem = UnixAddressText.ProblemOf(text, UnixAddressText.PathCharsMax) ?? "";
            address = new HostPort(path, Ip: null, Port: 0);
            return problem.Length == 0;
        }
        if (AddressText.TryParse(text, AddressUse.Server, out address, out problem))
            return true;
        int colon = text.LastIndexOf(':');
        bool hasNoPort = colon < 0 || text.EndsWith(']');
        bool hasOffset = !hasNoPort && colon + 1 < text.Length && text[colon + 1] is '+' or '-';
        if (!hasNoPort && !hasOffset)
            return false;
        string host = hasNoPort ? text : text[..colon];
        if (!AddressText.TryParse(host + ":1", AddressUse.Server, out address, out problem))
            return false;
        address = address with { Port = 0 };
        if (hasOffset && !TryOffset(text.AsSpan(colon + 1), out portOffset))
        {
            problem = "has a wrong port offset (+1 to +65534, or as many below)";
            return false;
        }
        return true;
    }

    private static bool TryOffset(ReadOnlySpan<char> text, out int offset) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out offset) && text.Length <= 6
        && Math.Abs(offset) is > 0 and < 65535;
}
