using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>A connection that carries authentication waits for its one client instead of in the pool.</summary>
public class PinnedConnectionTests
{
    private readonly RecordingPinOwner _owner = new();

    [Fact]
    [Trait("promise", "S4.13")]
    public async Task PinnedConnection_IsNotInThePool_AndGoesToItsClientOnly()
    {
        using var test = new ServerUnderTest();
        (UpstreamConnection connection, _) = await Pinned(test);

        Assert.Equal((UpstreamConnectionState.Pinned, 0, 1),
            (connection.State, await test.IdleCount(), await test.Test.Run(() => test.Server.Connections.Pinned.Count)));
        Assert.Null(await test.TakeIdle());
        Assert.Equal((1L, 0L), (test.Counter(CounterId.ServerConnectionsPinned), test.Counter(CounterId.ServerConnectionsIdle)));

        Assert.True(await test.Test.Run(() => test.Server.TakePinned(connection, new RecordingUser())));
        Assert.Equal((UpstreamConnectionState.Busy, 2, 1), (connection.State, connection.UseCount, await test.LentCount()));
        Assert.Equal(0, test.Counter(CounterId.ServerConnectionsPinned));
        await test.Release(connection);
        Assert.Equal(UpstreamConnectionState.Pinned, connection.State);
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData("max_idle = 0")]
    [InlineData("max_requests = 1")]
    public async Task LimitsOfThePool_DoNotHoldForIt(string setting)
    {
        using var test = new ServerUnderTest("[upstream.keepalive]\n" + setting);
        (UpstreamConnection connection, _) = await Pinned(test);

        Assert.Equal(UpstreamConnectionState.Pinned, connection.State);
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData("enabled = false")]
    [InlineData("reuse = \"never\"")]
    public async Task ServerKeepAliveOff_EndsIt(string setting)
    {
        using var test = new ServerUnderTest("[upstream.keepalive]\n" + setting);
        (UpstreamConnection connection, Socket peer) = await Pinned(test);

        Assert.NotEqual(UpstreamConnectionState.Pinned, connection.State);
        Assert.Equal(SocketError.Success, peer.ReadToError());
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ItGivesNoRoomUnderTheLimit_APooledOneDoes()
    {
        using var test = new ServerUnderTest();
        await test.Test.Run(() => ApplyLimit(test, connectionsMax: 1));
        (UpstreamConnection connection, _) = await Pinned(test);
        Assert.False(await test.Test.Run(() => test.Server.HasRoom));
        Assert.Null(await test.Test.Run(() => test.Server.TryConnect(new RecordingUser())));
        await test.Test.Run(() => connection.Discard(ServerCloseReason.PinnedClientLeft, reset: false));

        await test.ConnectIdle();
        Assert.True(await test.Test.Run(() => test.Server.HasRoom));
        UpstreamConnection? fresh = await test.Test.Run(() => test.Server.TryConnect(new RecordingUser()));
        Assert.NotNull(fresh);
        await test.Release(fresh, ServerCloseReason.ConnectFailed);
        await test.AssertEmpty();
    }

    [Fact]
    public async Task FinOfTheServer_IsTold()
    {
        using var test = new ServerUnderTest();
        (_, Socket peer) = await Pinned(test);
        peer.Dispose();

        await _owner.UntilSeen("pin ended");

        Assert.Equal(1, test.Counter(CloseCounters.Of(ServerCloseReason.ServerFin)));
        await test.AssertEmpty();
    }

    [Fact]
    public async Task BytesThatNobodyAskedFor_EndIt()
    {
        using var test = new ServerUnderTest();
        (_, Socket peer) = await Pinned(test);
        peer.Send("poison"u8);

        await _owner.UntilSeen("pin ended");

        Assert.Equal(SocketError.ConnectionReset, peer.ReadToError());
        Assert.Equal(1, test.Counter(CloseCounters.Of(ServerCloseReason.SurplusBytes)));
        await test.AssertEmpty();
    }

    [Fact]
    public async Task RetiredServer_EndsIt()
    {
        using var test = new ServerUnderTest();
        (_, Socket peer) = await Pinned(test);

        await test.Test.Run(() => test.Server.Retire());

        await _owner.UntilSeen("pin ended");
        Assert.Equal(SocketError.Success, peer.ReadToError());
        Assert.Equal((1L, 0L), (test.Counter(CloseCounters.Of(ServerCloseReason.Purged)), test.Counter(CounterId.ServerConnectionsPinned)));
        await test.AssertEmpty();
    }

    private static void ApplyLimit(ServerUnderTest test, int connectionsMax)
    {
        UpstreamSettings settings = ServerUnderTest.SettingsOf("");
        test.Server.Apply(settings, settings.Servers[0], connectionsMax);
    }

    /// <summary>A connection that carried authentication and was given back after a clean exchange, and the server's end of it.</summary>
    private async Task<(UpstreamConnection Connection, Socket Peer)> Pinned(ServerUnderTest test)
    {
        (UpstreamConnection connection, _, Socket peer) = await test.Connect();
        await test.Test.Run(() =>
        {
            connection.PinTo(_owner);
            test.Server.Release(connection, ServerCloseReason.None);
        });
        return (connection, peer);
    }
}
