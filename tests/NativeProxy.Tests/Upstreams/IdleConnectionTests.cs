using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>How long a connection waits for its next request, and what keeps it from being lent again.</summary>
public sealed class IdleConnectionTests
{
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
    public async Task ConnectionsAreReused_NewestFirst()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection older, _) = await test.ConnectIdle();
        (UpstreamConnection newer, _) = await test.ConnectIdle();
        var user = new RecordingUser();

        Assert.Same(newer, await test.TakeIdle(user));
        Assert.Same(older, await test.TakeIdle(user));
        Assert.Null(await test.TakeIdle(user));

        Assert.Equal(2, await test.LentCount());
        await test.Release(older, ServerCloseReason.ServerSaid);
        await test.Release(newer, ServerCloseReason.ServerSaid);
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
            await test.Release(connection);

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

        Assert.Same(connection, await test.TakeIdle());
        await test.Release(connection);

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
        await test.Release(taken, ServerCloseReason.ServerSaid);
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
        Assert.Null(await test.TakeIdle());
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
    public async Task PurgeIdle_ClosesIdleConnectionsOnly()
    {
        using var test = new ServerUnderTest();
        (_, Socket idlePeer) = await test.ConnectIdle();
        (UpstreamConnection busy, _, _) = await test.Connect();

        await test.Test.Run(() => test.Server.Connections.Purge(ServerCloseReason.Purged));

        Assert.Equal(SocketError.Success, idlePeer.ReadToError());
        Assert.Equal((0, 1, UpstreamConnectionState.Busy), (await test.IdleCount(), await test.LentCount(), busy.State));
        await test.Release(busy, ServerCloseReason.ServerSaid);
        await test.AssertEmpty();
    }
}
