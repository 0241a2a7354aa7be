namespace NativeProxy.Clients;

/// <summary>What ties a client connection to a server connection from one request to the next: authentication that goes over both.</summary>
internal interface IClientBond
{
    /// <summary>True once the client has authenticated on a server connection: its requests are served one after another.</summary>
    bool IsHeld { get; }

    /// <summary>The client sends no more requests.</summary>
    void Release();
}
