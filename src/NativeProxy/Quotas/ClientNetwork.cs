using System;
using System.Buffers.Binary;
using NativeProxy.Foundation;

namespace NativeProxy.Quotas;

/// <summary>
/// What of a client's address counts as the client: all of IPv4, the first bits of IPv6, of which one user has a network, usually a /64. Pure.
/// </summary>
internal static class ClientNetwork
{
    /// <summary>Longest text.</summary>
    public const int BytesMax = 17;

    /// <summary>Writes what counts, by which no address of one family is one of the other. Returns its length.</summary>
    public static int Write(Span<byte> target, in PeerAddress client, int ipv6Prefix)
    {
        int length = client.WriteBytes(target);
        if (length == 16 && ipv6Prefix < 128)
        {
            UInt128 mask = UInt128.MaxValue << (128 - ipv6Prefix);
            BinaryPrimitives.WriteUInt128BigEndian(target, client.Bits & mask);
        }
        target[length] = (byte)length;
        return length + 1;
    }
}
