using System;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>Connections that are opened before a request comes (<c>keepalive.min_idle</c>).</summary>
[Trait("promise", "B6")]
public sealed class WarmPoolTests : IDisposable
{
    private readonly Socket _listener = Peers.Listen();
    private readonly ServerUnderTest _test;

    public WarmPoolTests() => _test = new ServerUnderTest("", _listener);

    [Fact]
    public async Task ConnectionsAreOpenedAhead_AndNobodyIsLentThem()
    {
        await Warm(3);

        Assert.Equal((3L, 3L, 0L), (Opened, _test.Counter(CounterId.ServerConnects), _test.Counter(CounterId.ServerConnectsAheadUsed)));
        Assert.Equal(0, await _test.LentCount());
        await End();
    }

    [Fact]
    public async Task TakenOne_IsReplaced_AndKnownAsOneThatHasIdled()
    {
        await Warm(2);

        UpstreamConnection connection = (await _test.TakeIdle())!;

        Assert.Equal((true, 1), (connection.IsReused, connection.UseCount));
        Assert.Equal((1L, 0L), (_test.Counter(CounterId.ServerConnectsAheadUsed), _test.Counter(CounterId.ServerReuses)));
        await UntilIdle(2);
        Assert.Equal((3L, 1), (Opened, await _test.LentCount()));

        // Three idle now: one that comes for a second time leaves two, which is enough.
        await _test.Release(connection);
        Assert.Same(connection, await _test.TakeIdle());
        Assert.Equal((1L, 1L), (_test.Counter(CounterId.ServerConnectsAheadUsed), _test.Counter(CounterId.ServerReuses)));
        await _test.Release(connection);
        Assert.Equal((3L, 3), (Opened, await _test.IdleCount()));
        await End();
    }

    [Fact]
    public async Task OneThatItsServerCloses_IsReplaced()
    {
        await Warm(1);
        using (Socket peer = Peers.Accept(_listener))
            peer.Close();

        await _test.Test.Until(() => Opened >= 2 && _test.Server.Idle.Count == 1, "another connection");

        Assert.Equal(1, _test.Counter(CloseCounters.Of(ServerCloseReason.ServerFin)));
        await End();
    }

    [Fact]
    public async Task OneOfWhichTheServerHasSaidSomething_IsNotLent()
    {
        await Warm(1);
        using Socket peer = Peers.Accept(_listener);

        UpstreamConnection? taken = await _test.Test.Run(() =>
        {
            peer.Send("poison"u8);
            return _test.Server.TakeIdle(new RecordingUser());
        });

        Assert.Null(taken);
        Assert.Equal(1, _test.Counter(CloseCounters.Of(ServerCloseReason.SurplusBytes)));
        await End();
    }

    [Fact]
    public async Task LimitOfTheServer_IsNotExceeded_AndARequestStillGetsAPlace()
    {
        await Apply(5, connectionsMax: 2);
        await UntilIdle(2);
        UpstreamConnection first = (await _test.TakeIdle())!;
        UpstreamConnection second = (await _test.TakeIdle())!;
        await Looks(5);

        Assert.Equal((2L, 0), (Opened, await _test.IdleCount()));
        await _test.Release(first);
        await _test.Release(second);
        await End();
    }

    [Fact]
    public async Task WhileSomethingIsShort_NothingIsOpened()
    {
        _test.Test.Loop.Sockets.MayConnectAhead = () => false;
        await Apply(2);
        await Looks(5);
        Assert.Equal(0, Opened);

        _test.Test.Loop.Sockets.MayConnectAhead = static () => true;
        await UntilIdle(2);
        await End();
    }

    [Fact]
    public async Task ServerThatCannotBeReached_IsAskedWithPauses_AndNothingIsLeftBehind()
    {
        _listener.Close();
        await Apply(8);
        await _test.Test.Until(() => _test.Counter(CounterId.ServerConnectFailuresRefused) >= 2, "connects that fail");
        await Looks(20);

        // Two seconds: with a look each 100 ms there would be a hundred of them without the pauses.
        Assert.InRange(Opened, 2, 40);
        await _test.Test.Run(() => _test.Server.Retire());
        await _test.Test.Until(() => _test.Server.Limit.OpenCount == 0, "the last connect");
        Assert.Equal(0, await _test.LentCount());
        await _test.AssertEmpty();
    }

    [Fact]
    public async Task ReloadWithoutIt_OpensNoMore_AndKeepsWhatIsThere()
    {
        await Warm(2);
        await Apply(0);
        UpstreamConnection taken = (await _test.TakeIdle())!;
        await _test.Release(taken, ServerCloseReason.ServerSaid);
        await _test.Test.Settle();

        Assert.Equal((2L, 1), (Opened, await _test.IdleCount()));
        await End();
    }

    [Fact]
    public async Task ServerThatLeaves_HasItsConnectionsClosed_AndGetsNoMore()
    {
        await Warm(3);
        await _test.Test.Run(() => _test.Server.Retire(leavesGroup: true));
        await _test.Test.Until(() => _test.Server.Limit.OpenCount == 0, "its connections are closed");

        Assert.Equal((3L, 3L), (Opened, _test.Counter(CloseCounters.Of(ServerCloseReason.Purged))));
        await _test.AssertEmpty();
    }

    public void Dispose()
    {
        _test.Dispose();
        _listener.Dispose();
    }

    private long Opened => _test.Counter(CounterId.ServerConnectsAhead);

    private Task Apply(int minIdle, int connectionsMax = 0)
    {
        UpstreamSettings settings = ServerUnderTest.SettingsOf($"[upstream.keepalive]\nmin_idle = {minIdle}");
        return _test.Test.Run(() => _test.Server.Apply(settings, settings.Servers[0], connectionsMax));
    }

    private async Task Warm(int minIdle)
    {
        await Apply(minIdle);
        await UntilIdle(minIdle);
    }

    private Task UntilIdle(int count) => _test.Test.Until(() => _test.Server.Idle.Count == count, $"{count} idle connections");

    /// <summary>So much time has passed on the loop as so many looks take at most.</summary>
    private async Task Looks(int count)
    {
        long untilMs = await _test.Test.Run(() => _test.Test.Loop.Clock.NowMs) + (count * 150);
        await _test.Test.Until(() => _test.Test.Loop.Clock.NowMs >= untilMs, "the looks");
    }

    private async Task End()
    {
        await _test.Test.Run(() => _test.Server.Retire());
        await _test.Test.Until(() => _test.Server.Limit.OpenCount == 0, "all is closed");
        await _test.AssertEmpty();
    }
}
