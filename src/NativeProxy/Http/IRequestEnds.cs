using NativeProxy.Foundation;

namespace NativeProxy.Http;

/// <summary>The two ends of the connection on which a request came, for texts that name them.</summary>
internal interface IRequestEnds
{
    /// <summary>The other end of the socket, whomever it speaks for.</summary>
    PeerAddress Peer { get; }

    /// <summary>The address that was connected to; not given where the system does not tell.</summary>
    PeerAddress Local { get; }
}
