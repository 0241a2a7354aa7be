namespace NativeProxy.Transport;

/// <summary>How far a <see cref="ConnectionLayer"/> is.</summary>
internal enum LayerState : byte
{
    /// <summary>The handshake runs.</summary>
    Securing,

    /// <summary>The handshake is done: bytes pass in both directions.</summary>
    Secured,

    /// <summary>The peer has announced that nothing more comes from it; sending is still possible.</summary>
    Ended,

    /// <summary>Nothing passes any more, in either direction; <see cref="ConnectionLayer.Failure"/> says why.</summary>
    Failed,
}

/// <summary>Why a layer has failed. Layers set it; the owner may ask for it (<see cref="ConnectionFacts.LayerFailure"/>).</summary>
internal enum LayerFailure : byte
{
    /// <summary>It has not.</summary>
    None = 0,

    /// <summary>What came is not what a layer of its kind sends, or was changed on its way. The peer has been told.</summary>
    BadRecord = 1,

    /// <summary>The peer has said that it gives up.</summary>
    Alert = 2,

    /// <summary>The peer has sent FIN before the handshake was done.</summary>
    EarlyEnd = 3,

    /// <summary>Instead of a handshake came what looks like a request in plain text.</summary>
    PlainText = 4,

    /// <summary>Instead of a handshake came something else.</summary>
    NoHandshake = 5,

    /// <summary>The two have no version in common.</summary>
    Version = 6,

    /// <summary>The two have no cipher, group or kind of signature in common.</summary>
    Cipher = 7,

    /// <summary>The two have no application protocol in common (RFC 7301 3.2).</summary>
    Protocol = 8,

    /// <summary>There is no certificate for the name that the peer asks for.</summary>
    UnknownName = 9,

    /// <summary>The peer has shown no certificate, and one is required.</summary>
    NoCertificate = 10,

    /// <summary>The peer's certificate comes from nobody who is trusted, or is not sound.</summary>
    Untrusted = 11,

    /// <summary>The peer's certificate, or one above it, is not valid at this time.</summary>
    Expired = 12,

    /// <summary>The peer's certificate is revoked, or the list that would tell is not there or too old.</summary>
    Revoked = 13,

    /// <summary>The peer's certificate is for another name.</summary>
    WrongName = 14,
}
