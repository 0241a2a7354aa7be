using System;
using System.Net;

namespace NativeProxy.Config;

/// <summary>Where connections to a server come from.</summary>
/// <param name="Address">An address of this machine.</param>
/// <param name="Ports">Ports that they come from; null = the system's choice.</param>
internal sealed record SourceAddress(IPAddress Address, PortRange? Ports);

/// <summary>
/// Reads an address of this machine that connections to servers come from, perhaps with ports: `10.0.0.5`, `2001:db8::5`, `10.0.0.5:10000-20000`,
/// `[2001:db8::5]:10000-20000` (HAProxy's source). Pure.
/// </summary>
internal static class SourceAddressText
{
    public const string Pattern = "^[0-9A-Fa-f.:\\[\\]-]*$";

    public const string Expected =
        "one address of this machine, such as \"10.0.0.5\" or \"2001:db8::5\", or one with ports, such as \"10.0.0.5:10000-20000\" or "
        + "\"[2001:db8::5]:10000-20000\" (1 to 65535)";

    /// <summary>What a checked text says; null when it is empty.</summary>
    public static SourceAddress? Of(string text) => TryParse(text, out SourceAddress? source) ? source : null;

    /// <summary>Any address would be none, so that is refused, as is a network. False for an empty text, too.</summary>
    public static bool TryParse(string text, out SourceAddress? source)
    {
        source = null;
        PortRange ports = default;
        int colon = PortColonOf(text);
        if (colon >= 0 && !PortText.TryParse(text[(colon + 1)..], out ports))
            return false;
        string address = colon >= 0 ? text[..colon] : text;
        bool isBracketed = address is ['[', .., ']'];
        if (isBracketed)
            address = address[1..^1];
        if (isBracketed != (colon >= 0 && address.Contains(':', StringComparison.Ordinal)) || !TryAddress(address, out IPAddress? ip))
            return false;
        source = new SourceAddress(ip!, colon >= 0 ? ports : null);
        return true;
    }

    /// <summary>Where the ports begin; -1 when there are none: the colons of an IPv6 address without brackets are its own.</summary>
    private static int PortColonOf(string text)
    {
        int last = text.LastIndexOf(':');
        bool isOne = last >= 0 && text.IndexOf(':', StringComparison.Ordinal) == last;
        return isOne || (last > 0 && text[last - 1] == ']') ? last : -1;
    }

    private static bool TryAddress(string text, out IPAddress? address)
    {
        bool isOne = !text.Contains('/', StringComparison.Ordinal) && NetworkText.TryParse(text, out IPNetwork network)
            && !network.BaseAddress.Equals(IPAddress.Any) && !network.BaseAddress.Equals(IPAddress.IPv6Any);
        address = isOne ? IPAddress.Parse(text) : null;
        return isOne;
    }
}
