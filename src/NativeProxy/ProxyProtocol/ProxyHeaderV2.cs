using System;
using System.Buffers.Binary;
using System.Numerics;
using NativeProxy.Foundation;

namespace NativeProxy.ProxyProtocol;

/// <summary>
/// Version 2, binary: signature, command, family, length, addresses, extensions (proxy-protocol.txt 2.2). Addresses are used of TCP over
/// IPv4 and IPv6 alone; a LOCAL command and other families leave the peer as the source. Extensions (TLV) are skipped, but must fill the
/// header exactly; a checksum among them is checked, and one about TLS is asked whether the client speaks it (2.2.6).
/// </summary>
internal static class ProxyHeaderV2
{
    /// <summary>Signature, command, family and length.</summary>
    public const int FixedBytes = 16;

    /// <summary>Largest header, as in nginx; the length field could announce 64 KiB.</summary>
    public const int HeaderBytesMax = 4096;

    private const int ExtensionHeadBytes = 3;
    private const byte ChecksumExtension = 0x03;
    private const byte TlsExtension = 0x20;

    public static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <param name="bytes">At least <see cref="FixedBytes"/>, with the signature.</param>
    public static ProxyHeader Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes[12] is not (0x20 or 0x21))
            return ProxyHeader.Rejected(ProxyHeaderFault.BadCommand);
        int headerBytes = FixedBytes + BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (headerBytes > HeaderBytesMax)
            return ProxyHeader.Rejected(ProxyHeaderFault.TooLong);
        bool isLocal = bytes[12] == 0x20;
        int family = bytes[13] >> 4;
        int transport = bytes[13] & 15;

        // Of LOCAL nothing but the length counts (section 2.2).
        if (!isLocal && (family > 3 || transport > 2))
            return ProxyHeader.Rejected(ProxyHeaderFault.BadFamily);
        if (!isLocal && headerBytes < FixedBytes + AddressesBytes(family))
            return ProxyHeader.Rejected(ProxyHeaderFault.AddressesCut);
        if (bytes.Length < headerBytes)
            return ProxyHeader.NeedMore;
        bool hasSource = !isLocal && bytes[13] is 0x11 or 0x21;
        return hasSource ? ReadSource(bytes[..headerBytes], family == 1 ? 4 : 16) : ProxyHeader.Done(headerBytes, default);
    }

    /// <summary>Both addresses and, but for Unix sockets, both ports.</summary>
    private static int AddressesBytes(int family) => family switch
    {
        1 => 12,
        2 => 36,
        3 => 216,
        _ => 0,
    };

    private static ProxyHeader ReadSource(ReadOnlySpan<byte> header, int addressBytes)
    {
        int ports = FixedBytes + (2 * addressBytes);
        ProxyHeaderFault fault = CheckExtensions(header, ports + 4, out bool isSecure);
        if (fault != ProxyHeaderFault.None)
            return ProxyHeader.Rejected(fault);
        return ProxyHeader.Done(
            header.Length,
            new PeerAddress(header.Slice(FixedBytes, addressBytes), BinaryPrimitives.ReadUInt16BigEndian(header[ports..])),
            new PeerAddress(header.Slice(FixedBytes + addressBytes, addressBytes), BinaryPrimitives.ReadUInt16BigEndian(header[(ports + 2)..])),
            isSecure);
    }

    /// <summary>Each is a type, a length and a value; the last one ends with the header.</summary>
    private static ProxyHeaderFault CheckExtensions(ReadOnlySpan<byte> header, int index, out bool isSecure)
    {
        isSecure = false;
        while (index < header.Length)
        {
            ReadOnlySpan<byte> rest = header[index..];
            int bytes = rest.Length < ExtensionHeadBytes ? int.MaxValue : ExtensionHeadBytes + BinaryPrimitives.ReadUInt16BigEndian(rest[1..]);
            if (bytes > rest.Length)
                return ProxyHeaderFault.BadExtension;
            if (rest[0] == ChecksumExtension && !ChecksumFits(header, index + ExtensionHeadBytes, bytes - ExtensionHeadBytes))
                return ProxyHeaderFault.BadChecksum;
            isSecure |= rest[0] == TlsExtension && bytes > ExtensionHeadBytes && (rest[ExtensionHeadBytes] & 1) != 0;
            index += bytes;
        }
        return ProxyHeaderFault.None;
    }

    /// <summary>CRC32C (RFC 4960 appendix B) of the whole header with zeros in the place of the checksum (section 2.2.4).</summary>
    private static bool ChecksumFits(ReadOnlySpan<byte> header, int start, int bytes)
    {
        if (bytes != 4)
            return false;
        uint crc = uint.MaxValue;
        for (int i = 0; i < header.Length; i++)
            crc = BitOperations.Crc32C(crc, i >= start && i < start + 4 ? (byte)0 : header[i]);
        return ~crc == BinaryPrimitives.ReadUInt32BigEndian(header[start..]);
    }
}
