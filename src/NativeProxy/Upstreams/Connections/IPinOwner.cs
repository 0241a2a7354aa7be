namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// To whom a server connection belongs once connection-based authentication went over it. The call comes on the loop thread, at any
/// time while the connection waits for the next request.
/// </summary>
internal interface IPinOwner
{
    /// <summary>The waiting connection is gone, by the server or because it is no longer wanted; it must not be touched any more.</summary>
    void OnPinEnded();
}
