using NativeProxy.Foundation;

namespace NativeProxy.Clients;

/// <summary>
/// Who is at the other end of a client connection, where that is more than the peer of its socket: whom a trusted balancer before us has announced.
/// The real peer stays what the socket says. Immutable; a connection without one is its peer's.
/// </summary>
/// <param name="client">Whom the peer speaks for.</param>
/// <param name="local">What that one connected to, if it is known.</param>
/// <param name="isHttps">Whether it speaks through TLS with the peer.</param>
internal sealed class ClientIdentity(in PeerAddress client, in PeerAddress local, bool isHttps)
{
    /// <summary>Whom the peer speaks for: stands in X-Forwarded-For and in the log, and is balanced by.</summary>
    public PeerAddress Client { get; } = client;

    /// <summary>The address that it connected to; not given when that is not known.</summary>
    public PeerAddress Local { get; } = local;

    /// <summary>It speaks through TLS with the peer.</summary>
    public bool IsHttps { get; } = isHttps;

    /// <summary>Lines that tell servers about its certificate; empty = they are told nothing.</summary>
    public byte[] CertificateLines { get; init; } = [];

    /// <summary>
    /// The server that it has named in the TLS handshake, where certificates of clients are asked for: who was accepted for one name must not speak
    /// to another one (RFC 9110 7.4; Caddy's strict_sni_host). Null = it is bound to none.
    /// </summary>
    public byte[]? BoundName { get; init; }
}
