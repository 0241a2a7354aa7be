using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport;

public class TcpConnectAcceptTests
{
    [Fact]
    public async Task Connecting_TellsThePeersAddress()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();

        Assert.Equal((IPEndPoint)peer.LocalEndPoint!, connection.Peer.ToEndPoint());
        Assert.Equal(TcpConnectionState.Open, connection.State);
        await TcpSendReceiveTests.Finish(test, connection, owner);
    }

    [Fact]
    public async Task RefusedConnect_IsAFailureThenClosedByItsOwner()
    {
        using var test = new LoopUnderTest();
        using Socket refusing = Peers.RefusingPort();
        var owner = new RecordingOwner { WhenFailed = static connection => connection.Close() };

        await test.Run(() => test.Loop.Connect((IPEndPoint)refusing.LocalEndPoint!, owner, SocketTuning.Default));
        await owner.UntilClosed();

        Assert.Equal(["failed ConnectionRefused", "closed"], owner.Events);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ConnectWithoutARoute_IsAFailureAfterTheCall()
    {
        using var test = new LoopUnderTest();
        var owner = new RecordingOwner { WhenFailed = static connection => connection.Close() };

        // The kernel refuses a TCP connect to the broadcast address before it sends anything.
        string[] inside = await test.Run<string[]>(() =>
        {
            test.Loop.Connect(new IPEndPoint(IPAddress.Broadcast, 9), owner, SocketTuning.Default);
            return owner.Events;
        });
        await owner.UntilClosed();

        Assert.Empty(inside);
        Assert.StartsWith("failed ", owner.Events[0], StringComparison.Ordinal);
        Assert.Equal("closed", owner.Events[^1]);
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CloseWhileConnecting_EndsWithoutAnotherEvent(bool abort)
    {
        using var test = new LoopUnderTest();
        using Socket listener = Peers.Listen();
        var owner = new RecordingOwner();

        await test.Run(() =>
        {
            TcpConnection connection = test.Loop.Connect((IPEndPoint)listener.LocalEndPoint!, owner, SocketTuning.Default);
            if (abort)
                connection.Abort();
            else
                connection.Close();
        });
        await owner.UntilClosed();
        await test.Settle();

        Assert.Equal(["closed"], owner.Events);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task CloseWhileTheConnectHangs_EndsWithoutAnotherEvent()
    {
        using var test = new LoopUnderTest();

        // Once its backlog is full a listener on Linux drops further SYNs: the connect stays in flight.
        using Socket listener = Peers.Listen(backlog: 0);
        var endPoint = (IPEndPoint)listener.LocalEndPoint!;
        using Socket filler = Peers.Connect(endPoint);
        var owner = new RecordingOwner();
        TcpConnection connection = await test.Run(() => test.Loop.Connect(endPoint, owner, SocketTuning.Default));
        await test.Settle();
        Assert.Equal(TcpConnectionState.Connecting, connection.State);

        await test.Run(connection.Close);
        await owner.UntilClosed();

        Assert.Equal(["closed"], owner.Events);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task AcceptedConnections_AreEchoed()
    {
        using var test = new LoopUnderTest();
        var acceptor = new Acceptor(test, connectionsMax: 100);
        Socket listener = await acceptor.Listen();
        using Socket client = Peers.Connect(listener);

        client.Send("echo"u8);

        Assert.Equal("echo"u8.ToArray(), client.ReadExactly(4));
        Assert.Equal((IPEndPoint)client.LocalEndPoint!, acceptor.Taken[0].Peer.ToEndPoint());
        await acceptor.Stop();
    }

    [Fact]
    public async Task MoreConnectionsThanOneTurnTakes_AreAllAccepted()
    {
        using var test = new LoopUnderTest();
        var acceptor = new Acceptor(test, connectionsMax: 1000);
        using Socket listener = Peers.Listen();
        Socket[] clients = [.. Enumerable.Range(0, 150).Select(_ => Peers.Connect(listener))];

        await acceptor.Listen(listener);
        foreach (Socket client in clients)
        {
            client.Send("?"u8);
            Assert.Equal("?"u8.ToArray(), client.ReadExactly(1));
        }

        Assert.Equal(150, acceptor.Taken.Count);
        Assert.Equal(150, acceptor.Taken.Select(static connection => connection.Id).Distinct().Count());
        await acceptor.Stop();
        Array.ForEach(clients, static client => client.Dispose());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ReachedLimit_LeavesConnectionsInTheBacklogUntilResume()
    {
        using var test = new LoopUnderTest();
        var acceptor = new Acceptor(test, connectionsMax: 2);
        Socket listener = await acceptor.Listen();
        Socket[] clients = [.. Enumerable.Range(0, 4).Select(_ => Peers.Connect(listener))];
        foreach (Socket client in clients)
            client.Send("?"u8);
        Assert.Equal("?"u8.ToArray(), clients[0].ReadExactly(1));
        Assert.Equal("?"u8.ToArray(), clients[1].ReadExactly(1));
        await test.Settle();
        Assert.Equal(2, acceptor.Taken.Count);

        clients[0].Dispose();
        Assert.Equal("?"u8.ToArray(), clients[2].ReadExactly(1));
        Assert.Equal(3, acceptor.Taken.Count);
        clients[1].Dispose();
        Assert.Equal("?"u8.ToArray(), clients[3].ReadExactly(1));

        await acceptor.Stop();
        Array.ForEach(clients, static client => client.Dispose());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ClosedListener_AcceptsNothingMore()
    {
        using var test = new LoopUnderTest();
        var acceptor = new Acceptor(test, connectionsMax: 10);
        Socket listener = await acceptor.Listen();
        var endPoint = (IPEndPoint)listener.LocalEndPoint!;

        await acceptor.Stop();

        Assert.Throws<SocketException>(() => Peers.Connect(endPoint));
    }

    [Fact]
    public async Task ListenerClosedByItsOwnAccept_TakesNoFurtherConnection()
    {
        using var test = new LoopUnderTest();
        var acceptor = new Acceptor(test, connectionsMax: 10) { ClosesAfterFirst = true };
        using Socket listener = Peers.Listen();
        using Socket first = Peers.Connect(listener);
        using Socket second = Peers.Connect(listener);

        await acceptor.Listen(listener);

        first.Send("?"u8);
        Assert.Equal("?"u8.ToArray(), first.ReadExactly(1));
        Assert.Equal(SocketError.ConnectionReset, second.ReadToError());
        Assert.Single(acceptor.Taken);
        first.Dispose();
        await test.AssertEmpty();
    }

    /// <summary>Takes connections up to a limit and echoes what they send; closes with the client.</summary>
    private sealed class Acceptor(LoopUnderTest test, int connectionsMax) : IConnectionAcceptor
    {
        private TcpListenerSocket? _socket;
        private int _open;

        public List<TcpConnection> Taken { get; } = [];

        public bool ClosesAfterFirst { get; init; }

        public bool MayAccept => _open < connectionsMax;

        public async Task<Socket> Listen()
        {
            Socket listener = Peers.Listen();
            await Listen(listener);
            return listener;
        }

        public Task Listen(Socket listener) => test.Run(() =>
        {
            _socket = test.Loop.Listen(listener, this, SocketTuning.Default);
            _socket.Resume();
        });

        public void OnAcceptFailed(SocketError error)
        {
        }

        public void OnAccepted(TcpConnection connection)
        {
            Taken.Add(connection);
            _open++;
            connection.SetOwner(new RecordingOwner
            {
                WhenReceived = static (from, bytes) => from.Send(bytes),
                WhenEnded = static ended => ended.Close(),
                WhenFailed = static failed => failed.Close(),
                WhenClosed = _ =>
                {
                    _open--;
                    _socket!.Resume();
                },
            });
            connection.StartReceive();
            if (ClosesAfterFirst)
                _socket!.Close();
        }

        public Task Stop() => test.Run(_socket!.Close);
    }
}
