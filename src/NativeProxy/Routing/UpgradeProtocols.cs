using System;
using System.Collections.Immutable;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Routing;

/// <summary>The protocols that requests may switch to (RFC 9110 7.8): those of the listener, or of a route. Immutable; thread: the loop.</summary>
internal sealed class UpgradeProtocols
{
    private readonly byte[][] _names;

    /// <param name="names">In lower case.</param>
    public UpgradeProtocols(ImmutableArray<string> names)
    {
        bool isNone = names is [RouteSettings.NoUpgrade];
        _names = isNone ? [] : Array.ConvertAll([.. names], Encoding.ASCII.GetBytes);
    }

    /// <summary>
    /// The protocol that the server may be asked to switch to, or null when the request wants none that passes. A body is no hindrance: it goes
    /// out first, and the switch takes effect behind it.
    /// </summary>
    public byte[]? Accepted(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        if (!head.OffersUpgrade || _names.Length == 0 || head.Fields.CountOf(KnownHeader.Upgrade) != 1)
            return null;
        ReadOnlySpan<byte> wanted = head.Fields[head.Fields.FirstIndexOf(KnownHeader.Upgrade)].Value.Of(bytes);
        foreach (byte[] name in _names)
        {
            if (AsciiBytes.EqualsIgnoreCase(wanted, name))
                return name;
        }
        return null;
    }
}
