using System;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using NativeProxy.Foundation;

namespace NativeProxy.Config;

/// <summary>Reads an IP network: `10.0.0.0/8`, `2001:db8::/32`, or one address. Nothing may be set behind the prefix. Pure.</summary>
internal static class NetworkText
{
    public const string Pattern = "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$";

    public const string Expected = "a network such as \"10.0.0.0/8\" or \"2001:db8::/32\", or one address";

    public static bool TryParse(string text, out IPNetwork network)
    {
        network = default;
        int slash = text.IndexOf('/');
        string addressText = slash < 0 ? text : text[..slash];
        if (!IPAddress.TryParse(addressText, out IPAddress? address) || !IsPlain(addressText, address))
            return false;
        int addressBits = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;

        // Runtimes differ: some refuse bits behind the prefix, some clear them.
        return IPNetwork.TryParse(slash < 0 ? $"{addressText}/{addressBits}" : text, out network) && network.BaseAddress.Equals(address);
    }

    /// <summary>Whether one network holds all addresses of another one.</summary>
    public static bool Covers(string wide, string narrow) => TryParse(wide, out IPNetwork all) && TryParse(narrow, out IPNetwork some)
        && all.PrefixLength <= some.PrefixLength && all.Contains(some.BaseAddress);

    /// <summary>Networks of checked settings.</summary>
    public static AddressNetwork[] NetworksOf(ImmutableArray<string> texts)
    {
        var networks = new AddressNetwork[texts.Length];
        for (int i = 0; i < networks.Length; i++)
        {
            if (TryParse(texts[i], out IPNetwork network))
                networks[i] = new AddressNetwork(network);
        }
        return networks;
    }

    /// <summary>The system's parser also takes "10", octal numbers and zones, which people do not mean.</summary>
    private static bool IsPlain(string text, IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork
            ? address.ToString() == text
            : !text.Contains('%', StringComparison.Ordinal) && text[0] != '[';
}
