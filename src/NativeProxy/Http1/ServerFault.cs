namespace NativeProxy.Http1;

/// <summary>
/// What a server may get wrong without harm, because no reader could end the message elsewhere than we do, or because none is asked to: what
/// the client gets is framed anew. It is counted. The same in a request is refused.
/// </summary>
internal enum ServerFault : byte
{
    None,

    /// <summary>Blanks between a chunk size and its line end, as servers write that reserve the digits before they know the size.</summary>
    PaddedChunkSize,

    /// <summary>Content-Length beside chunked: the coding wins, the length goes, the connection is not used again (RFC 9112 6.3 rule 3).</summary>
    LengthWithCoding,

    /// <summary>Transfer-Encoding: identity, which is no coding any more (RFC 9112 7): it is as if it were not there.</summary>
    IdentityCoding,

    /// <summary>A 101 with a Content-Length (RFC 9110 8.6): what follows are bytes of the other protocol.</summary>
    LengthOnSwitch,

    /// <summary>A status that no class is known of (RFC 9110 15): it passes as it is.</summary>
    StatusAbove599,
}
