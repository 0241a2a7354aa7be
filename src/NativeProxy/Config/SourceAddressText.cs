using System;
using System.Net;

namespace NativeProxy.Config;

/// <summary>Reads an address of this machine that connections to servers come from: `10.0.0.5`, `2001:db8::5`. Pure.</summary>
internal static class SourceAddressText
{
    public const string Pattern = "^[0-9A-Fa-f.:]*$";

    public const string Expected = "one address of this machine, such as \"10.0.0.5\" or \"2001:db8::5\"";

    /// <summary>The address of a checked text; null when it is empty.</summary>
    public static IPAddress? Of(string text) => text.Length > 0 ? IPAddress.Parse(text) : null;

    /// <summary>Any address would be none, so that is refused, as is a network.</summary>
    public static bool IsValid(string text) => !text.Contains('/', StringComparison.Ordinal) && NetworkText.TryParse(text, out IPNetwork network)
        && !network.BaseAddress.Equals(IPAddress.Any) && !network.BaseAddress.Equals(IPAddress.IPv6Any);
}
