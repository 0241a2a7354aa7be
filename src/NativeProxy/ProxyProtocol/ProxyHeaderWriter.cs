using System;
using System.Buffers.Binary;
using System.Buffers.Text;
using NativeProxy.Foundation;

namespace NativeProxy.ProxyProtocol;

/// <summary>
/// Writes the header of the PROXY protocol that stands before everything else on a connection (HAProxy's proxy-protocol.txt, 2.1 and 2.2), for TCP
/// over IPv4 and IPv6. Addresses of two families go as IPv6, the IPv4 one mapped, as from HAProxy. Stateless; never allocates.
/// </summary>
internal static class ProxyHeaderWriter
{
    /// <summary>The longest line of version 1; a header of version 2 without extensions is shorter.</summary>
    public const int BytesMax = 107;

    private const byte Version2Proxy = 0x21;
    private const byte Version2Local = 0x20;

    /// <summary>Version 1: one line. Returns its length.</summary>
    /// <param name="source">Who has connected; not given = nobody that can be named.</param>
    /// <param name="destination">To what; not given likewise.</param>
    /// <param name="target">At least <see cref="BytesMax"/>.</param>
    public static int WriteV1(in PeerAddress source, in PeerAddress destination, Span<byte> target)
    {
        if (!source.IsGiven || !destination.IsGiven)
            return Put("PROXY UNKNOWN\r\n"u8, target);
        bool isV6 = source.AddressBytes == 16 || destination.AddressBytes == 16;
        int length = Put(isV6 ? "PROXY TCP6 "u8 : "PROXY TCP4 "u8, target);
        length += PutAddress(source, isV6, target[length..]);
        length += PutAddress(destination, isV6, target[length..]);
        length += PutNumber(source.Port, (byte)' ', target[length..]);
        length += PutNumber(destination.Port, (byte)'\r', target[length..]);
        target[length++] = (byte)'\n';
        return length;
    }

    /// <summary>
    /// Version 2: binary. Returns its length. Parameters as for version 1; where nobody can be named it says LOCAL, which every receiver takes.
    /// </summary>
    public static int WriteV2(in PeerAddress source, in PeerAddress destination, Span<byte> target)
    {
        if (!source.IsGiven || !destination.IsGiven)
            return PutFixed(Version2Local, family: 0, bytes: 0, target);
        bool isV6 = source.AddressBytes == 16 || destination.AddressBytes == 16;
        int addressBytes = isV6 ? 16 : 4;
        int length = PutFixed(Version2Proxy, isV6 ? (byte)0x21 : (byte)0x11, (2 * addressBytes) + 4, target);
        PutBytes(source, isV6, target[length..]);
        PutBytes(destination, isV6, target[(length + addressBytes)..]);
        length += 2 * addressBytes;
        BinaryPrimitives.WriteUInt16BigEndian(target[length..], (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(target[(length + 2)..], (ushort)destination.Port);
        return length + 4;
    }

    /// <summary>
    /// What the proxy says when it speaks for itself, as a health check does: LOCAL in version 2; version 1 can only say that nothing is known.
    /// </summary>
    /// <param name="isVersion2">Which version.</param>
    public static byte[] OwnHeader(bool isVersion2)
    {
        Span<byte> target = stackalloc byte[BytesMax];
        int length = isVersion2 ? WriteV2(default, default, target) : WriteV1(default, default, target);
        return target[..length].ToArray();
    }

    private static int PutFixed(byte command, byte family, int bytes, Span<byte> target)
    {
        int length = Put(ProxyHeaderV2.Signature, target);
        target[length] = command;
        target[length + 1] = family;
        BinaryPrimitives.WriteUInt16BigEndian(target[(length + 2)..], (ushort)bytes);
        return length + 4;
    }

    private static int PutAddress(in PeerAddress address, bool isV6, Span<byte> target)
    {
        int length = isV6 && address.AddressBytes == 4 ? Put("::ffff:"u8, target) : 0;
        length += address.WriteText(target[length..]);
        target[length] = (byte)' ';
        return length + 1;
    }

    private static int PutNumber(int value, byte end, Span<byte> target)
    {
        Utf8Formatter.TryFormat(value, target, out int length);
        target[length] = end;
        return length + 1;
    }

    private static void PutBytes(in PeerAddress address, bool isV6, Span<byte> target)
    {
        if (!isV6 || address.AddressBytes == 16)
        {
            address.WriteBytes(target);
            return;
        }
        target[..10].Clear();
        target[10..12].Fill(0xff);
        address.WriteBytes(target[12..]);
    }

    private static int Put(ReadOnlySpan<byte> bytes, Span<byte> target)
    {
        bytes.CopyTo(target);
        return bytes.Length;
    }
}
