using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>A connection that was opened as somebody is never used as somebody else.</summary>
public class ConnectionIdentityTests
{
    private readonly ConnectionIdentity _one = new(security: null);
    private readonly ConnectionIdentity _other = new(security: null);

    [Fact]
    public async Task IdleConnection_IsLentToTheSameIdentityOnly()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, _) = await test.ConnectIdle(_one);

        Assert.Null(await test.Test.Run(() => test.Server.TakeIdle(new RecordingUser(), _other)));
        Assert.Null(await test.TakeIdle());
        Assert.Equal((1, UpstreamConnectionState.Idle), (await test.IdleCount(), connection.State));
        Assert.Same(connection, await test.Test.Run(() => test.Server.TakeIdle(new RecordingUser(), _one)));

        await test.Release(connection);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task PlainConnection_IsLentToWhoAsksForNothing_AndToNobodyElse()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, _) = await test.ConnectIdle();

        Assert.Null(await test.Test.Run(() => test.Server.TakeIdle(new RecordingUser(), _one)));
        Assert.Same(connection, await test.Test.Run(() => test.Server.TakeIdle(new RecordingUser(), ConnectionIdentity.Plain)));

        await test.Release(connection);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ObjectOfAnEarlierConnection_HasTheIdentityOfTheNewOne()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection first, _, _) = await test.Connect(_one);
        await test.Release(first, ServerCloseReason.ServerSaid);
        await test.Test.Until(() => first.State == UpstreamConnectionState.Free, "the connection is gone");

        (UpstreamConnection second, _) = await test.ConnectIdle(_other);

        Assert.Same(first, second);
        Assert.Null(await test.Test.Run(() => test.Server.TakeIdle(new RecordingUser(), _one)));
        Assert.Same(second, await test.Test.Run(() => test.Server.TakeIdle(new RecordingUser(), _other)));
        await test.Release(second);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task AtTheLimit_AnIdleConnectionOfAnotherIdentity_GivesWayToAFreshOne()
    {
        using var test = new ServerUnderTest();
        UpstreamSettings settings = ServerUnderTest.SettingsOf("");
        await test.Test.Run(() => test.Server.Apply(settings, settings.Servers[0], connectionsMax: 1));
        (_, Socket idlePeer) = await test.ConnectIdle(_one);

        Assert.True(await test.Test.Run(() => test.Server.HasRoom));
        Assert.Null(await test.Test.Run(() => test.Server.TakeIdle(new RecordingUser(), _other)));
        (UpstreamConnection fresh, _, _) = await test.Connect(_other);

        Assert.Equal(SocketError.Success, idlePeer.ReadToError());
        Assert.Equal((1, 0, 1L), (await test.Test.Run(() => test.Server.Limit.OpenCount), await test.IdleCount(),
            test.Counter(CloseCounters.Of(ServerCloseReason.PoolFull))));
        Assert.Same(_other, fresh.Identity);
        await test.Release(fresh);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task FullPool_ClosesItsOldest_WhateverItsIdentity()
    {
        using var test = new ServerUnderTest("[upstream.keepalive]\nmax_idle = 1");
        (UpstreamConnection older, _, Socket olderPeer) = await test.Connect(_one);
        (UpstreamConnection newer, _, _) = await test.Connect(_other);
        await test.Release(older);
        await test.Release(newer);

        Assert.Equal(SocketError.Success, olderPeer.ReadToError());
        Assert.Equal((1, UpstreamConnectionState.Idle), (await test.IdleCount(), newer.State));
        await test.AssertEmpty();
    }

    [Fact]
    public async Task Pipelining_FollowsTheSameIdentityOnly()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, _) = await test.ConnectIdle(_one);
        await test.Test.Run(() => test.Server.TakeIdle(new RecordingUser(), _one));

        Assert.Equal((true, false, false), await test.Test.Run(() =>
            (connection.MayFollow(8, _one), connection.MayFollow(8, _other), connection.MayFollow(8))));

        await test.Release(connection);
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PinnedConnection_IsLentToTheSameIdentity_AndClosedForAnother(bool isSame)
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, _, Socket peer) = await test.Connect(_one);
        await test.Test.Run(() =>
        {
            connection.PinTo(new RecordingPinOwner());
            test.Server.Release(connection, ServerCloseReason.None);
        });

        Assert.Equal(isSame, await test.Test.Run(() => test.Server.TakePinned(connection, new RecordingUser(), isSame ? _one : _other)));

        Assert.Equal((isSame ? 1 : 0, 0), (await test.LentCount(), await test.Test.Run(() => test.Server.Connections.Pinned.Count)));
        if (isSame)
            await test.Release(connection, ServerCloseReason.ServerSaid);
        else
            Assert.Equal(1, test.Counter(CloseCounters.Of(ServerCloseReason.PinnedClientLeft)));
        Assert.Equal(SocketError.Success, peer.ReadToError());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task RefusedAddress_IsFollowedByTheNext_UnderTheSameIdentity()
    {
        using Socket listener = Peers.Listen();
        using Socket refusing = Peers.RefusingPort();
        using var test = new ServerUnderTest(listener: listener);
        await test.Test.Run(() => test.Server.ChangeAddresses(
            [(System.Net.IPEndPoint)refusing.LocalEndPoint!, (System.Net.IPEndPoint)listener.LocalEndPoint!]));

        (UpstreamConnection connection, _, _) = await test.Connect(_one);

        Assert.Same(_one, connection.Identity);
        await test.Release(connection);
        Assert.Null(await test.TakeIdle());
        await test.AssertEmpty();
    }
}
