namespace NativeProxy.Exchanges.Sending;

/// <summary>How far the request has come on its way to a server.</summary>
internal enum RequestPathState : byte
{
    /// <summary>The head is kept; no server connection carries it yet.</summary>
    Holding,

    /// <summary>The head has gone out; body pieces follow as they come.</summary>
    Sending,

    /// <summary>The server takes no more: the rest of the body is read and thrown away.</summary>
    Refused,
}
