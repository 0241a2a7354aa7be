using NativeProxy.Foundation;

namespace NativeProxy.Clients;

/// <summary>Who has the client connections of a <see cref="Frontend"/>, with their limits. Calls come on the loop thread.</summary>
internal interface IFrontendOwner
{
    /// <summary>Client connections of the listener.</summary>
    int ConnectionCount { get; }

    /// <summary>True when a client may have more than one request under way on server connections of their own.</summary>
    bool HasSocketToSpare { get; }

    /// <summary>A connection is being closed because of pressure; <see cref="OnEnded"/> follows.</summary>
    void OnLeaves();

    /// <summary>A connection's socket is gone.</summary>
    void OnEnded(ClientConnection connection);

    /// <summary>After a reload: a connection goes over to the frontend that took this one's place.</summary>
    void OnFollowed(ClientConnection connection);
}
