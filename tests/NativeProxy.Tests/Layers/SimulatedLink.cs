using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Buffers;
using NativeProxy.Tests.Simulation;
using NativeProxy.Tests.Simulation.Engine;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Layers;

/// <summary>A <see cref="LayerLink"/> of the simulated engine, in virtual time.</summary>
internal sealed class SimulatedLink : LayerLink, IConnectionAcceptor, INetworkServer
{
    /// <summary>Of those that stand beside others; behind the last number it goes on here.</summary>
    private const int FirstPort = 10_000;

    private static readonly IPEndPoint ServerEndPoint = new(IPAddress.Loopback, 9001);

    private readonly ChaosWorld _world;
    private readonly BufferPools _pools;
    private readonly SimulatedEventLoop _loop;
    private readonly IPEndPoint _endPoint = ServerEndPoint;

    /// <summary>Connections of the same loop that stay.</summary>
    private readonly int _neighbours;
    private static int _lastPort = FirstPort;
    private SimulatedSocket _peer = null!;
    private TcpListenerSocket? _listener;

    public SimulatedLink(bool isCompletionBased, bool isServer, LinkEnds ends, long bufferBytes)
        : base(isServer, ends)
    {
        _world = new ChaosWorld(5, FaultMix.Calm);
        _pools = new BufferPools(bufferBytes);
        _world.Network.DelayMsMax = 0;
        _world.Network.VariesWindows = false;
        _world.Network.AddServer(ServerEndPoint, this);
        _loop = new SimulatedEventLoop(_pools, _world.Time, _world.Network, _world.Dice, _world.Trace, isCompletionBased);
    }

    /// <summary>One more connection of a loop that has one already, which stays when this one has ended.</summary>
    public SimulatedLink(SimulatedLink neighbour, bool isServer, LinkEnds ends)
        : base(isServer, ends)
    {
        (_world, _pools, _loop, _neighbours) = (neighbour._world, neighbour._pools, neighbour._loop, neighbour._neighbours + 1);
        _lastPort = _lastPort == IPEndPoint.MaxPort ? FirstPort : _lastPort + 1;
        _endPoint = new IPEndPoint(IPAddress.Loopback, _lastPort);
        _world.Network.AddServer(_endPoint, this);
    }

    public bool MayAccept => true;

    /// <summary>A connection beside another one, whose handshake has just begun.</summary>
    public static async Task<SimulatedLink> BeginBeside(SimulatedLink neighbour, bool isServer, LinkEnds ends)
    {
        var link = new SimulatedLink(neighbour, isServer, ends);
        await link.Connect(isSecured: true);
        link.Peer.Begin();
        return link;
    }

    /// <summary>So much time passes.</summary>
    public void Rest(int ms) => _world.Time.MoveTo(_world.Time.NowMs + ms);

    public override Task<T> On<T>(Func<TcpConnection, T> function)
    {
        T result = default!;
        bool isDone = false;
        _loop.Post(new ActionWork(() =>
        {
            result = function(Connection);
            isDone = true;
        }));
        while (!isDone)
            _loop.Turn();
        return Task.FromResult(result);
    }

    public override void Ship(ReadOnlySpan<byte> wire)
    {
        while (!wire.IsEmpty)
        {
            int sent = _peer.Send(wire, out SocketError error);
            if (error is not (SocketError.Success or SocketError.WouldBlock))
                return;
            wire = wire[sent..];
            if (!wire.IsEmpty && !StepOnce())
                throw new TimeoutException("the other end has no room");
        }
    }

    public override void ShipEnd() => _peer.ShutdownSend();

    public void OnAccepted(TcpConnection connection)
    {
        Connection = connection;
        connection.SetOwner(Owner);
        connection.StartReceive();
    }

    public void OnAcceptFailed(SocketError error) => throw new SocketException((int)error);

    ConnectAnswer INetworkServer.AnswerConnect() => ConnectAnswer.Accept;

    void INetworkServer.OnConnected(SimulatedSocket socket) => _peer = socket;

    void INetworkServer.Watch(SimulatedSocket proxySide)
    {
    }

    protected override void Reset() => _peer.Close(reset: true);

    protected override async Task Connect(bool isSecured)
    {
        if (IsServer)
        {
            _listener = _loop.Listen(null!, this, SocketTuning.Default);
            _listener.Security = isSecured ? Security : null;
            _listener.Resume();
            _peer = _world.Network.ConnectClient()!;
        }
        else
        {
            Connection = await On(_ => _loop.Connect(_endPoint, Owner, SocketTuning.Default, isSecured ? Security : null));
        }
        while (Connection is null || _peer is null)
            Assert.True(StepOnce());
    }

    protected override Task<bool> Step()
    {
        StepOnce();
        return Task.FromResult(true);
    }

    protected override int Fetch(byte[] target, out SocketError error) => _peer.Receive(target, out error);

    protected override Task End()
    {
        _listener?.Close();
        while (_loop.Sockets.Count > _neighbours && StepOnce())
        {
        }
        Assert.Equal(_neighbours, _loop.Sockets.Count);
        if (_neighbours == 0)
            Assert.Null(_pools.DescribeLeaks());
        return Task.CompletedTask;
    }

    private bool StepOnce()
    {
        if (_world.Agenda.TryRunOne())
            return true;
        if (_loop.HasWork || _loop.WakeAtMs <= _world.Time.NowMs)
        {
            _loop.Turn();
            return true;
        }
        long nextMs = Math.Min(_world.Agenda.NextAtMs, _loop.WakeAtMs);
        if (nextMs == long.MaxValue)
            return false;
        _world.Time.MoveTo(nextMs);
        return true;
    }

    /// <summary>Work for the loop.</summary>
    private sealed class ActionWork(Action action) : LoopWork
    {
        public override void Run() => action();
    }
}
