using System;
using System.Buffers.Binary;
using System.Net;

namespace NativeProxy.Foundation;

/// <summary>
/// A network of IP addresses, such as 10.0.0.0/8, as bits that an address is compared with: judging one makes no object. IPv4 and IPv6 are
/// strangers to each other. Immutable; <c>default</c> holds no address.
/// </summary>
internal readonly struct AddressNetwork
{
    private readonly UInt128 _prefix;
    private readonly UInt128 _mask;
    private readonly int _addressBytes;

    public AddressNetwork(IPNetwork network)
    {
        Span<byte> bytes = stackalloc byte[16];
        network.BaseAddress.TryWriteBytes(bytes, out _addressBytes);
        UInt128 all = _addressBytes == 4 ? uint.MaxValue : UInt128.MaxValue;
        int hostBits = (_addressBytes * 8) - network.PrefixLength;

        // A shift by all bits of the type would be a shift by none.
        _mask = hostBits == 128 ? 0 : (all << hostBits) & all;
        _prefix = _addressBytes == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>True when one of the networks holds the address.</summary>
    public static bool AnyContains(AddressNetwork[] networks, PeerAddress address)
    {
        foreach (AddressNetwork network in networks)
        {
            if (network.Contains(address))
                return true;
        }
        return false;
    }

    public bool Contains(PeerAddress address) => address.AddressBytes == _addressBytes && _addressBytes > 0 && (address.Bits & _mask) == _prefix;
}
