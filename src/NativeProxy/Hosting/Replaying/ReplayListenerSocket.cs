using NativeProxy.Transport;

namespace NativeProxy.Hosting.Replaying;

/// <summary>The listening socket of a replay: who replays hands it connections. Thread: that of the replay.</summary>
internal sealed class ReplayListenerSocket(IConnectionAcceptor acceptor) : TcpListenerSocket(acceptor)
{
    /// <summary>Within a turn: a connection is there.</summary>
    public void Take(ReplayConnection connection) => HandOver(connection);

    public override void Tune(SocketTuning tuning)
    {
    }

    public override void Resume()
    {
    }

    public override void Close()
    {
    }
}
