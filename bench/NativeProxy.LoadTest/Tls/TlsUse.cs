namespace NativeProxy.LoadTest.Tls;

/// <summary>Whether a load speaks TLS, and how its connections begin.</summary>
internal enum TlsUse
{
    /// <summary>not at all</summary>
    Off,

    /// <summary>every connection with a full handshake; no session is offered</summary>
    Full,

    /// <summary>every connection but the first of its kind resumes the session of the one before it; a server that does not is wrong</summary>
    Resumed,
}
