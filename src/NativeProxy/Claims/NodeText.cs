using System;
using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Claims;

/// <summary>
/// Reads who stands in a list of clients: <c>192.0.2.1</c>, <c>192.0.2.1:5555</c>, <c>[2001:db8::1]</c>, <c>[2001:db8::1]:443</c>,
/// <c>2001:db8::1</c>; the port may be an obfuscated one (RFC 7239 section 6.3), which counts as none. Names, <c>unknown</c>, <c>_hidden</c>, zones
/// and octal numbers are no addresses. Pure.
/// </summary>
internal static class NodeText
{
    public static bool TryRead(ReadOnlySpan<byte> text, out PeerAddress node)
    {
        node = default;
        ReadOnlySpan<byte> port = default;
        bool hasPort;
        Span<byte> room = stackalloc byte[16];
        bool isV6;
        if (!text.IsEmpty && text[0] == '[')
        {
            int end = text.IndexOf((byte)']');
            if (end < 0 || (end + 1 < text.Length && text[end + 1] != ':'))
                return false;
            hasPort = end + 1 < text.Length;
            port = hasPort ? text[(end + 2)..] : default;
            text = text[1..end];
            isV6 = true;
        }
        else
        {
            int colon = text.IndexOf((byte)':');
            isV6 = colon >= 0 && colon != text.LastIndexOf((byte)':');
            hasPort = colon >= 0 && !isV6;
            port = hasPort ? text[(colon + 1)..] : default;
            text = hasPort ? text[..colon] : text;
        }
        int number = hasPort ? PortOf(port) : 0;
        Span<byte> address = room[..(isV6 ? 16 : 4)];
        if (number < 0 || !AddressLiteral.TryRead(text, address))
            return false;
        node = new PeerAddress(address, number);
        return true;
    }

    /// <summary>0 for an obfuscated one, -1 for what is none.</summary>
    private static int PortOf(ReadOnlySpan<byte> text) =>
        text.Length > 1 && text[0] == '_' && AsciiBytes.IsToken(text) ? 0 : AddressLiteral.Port(text);
}
