using System;
using System.Buffers.Binary;
using System.Net;

namespace NativeProxy.Foundation;

/// <summary>
/// IP address and port of the other side of a connection: a value, so that an idle connection holds no object for it. A mapped IPv4
/// address is an IPv4 address. Immutable; <c>default</c> is no address.
/// </summary>
internal readonly struct PeerAddress
{
    /// <summary>Longest text of an address.</summary>
    public const int TextBytesMax = IpText.BytesMax;

    private readonly ulong _high;
    private readonly ulong _low;
    private readonly ushort _port;
    private readonly byte _addressBytes;

    /// <param name="address">4 or 16 bytes in network order.</param>
    /// <param name="port">The port.</param>
    public PeerAddress(ReadOnlySpan<byte> address, int port)
    {
        if (IpText.IsMapped(address))
            address = address[12..];
        _addressBytes = (byte)address.Length;
        _high = address.Length == 16 ? BinaryPrimitives.ReadUInt64BigEndian(address) : 0;
        _low = address.Length == 16 ? BinaryPrimitives.ReadUInt64BigEndian(address[8..]) : BinaryPrimitives.ReadUInt32BigEndian(address);
        _port = (ushort)port;
    }

    /// <summary>False for <c>default</c>.</summary>
    public bool IsGiven => _addressBytes > 0;

    public int Port => _port;

    /// <summary>4, 16, or 0 when there is none.</summary>
    public int AddressBytes => _addressBytes;

    /// <summary>The address as a number; of IPv4 the lowest 32 bits.</summary>
    public UInt128 Bits => new(_high, _low);

    /// <summary>127.0.0.0/8, or ::1.</summary>
    public bool IsLoopback => _addressBytes == 4 ? _low >> 24 == 127 : _addressBytes == 16 && _high == 0 && _low == 1;

    /// <summary>None for an end point that is no IP address and port.</summary>
    public static PeerAddress Of(EndPoint? endPoint) => endPoint is IPEndPoint ip ? Of(ip.Address, ip.Port) : default;

    public static PeerAddress Of(IPAddress address, int port)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        return new PeerAddress(bytes[..length], port);
    }

    /// <summary>Writes the 4 or 16 bytes of the address in network order; returns how many, 0 when there is none.</summary>
    public int WriteBytes(Span<byte> target)
    {
        if (_addressBytes == 4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(target, (uint)_low);
        }
        else if (_addressBytes == 16)
        {
            BinaryPrimitives.WriteUInt64BigEndian(target, _high);
            BinaryPrimitives.WriteUInt64BigEndian(target[8..], _low);
        }
        return _addressBytes;
    }

    /// <summary>Writes the address, without the port, as text of at most <see cref="TextBytesMax"/> bytes; returns its length.</summary>
    public int WriteText(Span<byte> text)
    {
        if (_addressBytes == 4)
            return IpText.WriteV4((uint)_low, text);
        Span<byte> bytes = stackalloc byte[16];
        return IpText.Write(bytes[..WriteBytes(bytes)], text);
    }

    /// <summary>
    /// As <see cref="WriteText"/>, but <c>unknown</c> for one that is not given, such as a Unix socket: so whoever reads lists of clients from the
    /// right does not take the one before for the peer (RFC 7239 section 6.2).
    /// </summary>
    public int WriteNode(Span<byte> text)
    {
        if (IsGiven)
            return WriteText(text);
        "unknown"u8.CopyTo(text);
        return "unknown"u8.Length;
    }

    /// <summary>The address as the library knows addresses; it must be given.</summary>
    public IPEndPoint ToEndPoint()
    {
        Span<byte> bytes = stackalloc byte[16];
        return new IPEndPoint(new IPAddress(bytes[..WriteBytes(bytes)]), _port);
    }

    public override string ToString() => IsGiven ? ToEndPoint().ToString() : "none";
}
