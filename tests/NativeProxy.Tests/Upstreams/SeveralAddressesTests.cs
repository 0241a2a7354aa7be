using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>A server whose name stands for several addresses, on a running loop.</summary>
public sealed class SeveralAddressesTests : IDisposable
{
    private readonly LoopUnderTest _test = new();
    private readonly LoopCounters _counters = LastingCounters.Create();
    private readonly Socket _listener = Peers.Listen();
    private readonly Socket _refusing = Peers.RefusingPort();
    private readonly Socket _other = Peers.Listen();
    private readonly List<Socket> _fillers = [];

    public void Dispose()
    {
        foreach (Socket socket in (Socket[])[_listener, _refusing, _other, .. _fillers])
            socket.Dispose();
        _test.Dispose();
    }

    [Fact]
    public async Task AddressThatRefuses_IsPassedOver_AndTheNextConnectBeginsWithTheOther()
    {
        UpstreamServer server = Server("", _refusing, _listener);
        var user = new RecordingUser();

        UpstreamConnection connection = await _test.Run(() => server.TryConnect(user)!);
        await user.UntilSeen("connected");
        _test.ClosedAtTheEnd(Peers.Accept(_listener));

        Assert.Equal(_listener.LocalEndPoint, connection.Address.EndPoint);
        Assert.Equal((2, 1, 1),
            (Counter(CounterId.ServerConnects), Counter(CounterId.ServerConnectFailuresRefused), Counter(CounterId.ServerConnectionsOpen)));
        Assert.Equal((1, 1), await _test.Run(() => (server.Limit.OpenCount, server.LentCount)));
        await Connected(server);
        Assert.Equal((3, 1), (Counter(CounterId.ServerConnects), Counter(CounterId.ServerConnectFailuresRefused)));
    }

    [Fact]
    public async Task AllAddressesRefuse_TheUserIsToldOnce()
    {
        using Socket second = Peers.RefusingPort();
        UpstreamServer server = Server("", _refusing, second);
        var user = new RecordingUser();

        await _test.Run(() => server.TryConnect(user)!);
        await user.UntilSeen("connect failed ConnectionRefused");

        Assert.Equal((2, 2), (Counter(CounterId.ServerConnectFailuresRefused), Counter(CloseCounters.Of(ServerCloseReason.ConnectFailed))));
        await _test.Until(() => Counter(CounterId.ServerConnectionsOpen) == 0, "both sockets are gone");
        Assert.Equal((0, 0), await _test.Run(() => (server.Limit.OpenCount, server.LentCount)));
    }

    [Fact]
    public async Task SilentAddress_LeavesTimeForTheNext()
    {
        // Half of it is the next one's: enough for a loop that waits for a processor.
        UpstreamServer server = Server("timeouts.connect = \"4s\"", Silent(), _listener);
        var user = new RecordingUser();

        await _test.Run(() => server.TryConnect(user)!);
        await user.UntilSeen("connected");
        _test.ClosedAtTheEnd(Peers.Accept(_listener));

        Assert.Equal((1, 0), (Counter(CounterId.ServerConnectFailuresTimeout), Counter(CounterId.ServerConnectFailuresRefused)));
    }

    [Fact]
    public async Task SilentAddresses_TakeTheTimeOfOneConnectTogether()
    {
        UpstreamServer server = Server("timeouts.connect = \"600ms\"", Silent(), Silent(), Silent());
        var user = new RecordingUser();

        long startMs = Environment.TickCount64;
        await _test.Run(() => server.TryConnect(user)!);
        await user.UntilSeen("connect failed TimedOut");

        Assert.True(Environment.TickCount64 - startMs >= 590);
        Assert.Equal(3, Counter(CounterId.ServerConnectFailuresTimeout));
    }

