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
        await test.Test.Run(() => test.Server.Release(connection, ServerCloseReason.ServerSaid));
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ReleasedConnection_IsLentAgain()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, Socket peer) = await test.ConnectIdle();
        var next = new RecordingUser();

        UpstreamConnection? taken = await test.Test.Run(() => test.Server.TakeIdle(next));

        Assert.Same(connection, taken);
        Assert.Equal((2, true, UpstreamConnectionState.Busy), (taken!.UseCount, taken.IsReused, taken.State));
        Assert.Equal((1, 0), (await test.LentCount(), await test.IdleCount()));
        Assert.Equal(1, test.Counter(CounterId.ServerReuses));
        peer.Send("for the next"u8);
        await next.UntilSeen("received");
        await test.Test.Run(() => test.Server.Release(taken, ServerCloseReason.ServerSaid));
        await test.AssertEmpty();
    }

    [Fact]
    [Trait("promise", "B10")]
    public async Task IdleConnectionWithBytesThatTheLoopHasNotSeen_IsNotLent()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, Socket peer) = await test.ConnectIdle();
        using Socket closing = peer;
        // On the loop thread, so that it cannot come to the bytes before the connection is asked for.
        UpstreamConnection? taken = await test.Test.Run(() =>
        {
            peer.Send("poison"u8);
            return test.Server.TakeIdle(new RecordingUser());
        });

        Assert.Null(taken);
        Assert.Equal(SocketError.ConnectionReset, peer.ReadToError());
        Assert.NotEqual(UpstreamConnectionState.Idle, connection.State);
        Assert.Equal(1, test.Counter(CloseCounters.Of(ServerCloseReason.SurplusBytes)));
        await test.AssertEmpty();
    }

    [Fact]
    [Trait("promise", "B10")]
    public async Task BytesThatComeInTheTurnInWhichTheConnectionBecameIdle_KeepItFromBeingLent()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, _, Socket peer) = await test.Connect();
        using Socket closing = peer;

        // One piece of work of the loop: its clock stands still, and the engine reports nothing meanwhile.
        UpstreamConnection? taken = await test.Test.Run(() =>
        {
            test.Server.Release(connection, ServerCloseReason.None);
            peer.Send("poison"u8);
            return test.Server.TakeIdle(new RecordingUser());
        });

        Assert.Null(taken);
        Assert.Equal(SocketError.ConnectionReset, peer.ReadToError());
        Assert.Equal(1, test.Counter(CloseCounters.Of(ServerCloseReason.SurplusBytes)));
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ServerThatLeavesInTheTurnInWhichTheConnectionBecameIdle_IsNotSentTheNextRequest(bool withReset)
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, _, Socket peer) = await test.Connect();

        UpstreamConnection? taken = await test.Test.Run(() =>
        {
            test.Server.Release(connection, ServerCloseReason.None);
            if (withReset)
                peer.LingerState = new LingerOption(enable: true, seconds: 0);
            peer.Close();
            return test.Server.TakeIdle(new RecordingUser());
        });

        Assert.Null(taken);
        Assert.Equal(1, test.Counter(CloseCounters.Of(ServerCloseReason.ServerFin)));
        Assert.Equal(0, test.Counter(CounterId.ServerReuses));
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
        await test.Test.Run(() => test.Server.Release(connection, ServerCloseReason.None));

        Assert.Equal(SocketError.Success, peer!.ReadToError());
        Assert.Equal((0, 1L), (await test.IdleCount(), test.Counter(CloseCounters.Of(ServerCloseReason.Ambiguous))));
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ConnectionsAreReused_NewestFirst()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection older, _) = await test.ConnectIdle();
        (UpstreamConnection newer, _) = await test.ConnectIdle();
        var user = new RecordingUser();

        Assert.Same(newer, await test.Test.Run(() => test.Server.TakeIdle(user)));
        Assert.Same(older, await test.Test.Run(() => test.Server.TakeIdle(user)));
        Assert.Null(await test.Test.Run(() => test.Server.TakeIdle(user)));

        Assert.Equal(2, await test.LentCount());
        await test.Test.Run(() => test.Server.Release(older, ServerCloseReason.ServerSaid));
        await test.Test.Run(() => test.Server.Release(newer, ServerCloseReason.ServerSaid));
        await test.AssertEmpty();
    }

    [Fact]
    public async Task NotReusable_ClosesWithFin()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, _, Socket peer) = await test.Connect();

        await test.Test.Run(() => test.Server.Release(connection, ServerCloseReason.ServerSaid));

        Assert.Equal(SocketError.Success, peer.ReadToError());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task NotReusableWithReset_ClosesWithRst()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, _, Socket peer) = await test.Connect();

        await test.Test.Run(() => test.Server.Release(connection, ServerCloseReason.ServerSaid, reset: true));

        Assert.Equal(SocketError.ConnectionReset, peer.ReadToError());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task FullPool_ClosesItsOldest()
    {
        using var test = new ServerUnderTest("[upstream.keepalive]\nmax_idle = 2");
        (UpstreamConnection first, _, Socket firstPeer) = await test.Connect();
        (UpstreamConnection second, _, Socket secondPeer) = await test.Connect();
        (UpstreamConnection third, _, Socket thirdPeer) = await test.Connect();
        foreach (UpstreamConnection connection in (UpstreamConnection[])[first, second, third])
            await test.Test.Run(() => test.Server.Release(connection, ServerCloseReason.None));

        Assert.Equal(SocketError.Success, firstPeer.ReadToError());
        Assert.Equal(2, await test.IdleCount());
        Assert.Equal(1, test.Counter(CloseCounters.Of(ServerCloseReason.PoolFull)));
        Assert.Equal((UpstreamConnectionState.Idle, UpstreamConnectionState.Idle), (second.State, third.State));
        await test.AssertEmpty();
        Assert.Equal(SocketError.Success, secondPeer.ReadToError());
        Assert.Equal(SocketError.Success, thirdPeer.ReadToError());
        firstPeer.Dispose();
        secondPeer.Dispose();
        thirdPeer.Dispose();
    }

    [Theory]
    [InlineData("[upstream.keepalive]\nenabled = false")]
    [InlineData("[upstream.keepalive]\nreuse = \"never\"")]
    [InlineData("[upstream.keepalive]\nmax_idle = 0")]
    [InlineData("[upstream.keepalive]\nmax_requests = 1")]
    public async Task PoolThatIsOff_ClosesAReusableConnection(string settings)
    {
        using var test = new ServerUnderTest(settings);
        (UpstreamConnection connection, Socket peer) = await test.ConnectIdle();

        Assert.Equal(SocketError.Success, peer.ReadToError());
        Assert.NotEqual(UpstreamConnectionState.Idle, connection.State);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task RequestLimit_LetsThatManyThrough()
    {
        using var test = new ServerUnderTest("[upstream.keepalive]\nmax_requests = 2");
        (UpstreamConnection connection, Socket peer) = await test.ConnectIdle();
        Assert.Equal(1, await test.IdleCount());

        Assert.Same(connection, await test.Test.Run(() => test.Server.TakeIdle(new RecordingUser())));
        await test.Test.Run(() => test.Server.Release(connection, ServerCloseReason.None));

        Assert.Equal(SocketError.Success, peer.ReadToError());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task IdleTimeout_ClosesWithFin()
    {
        using var test = new ServerUnderTest("[upstream.keepalive]\nidle_timeout = \"30ms\"");
        (_, Socket peer) = await test.ConnectIdle();

        Assert.Equal(SocketError.Success, peer.ReadToError());
        Assert.Equal((0, 1), (await test.IdleCount(), test.Counter(CloseCounters.Of(ServerCloseReason.IdleTimeout))));
        await test.AssertEmpty();
    }

    [Fact]
    public async Task TakenConnection_IsNoLongerUnderTheIdleTimeout()
    {
        using var test = new ServerUnderTest("[upstream.keepalive]\nidle_timeout = \"60ms\"");
        (UpstreamConnection taken, _, _) = await test.Connect();
        (UpstreamConnection idle, _, Socket idlePeer) = await test.Connect();
        var user = new RecordingUser();
        await test.Test.Run(() =>
        {
            test.Server.Release(taken, ServerCloseReason.None);
            Assert.Same(taken, test.Server.TakeIdle(user));
            test.Server.Release(idle, ServerCloseReason.None);
        });

        // The one that stays idle is closed at the same age; that shows that the time has passed for both.
        Assert.Equal(SocketError.Success, idlePeer.ReadToError());
        await test.Test.Settle();

        Assert.Equal(UpstreamConnectionState.Busy, taken.State);
        Assert.Empty(user.Events);
        await test.Test.Run(() => test.Server.Release(taken, ServerCloseReason.ServerSaid));
        await test.AssertEmpty();
    }

    [Fact]
    public async Task BytesWhileIdle_DiscardWithRst()
    {
        using var test = new ServerUnderTest();
        (_, Socket peer) = await test.ConnectIdle();

        peer.Send("HTTP/1.1 200 OK\r\n\r\n"u8);

        Assert.Equal(SocketError.ConnectionReset, peer.ReadToError());
        Assert.Equal((0, 1), (await test.IdleCount(), test.Counter(CloseCounters.Of(ServerCloseReason.SurplusBytes))));
        await test.AssertEmpty();
    }

    [Fact]
    public async Task EndOfStreamWhileIdle_Discards()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, Socket peer) = await test.ConnectIdle();
        peer.Dispose();

        await test.Test.Until(() => connection.State == UpstreamConnectionState.Free, "the connection is gone");

        Assert.Equal((0, 1), (await test.IdleCount(), test.Counter(CloseCounters.Of(ServerCloseReason.ServerFin))));
        Assert.Null(await test.Test.Run(() => test.Server.TakeIdle(new RecordingUser())));
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ResetWhileIdle_Discards()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, Socket peer) = await test.ConnectIdle();
        peer.Reset();

        await test.Test.Until(() => connection.State == UpstreamConnectionState.Free, "the connection is gone");

        Assert.Equal(0, await test.IdleCount());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ConnectionWhoseServerHasEnded_IsNotPooled()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, RecordingUser user, Socket peer) = await test.Connect();
        peer.Dispose();
        await user.UntilSeen("end");

        await test.Test.Run(() => test.Server.Release(connection, ServerCloseReason.None));

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

        await test.Test.Run(() => test.Server.Release(connection, ServerCloseReason.ServerSaid, reset: true));
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
    public async Task PurgeIdle_ClosesIdleConnectionsOnly()
    {
        using var test = new ServerUnderTest();
        (_, Socket idlePeer) = await test.ConnectIdle();
        (UpstreamConnection busy, _, _) = await test.Connect();

        await test.Test.Run(() => test.Server.Connections.Purge(ServerCloseReason.Purged));

        Assert.Equal(SocketError.Success, idlePeer.ReadToError());
        Assert.Equal((0, 1, UpstreamConnectionState.Busy), (await test.IdleCount(), await test.LentCount(), busy.State));
        await test.Test.Run(() => test.Server.Release(busy, ServerCloseReason.ServerSaid));
        await test.AssertEmpty();
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
            UpstreamConnection? taken = dice.Next(2) == 0 ? await test.Test.Run(() => test.Server.TakeIdle(new RecordingUser())) : null;
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
            await test.Test.Run(() => test.Server.Release(connection, ServerCloseReason.None));
        await test.AssertEmpty();
        peers.ForEach(static peer => peer.Dispose());
    }
}
