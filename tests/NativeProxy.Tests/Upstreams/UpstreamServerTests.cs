using System;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class UpstreamServerTests
{
    [Fact]
    public async Task FreshConnection_CarriesBytesBothWays()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, RecordingUser user, Socket peer) = await test.Connect();

        await test.Test.Run(() => connection.Send("request"u8));
        Assert.Equal("request", Encoding.ASCII.GetString(peer.ReadExactly(7)));
        peer.Send("response"u8);
        await user.UntilSeen("received");

        Assert.Equal("response", Encoding.ASCII.GetString(user.Received));
        Assert.Equal((1, false, 1), (connection.UseCount, connection.IsReused, await test.LentCount()));
        Assert.Equal((7L, 8L), (test.Counter(CounterId.BytesToServers), test.Counter(CounterId.BytesFromServers)));
        await test.Release(connection, ServerCloseReason.ServerSaid);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ReleasedConnection_IsLentAgain()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, Socket peer) = await test.ConnectIdle();
        var next = new RecordingUser();

        UpstreamConnection? taken = await test.TakeIdle(next);

        Assert.Same(connection, taken);
        Assert.Equal((2, true, UpstreamConnectionState.Busy), (taken!.UseCount, taken.IsReused, taken.State));
        Assert.Equal((1, 0), (await test.LentCount(), await test.IdleCount()));
        Assert.Equal(1, test.Counter(CounterId.ServerReuses));
        peer.Send("for the next"u8);
        await next.UntilSeen("received");
        await test.Release(taken, ServerCloseReason.ServerSaid);
        await test.AssertEmpty();
    }

    [Fact]
    [Trait("promise", "B10")]
    public async Task ServerThatSpokeBeforeItWasAsked_IsHeard_ButNotPooled()
    {
        using Socket listener = Peers.Listen();
        using var test = new ServerUnderTest(listener: listener);
        var user = new RecordingUser();
        Socket? peer = null;

        // The bytes are there before the loop hears that the connection is.
        UpstreamConnection connection = await test.Test.Run(() =>
        {
            UpstreamConnection opening = test.Server.TryConnect(user)!;
            peer = Peers.Accept(listener);
            peer.Send("unasked"u8);
            return opening;
        });
        using Socket closing = peer!;
        await user.UntilSeen("connected");
        await user.UntilSeen("received");
        await test.Release(connection);

        Assert.Equal(SocketError.Success, peer!.ReadToError());
        Assert.Equal((0, 1L), (await test.IdleCount(), test.Counter(CloseCounters.Of(ServerCloseReason.Ambiguous))));
        await test.AssertEmpty();
    }

    [Fact]
    public async Task NotReusable_ClosesWithFin()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, _, Socket peer) = await test.Connect();

        await test.Release(connection, ServerCloseReason.ServerSaid);

        Assert.Equal(SocketError.Success, peer.ReadToError());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task NotReusableWithReset_ClosesWithRst()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, _, Socket peer) = await test.Connect();

        await test.Release(connection, ServerCloseReason.ServerSaid, reset: true);

        Assert.Equal(SocketError.ConnectionReset, peer.ReadToError());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ConnectionWhoseServerHasEnded_IsNotPooled()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, RecordingUser user, Socket peer) = await test.Connect();
        peer.Dispose();
        await user.UntilSeen("end");

        await test.Release(connection);

        Assert.Equal(0, await test.IdleCount());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ConnectionWithUnsentBytes_IsNotPooled()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, _, Socket peer) = await test.Connect();
        byte[] piece = new byte[TcpConnection.SendQueueBytesMax / 2];

        // In one go: the kernel may find room for more as soon as the loop goes on.
        await test.Test.Run(() =>
        {
            while (connection.Tcp!.Send(piece) == SendResult.Sent)
            {
            }
            Assert.True(connection.Tcp.HasQueuedBytes);
            test.Server.Release(connection, ServerCloseReason.None);
        });

        Assert.Equal((0, 0), (await test.IdleCount(), await test.LentCount()));
        peer.Reset();
        await test.AssertEmpty();
    }

    [Fact]
    public async Task RefusedConnect_IsToldAndCountedAndNothingStaysLent()
    {
        using Socket refusing = Peers.RefusingPort();
        using var test = new ServerUnderTest(listener: refusing);
        var user = new RecordingUser();

        UpstreamConnection connection = await test.Test.Run(() => test.Server.TryConnect(user)!);
        await user.UntilSeen("connect failed ConnectionRefused");

        Assert.Equal(0, await test.LentCount());
        Assert.Equal((1L, 1L), (test.Counter(CounterId.ServerConnects), test.Counter(CounterId.ServerConnectFailuresRefused)));
        await test.AssertEmpty();
        Assert.Equal(UpstreamConnectionState.Free, connection.State);
        Assert.Single(user.Events);
    }

    [Fact]
    public async Task ConnectThatHangs_TimesOut()
    {
        Socket listener = Peers.Listen(backlog: 0);
        using Socket filler = Peers.Connect(listener);
        using var test = new ServerUnderTest("[upstream.timeouts]\nconnect = \"50ms\"", listener);
        var user = new RecordingUser();

        await test.Test.Run(() => test.Server.TryConnect(user)!);
        await user.UntilSeen("connect failed TimedOut");

        Assert.Equal((1L, 1L), (test.Counter(CounterId.TimeoutsConnect), test.Counter(CounterId.ServerConnectFailuresTimeout)));
        Assert.Equal(0, await test.LentCount());
        await test.AssertEmpty();
        Assert.Single(user.Events);
    }

    [Fact]
    public async Task ResponseTimeout_IsToldToTheUser()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, RecordingUser user, _) = await test.Connect();

        await test.Test.Run(() => connection.ArmResponseTimeout(30));
        await user.UntilSeen("timeout");

        await test.Release(connection, ServerCloseReason.ServerSaid, reset: true);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ReleaseWhileConnecting_IsSilent()
    {
        using var test = new ServerUnderTest();
        var user = new RecordingUser();

        await test.Test.Run(() => test.Server.Release(test.Server.TryConnect(user)!, ServerCloseReason.ServerSaid, reset: true));
        await test.AssertEmpty();

        Assert.Empty(user.Events);
    }

    [Fact]
    public async Task SendOnAConnectionThatIsNotLent_IsABug()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, _) = await test.ConnectIdle();

        await Assert.ThrowsAsync<InvalidOperationException>(() => test.Test.Run(() => connection.Send("x"u8)));
        await test.AssertEmpty();
    }

    /// <summary>Random lending, giving back and closing on both sides: what is lent always matches, and in the end nothing is left.</summary>
    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    public async Task RandomUse_KeepsTheCountOfLentConnections(int seed)
    {
        using var test = new ServerUnderTest("[upstream.keepalive]\nmax_idle = 3\nmax_requests = 5");
        var dice = new Random(seed);
        var lent = new System.Collections.Generic.List<UpstreamConnection>();
        var peers = new System.Collections.Generic.List<Socket>();
        for (int step = 0; step < 120; step++)
        {
            UpstreamConnection? taken = dice.Next(2) == 0 ? await test.TakeIdle() : null;
            if (taken is null)
            {
                (taken, _, Socket peer) = await test.Connect();
                peers.Add(peer);
            }
            lent.Add(taken);
            while (lent.Count > dice.Next(5))
            {
                UpstreamConnection back = lent[dice.Next(lent.Count)];
                lent.Remove(back);
                await test.Test.Run(() => test.Server.Release(back, dice.Next(3) > 0 ? ServerCloseReason.None : ServerCloseReason.ServerSaid,
                    reset: dice.Next(2) == 0));
            }
            if (dice.Next(10) == 0)
                peers[dice.Next(peers.Count)].Dispose();
            Assert.Equal(lent.Count, await test.LentCount());
            Assert.InRange(await test.IdleCount(), 0, 3);
        }
        foreach (UpstreamConnection connection in lent)
            await test.Release(connection);
        await test.AssertEmpty();
        peers.ForEach(static peer => peer.Dispose());
    }
}
