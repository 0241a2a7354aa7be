using System;
using NativeProxy.Foundation;

namespace NativeProxy.ProxyProtocol;

/// <summary>
/// Version 1, one line of text: <c>PROXY TCP4 192.0.2.1 198.51.100.1 40000 80</c> CRLF (proxy-protocol.txt 2.1). One blank between the
/// fields, addresses and ports in their plain spelling, both addresses of the family that is named. What follows UNKNOWN is not looked at.
/// </summary>
internal static class ProxyHeaderV1
{
    /// <summary>Longest line, CRLF included (section 2.1).</summary>
    private const int LineBytesMax = 107;

    public static ReadOnlySpan<byte> Start => "PROXY "u8;

    /// <param name="bytes">At least <see cref="Start"/>.</param>
    public static ProxyHeader Parse(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> window = bytes[..Math.Min(bytes.Length, LineBytesMax)];
        int end = window.IndexOfAny((byte)'\r', (byte)'\n');
        if (end < 0 || end + 1 == window.Length)
        {
            if (end >= 0 && window[end] == '\n')
                return ProxyHeader.Rejected(ProxyHeaderFault.BadLine);
            return bytes.Length < LineBytesMax ? ProxyHeader.NeedMore : ProxyHeader.Rejected(ProxyHeaderFault.LineTooLong);
        }
        if (window[end] != '\r' || window[end + 1] != '\n')
            return ProxyHeader.Rejected(ProxyHeaderFault.BadLine);
        ReadOnlySpan<byte> fields = window[Start.Length..end];
        return TryReadFields(fields, out PeerAddress source, out PeerAddress destination)
            ? ProxyHeader.Done(end + 2, source, destination)
            : ProxyHeader.Rejected(ProxyHeaderFault.BadLine);
    }

    private static bool TryReadFields(ReadOnlySpan<byte> fields, out PeerAddress source, out PeerAddress destination)
    {
        source = destination = default;
        ReadOnlySpan<byte> family = Next(ref fields);
        if (family.SequenceEqual("UNKNOWN"u8))
            return true;
        int addressBytes = family.SequenceEqual("TCP4"u8) ? 4 : family.SequenceEqual("TCP6"u8) ? 16 : 0;
        if (addressBytes == 0)
            return false;
        Span<byte> address = stackalloc byte[16];
        Span<byte> to = stackalloc byte[16];
        address = address[..addressBytes];
        to = to[..addressBytes];
        bool isSound = AddressLiteral.TryRead(Next(ref fields), address);
        isSound &= AddressLiteral.TryRead(Next(ref fields), to);
        int port = AddressLiteral.Port(Next(ref fields));
        int portTo = AddressLiteral.Port(fields);
        isSound &= port >= 0 && portTo >= 0;
        if (isSound)
            (source, destination) = (new PeerAddress(address, port), new PeerAddress(to, portTo));
        return isSound;
    }

    /// <summary>The bytes up to the next blank, which is used up; the rest when there is none.</summary>
    private static ReadOnlySpan<byte> Next(ref ReadOnlySpan<byte> fields)
    {
        int blank = fields.IndexOf((byte)' ');
        ReadOnlySpan<byte> field = blank < 0 ? fields : fields[..blank];
        fields = blank < 0 ? default : fields[(blank + 1)..];
        return field;
    }
}
