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
}
