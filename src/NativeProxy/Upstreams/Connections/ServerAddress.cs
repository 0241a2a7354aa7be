using System.Net;
using NativeProxy.Foundation;

namespace NativeProxy.Upstreams.Connections;

/// <summary>One address of a server; the connections to it know it. Owner: a <see cref="ServerAddressRing"/>; thread: the loop.</summary>
internal sealed class ServerAddress(EndPoint endPoint)
{
    public EndPoint EndPoint => endPoint;

    /// <summary>Where to connect to.</summary>
    /// <param name="port">The port, where that depends on the client; 0 = its own.</param>
    public EndPoint At(int port) => port != 0 && endPoint is IPEndPoint ip ? new IPEndPoint(ip.Address, port) : endPoint;

    /// <summary>The address as the ledger and the log show it; none for a Unix socket.</summary>
    public PeerAddress Peer { get; } = PeerAddress.Of(endPoint);

    /// <summary>True once the server's name does not stand for it any more: connections to it end with their exchange.</summary>
    public bool HasLeft { get; internal set; }
}
