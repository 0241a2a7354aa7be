namespace NativeProxy.Tunnels;

/// <summary>Who has begun a tunnel, and gets both connections back. Calls come on the loop thread.</summary>
internal interface ITunnelOwner
{
    /// <summary>Bytes went through.</summary>
    void OnTunnelBytes(int fromClient, int toClient);

    /// <summary>The tunnel is over; it has nothing to do with its connections any more.</summary>
    void OnTunnelEnded(TunnelEnd end);
}