    [Fact]
    public async Task LimitOfTheServer_CountsAllAddressesTogether()
    {
        UpstreamServer server = Server("", connectionsMax: 2, _listener, _other);
        await Connected(server);
        Assert.True(await _test.Run(() => server.HasRoom));
        await _test.Run(() => server.ChangeAddresses([EndPoint(_other)]));
        await Connected(server, _other);

        Assert.Equal((2, false, true), await _test.Run(() =>
            (server.Limit.OpenCount, server.HasRoom, server.TryConnect(new RecordingUser()) is null)));
    }

    [Fact]
    public async Task AddressThatLeft_LosesItsIdleConnectionsAtOnce_AndItsBusyOnesAfterTheirExchange()
    {
        UpstreamServer server = Server("", _listener);
        (UpstreamConnection idle, Socket idlePeer) = await Connected(server);
        (UpstreamConnection busy, Socket busyPeer) = await Connected(server);
        await _test.Run(() => server.Release(idle, ServerCloseReason.None));

        await _test.Run(() => server.ChangeAddresses([EndPoint(_other)]));
        Assert.Equal(0, idlePeer.Receive(new byte[1]));
        Assert.Equal((0, 1, 1),
            await _test.Run(() => (server.Idle.Count, server.LentCount, (int)Counter(CloseCounters.Of(ServerCloseReason.AddressLeft)))));
        await Connected(server, _other);

        await _test.Run(() => server.Release(busy, ServerCloseReason.None));
        Assert.Equal(0, busyPeer.Receive(new byte[1]));
        Assert.Equal((0, 2), await _test.Run(() => (server.Idle.Count, (int)Counter(CloseCounters.Of(ServerCloseReason.AddressLeft)))));
    }

    [Fact]
    public async Task AddressThatStays_KeepsItsConnections()
    {
        UpstreamServer server = Server("", _listener);
        (UpstreamConnection idle, _) = await Connected(server);
        await _test.Run(() => server.Release(idle, ServerCloseReason.None));

        await _test.Run(() => server.ChangeAddresses([EndPoint(_other), EndPoint(_listener)]));

        Assert.Same(idle, await _test.Run(() => server.TakeIdle(new RecordingUser())));
    }

    [Fact]
    public async Task ServerWithoutAnAddress_IsDown_UntilItHasOne()
    {
        UpstreamServer server = Server("");
        Assert.Equal((false, false), await _test.Run(() => (server.IsUp, server.CanTakeNow)));

        await _test.Run(() => server.ChangeAddresses([EndPoint(_listener)]));

        Assert.Equal((true, true), await _test.Run(() => (server.IsUp, server.CanTakeNow)));
        await Connected(server);
    }

    private UpstreamServer Server(string lines, params Socket[] sockets) => Server(lines, connectionsMax: 0, sockets);

    private UpstreamServer Server(string lines, int connectionsMax, params Socket[] sockets)
    {
        UpstreamSettings upstream = ServerUnderTest.SettingsOf(lines);
        var server = new UpstreamServer(_test.Loop, _counters, "a", Array.ConvertAll(sockets, EndPoint));
        server.Apply(upstream, upstream.Servers[0], connectionsMax);
        return server;
    }

    private async Task<(UpstreamConnection Connection, Socket Peer)> Connected(UpstreamServer server, Socket? at = null)
    {
        var user = new RecordingUser();
        UpstreamConnection connection = await _test.Run(() => server.TryConnect(user)!);
        await user.UntilSeen("connected");
        return (connection, _test.ClosedAtTheEnd(Peers.Accept(at ?? _listener)));
    }

    /// <summary>Drops SYNs: its backlog is full.</summary>
    private Socket Silent()
    {
        Socket full = Peers.Listen(backlog: 0);
        _fillers.Add(full);
        for (int i = 0; i < 4; i++)
        {
            var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _fillers.Add(filler);
            try
            {
                filler.Connect(full.LocalEndPoint!);
            }
            catch (SocketException)
            {
                // In flight, or never answered: both fill it.
            }
        }
        return full;
    }

    private static IPEndPoint EndPoint(Socket socket) => (IPEndPoint)socket.LocalEndPoint!;

    private long Counter(CounterId id) => _counters.Read(id);
}
