using System;
using System.Buffers.Binary;
using System.Net;

namespace NativeProxy.ProxyProtocol;

/// <summary>The source address of a header: a value, so that the parser allocates nothing. Immutable.</summary>
internal readonly struct AnnouncedSource
{
    private readonly UInt128 _address;
    private readonly ushort _port;
    private readonly byte _addressBytes;

    /// <param name="address">4 or 16 bytes in network order.</param>
    /// <param name="port">The source port.</param>
    public AnnouncedSource(ReadOnlySpan<byte> address, int port)
    {
        _addressBytes = (byte)address.Length;
        _address = address.Length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(address) : BinaryPrimitives.ReadUInt128BigEndian(address);
        _port = (ushort)port;
    }

    /// <summary>False when the header announced no address of a kind that is used here.</summary>
    public bool IsGiven => _addressBytes > 0;

    /// <summary>The address as the rest of the program knows addresses; a mapped IPv4 address becomes an IPv4 one.</summary>
    public IPEndPoint ToEndPoint()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _address);
        var address = new IPAddress(bytes[(16 - _addressBytes)..]);
        return new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, _port);
    }

    public override string ToString() => IsGiven ? ToEndPoint().ToString() : "none";
}
