using System;
using System.Net;

namespace NativeProxy.Sessions;

/// <summary>
/// Where the client of one connection is: the peer of its socket, or whom a trusted balancer before us announced instead. It stands in
/// X-Forwarded-For and in the log. Owner: a <see cref="ClientSession"/>; thread: the loop.
/// </summary>
internal sealed class ClientAddress
{
    private readonly byte[] _text = new byte[46];
    private int _textBytes;

    /// <summary>Address and port, or null when the peer has none. A mapped IPv4 address is kept as the IPv4 address that it is.</summary>
    public IPEndPoint? EndPoint { get; private set; }

    /// <summary>Text of the IP address.</summary>
    public ReadOnlySpan<byte> Text => _text.AsSpan(0, _textBytes);

    /// <summary>Takes an address over, in the place of the one before.</summary>
    public void Set(IPEndPoint? endPoint)
    {
        if (endPoint is { Address.IsIPv4MappedToIPv6: true })
            endPoint = new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port);
        EndPoint = endPoint;
        (endPoint?.Address ?? IPAddress.None).TryFormat(_text, out _textBytes);
    }
}
