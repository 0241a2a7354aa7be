namespace NativeProxy.Transport;

/// <summary>
/// One listening socket on one loop. Accepts within a budget per turn, so that a flood of connections cannot starve the ones that are
/// there. Never decides about limits: it asks its acceptor. Thread: its loop only.
/// </summary>
internal abstract class TcpListenerSocket
{
    /// <summary>Most connections taken in one turn of the loop.</summary>
    protected const int AcceptsPerTurnMax = 64;

    /// <summary>
    /// How long accepting rests when the process is out of descriptors or memory, or when the socket does not listen (EINVAL): its owner has paused
    /// that.
    /// </summary>
    protected const int RestMs = 100;

    protected TcpListenerSocket(IConnectionAcceptor acceptor) => Acceptor = acceptor;

    /// <summary>Who takes the connections; may be exchanged between two events.</summary>
    public IConnectionAcceptor Acceptor { get; set; }

    /// <summary>How connections are secured that are accepted from now on, from their first byte; null = not.</summary>
    public ConnectionSecurity? Security { get; set; }

    /// <summary>Sets the options of the connections that are accepted from now on.</summary>
    public abstract void Tune(SocketTuning tuning);

    /// <summary>Starts accepting, or goes on after <see cref="IConnectionAcceptor.MayAccept"/> was false.</summary>
    public abstract void Resume();

    /// <summary>Stops accepting and closes the socket; what waits in the backlog is lost unless another process holds the socket.</summary>
    public abstract void Close();

    /// <summary>Hands a connection that was just accepted over.</summary>
    protected void HandOver(TcpConnection connection)
    {
        if (Security is { } security)
            connection.Secure(security);
        Acceptor.OnAccepted(connection);
    }
}
