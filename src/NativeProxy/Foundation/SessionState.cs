namespace NativeProxy.Foundation;

/// <summary>What a client connection does, as an operator is told.</summary>
internal enum SessionState : byte
{
    /// <summary>Nothing of a request has come.</summary>
    Idle,

    /// <summary>What a balancer says of its client is awaited.</summary>
    ReadingProxyHeader,

    /// <summary>TLS is being agreed on.</summary>
    Handshake,

    /// <summary>In mode "tcp": the name that decides on its server has not come yet.</summary>
    ReadingHello,

    /// <summary>A part of a request's head has come.</summary>
    ReadingHead,

    /// <summary>The rest of a request's body is awaited.</summary>
    ReadingBody,

    /// <summary>A limit lets the request wait, or its login is being looked at.</summary>
    WaitingForAdmission,

    /// <summary>It stands in the line of a server or an upstream.</summary>
    WaitingInQueue,

    /// <summary>It is tried again after a pause.</summary>
    WaitingToRetry,

    /// <summary>A connection to a server is being opened.</summary>
    WaitingForConnect,

    /// <summary>The server has the request.</summary>
    WaitingForAnswer,

    /// <summary>The answer comes from the server and goes to the client.</summary>
    SendingAnswer,

    /// <summary>The client does not take the answer as fast as it comes.</summary>
    WaitingForClientToRead,

    /// <summary>Bytes go both ways and are not looked at.</summary>
    Tunnel,

    /// <summary>All is sent, and the client's end is awaited.</summary>
    Lingering,

    /// <summary>The end is decided, and the rest is being sent.</summary>
    Closing,
}
