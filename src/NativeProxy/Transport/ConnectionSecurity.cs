namespace NativeProxy.Transport;

/// <summary>
/// How connections to one server, or those of one listener, are secured: what their <see cref="ConnectionLayer"/> needs to know. Immutable, shared
/// by all its connections. Two are the same when they are one object: a kept connection is used again only where its own is asked for.
/// </summary>
internal abstract class ConnectionSecurity
{
    /// <summary>A layer for one connection, which gives it back with <see cref="ConnectionLayer.Recycle"/>. Thread: the loop's.</summary>
    /// <param name="loop">The loop of the connection.</param>
    /// <param name="isServer">Whether the connection was accepted; else it connects.</param>
    public abstract ConnectionLayer LendLayer(EventLoop loop, bool isServer);
}
