using System.Collections.Generic;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Transport;

namespace NativeProxy.Tests.Simulation.Engine;

/// <summary>The listening socket of the simulated engine, with a backlog. Reported as ready as long as somebody waits and accepting is on.</summary>
internal sealed class SimulatedListenerSocket : TcpListenerSocket
{
    private readonly SimulatedEventLoop _loop;
    private readonly SimulatedNetwork _network;
    private readonly Queue<SimulatedSocket> _backlog = [];
    private bool _accepts;

    public SimulatedListenerSocket(SimulatedEventLoop loop, SimulatedNetwork network, IConnectionAcceptor acceptor)
        : base(acceptor)
    {
        _loop = loop;
        _network = network;
        network.Listening = this;
    }

    public bool IsReady => _accepts && _backlog.Count > 0;

    public override void Tune(SocketTuning tuning)
    {
    }

    public override void Resume() => _accepts = true;

    public override void Close()
    {
        if (_network.Listening == this)
            _network.Listening = null;
        _loop.Forget(this);
        while (_backlog.TryDequeue(out SimulatedSocket? waiting))
            waiting.Close(reset: true);
    }

    /// <summary>A client's handshake is complete.</summary>
    public void Arrive(SimulatedSocket socket) => _backlog.Enqueue(socket);

    /// <summary>Inside a turn: accepts as many as the budget allows.</summary>
    public void Accept(int budget)
    {
        while (budget-- > 0 && IsReady)
        {
            if (!Acceptor.MayAccept)
            {
                _accepts = false;
                return;
            }
            SimulatedConnection connection = _loop.Lend();
            connection.BeginAccepted(_backlog.Dequeue());
            HandOver(connection);
        }
    }
}
