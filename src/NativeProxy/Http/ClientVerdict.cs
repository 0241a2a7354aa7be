using NativeProxy.Foundation;

namespace NativeProxy.Http;

/// <summary>
/// Who asks, where that is more than the other end of a connection: what was decided for one request before it is routed, by what its connection and
/// a trusted peer say. One object for all requests of a listener, valid like the head that carries it. Thread: the loop. Decides nothing.
/// </summary>
internal sealed class ClientVerdict
{
    /// <summary>Who speaks to us: the peer of the socket, or whom a balancer's PROXY header names. X-Forwarded-For ends with it.</summary>
    public PeerAddress Peer { get; set; }

    /// <summary>For whom that one speaks; the peer itself unless it is trusted and says so.</summary>
    public PeerAddress Client { get; set; }

    /// <summary>The address that was connected to; not given where nobody asks for it, or the engine cannot tell.</summary>
    public PeerAddress Local { get; set; }

    /// <summary>What the peer says about the client is believed.</summary>
    public bool IsTrusted { get; set; }

    /// <summary>The server is told nothing about this peer.</summary>
    public bool IsExempt { get; set; }

    /// <summary>The client speaks through TLS, to us or to the first of the trusted proxies.</summary>
    public bool IsHttps { get; set; }

    /// <summary>The peer does, as far as its PROXY header says.</summary>
    public bool PeerIsHttps { get; set; }

    /// <summary>Lines that tell the server about the certificate of the client, each with its end; empty = nothing is told.</summary>
    public byte[] CertificateLines { get; set; } = [];
}
