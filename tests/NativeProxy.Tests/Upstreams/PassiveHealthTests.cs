using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>Servers that fail requests, on a clock that the test says: what all workers share is on the board.</summary>
public sealed class PassiveHealthTests : System.IDisposable
{
    private const long Start = 1000;

    private readonly LoopUnderTest _loop = new();
    private readonly List<string> _told = [];

    public void Dispose() => _loop.Dispose();

    [Fact]
    public void FailuresInARow_LeaveAServerOutForATime_AndASuccessForgivesThem()
    {
        (PassiveHealth health, ServersOnBoard servers) = Of("consecutive_failures = 3\nejection_time = \"10s\"", "a1 b1");

        Fail(health, servers["a"], 2);
        health.Answered(servers["a"], 500, Start);
        Fail(health, servers["a"], 2);
        Assert.False(Ejection(servers, "a").IsOn(Start));
        Fail(health, servers["a"], 1);

        Assert.True(Ejection(servers, "a").IsOn(Start));
        Assert.True(Ejection(servers, "a").IsOn(Start + 9_999));
        Assert.False(Ejection(servers, "a").IsOn(Start + 10_000));
        Assert.False(Ejection(servers, "a").MayBeOn);
        Assert.Equal(["server \"a\" gets no requests for 10s: 3 failures in a row"], _told);
    }

    [Fact]
    public void ServerThatComesBack_IsLeftOutByOneFailure_ForTwiceAsLong_UntilItHasServed()
    {
        (PassiveHealth health, ServersOnBoard servers) = Of(
            "consecutive_failures = 3\nejection_time = \"10s\"\nmax_ejection_time = \"25s\"", "a1 b1");
        Fail(health, servers["a"], 3);
        Assert.False(Ejection(servers, "a").IsOn(Start + 10_000));

        health.Failed(servers["a"], Start + 10_000);
        Assert.True(Ejection(servers, "a").IsOn(Start + 29_999));
        Assert.False(Ejection(servers, "a").IsOn(Start + 30_000));
        health.Failed(servers["a"], Start + 30_000);
        Assert.False(Ejection(servers, "a").IsOn(Start + 55_000));

        health.Answered(servers["a"], 200, Start + 55_000);
        health.Failed(servers["a"], Start + 55_000);
        Assert.False(Ejection(servers, "a").MayBeOn);

        // As long without it as it may take at most: it begins anew.
        Fail(health, servers["a"], 2, Start + 90_000);
        Assert.False(Ejection(servers, "a").IsOn(Start + 100_000));
        Assert.Equal(["10s", "20s", "25s", "10s"], _told.Select(static text => text.Split(' ')[6].TrimEnd(':')));
        Assert.Equal(4, Ejection(servers, "a").Count);
    }

    [Theory]
    [InlineData("a1", 50, "")]
    [InlineData("a1 b1", 50, "a")]
    [InlineData("a1 b1", 100, "a")]
    [InlineData("a1 b1 c1", 50, "a")]
    [InlineData("a1 b1 c1 d1", 50, "ab")]
    [InlineData("a1 b1 c1 d1", 100, "abc")]
    [InlineData("a1 b1 c1 d1", 0, "")]
    [InlineData("a1 b0", 100, "b")]
    public async Task NeverMoreThanAShare_AndNeverTheLastUsableOne(string names, int percent, string ejected)
    {
        (PassiveHealth health, ServersOnBoard servers) = Of($"consecutive_failures = 1\nmax_ejected = {percent}", names);

        string found = await _loop.Run(() =>
        {
            foreach (UpstreamServer server in servers.All)
                health.Failed(server, _loop.Loop.Clock.NowMs);
            return string.Concat(servers.All.Where(static server => server.Standing.IsEjected).Select(static server => server.Name));
        });

        Assert.Equal(ejected, found);
    }

    [Fact]
    public async Task ServersThatAreLeftOut_AreUsedAgain_WhenTheOthersGoDown()
    {
        (PassiveHealth health, ServersOnBoard servers) = Of("consecutive_failures = 1", "a1 b1");
        await _loop.Run(() =>
        {
            health.Failed(servers["a"], _loop.Loop.Clock.NowMs);
            Assert.False(servers["a"].Standing.TakesRequests);
            Assert.False(servers["a"].Standing.IsUsable);
            Assert.False(health.TryPardon());
            servers.Slot("b").IsUp = false;

            Assert.True(health.TryPardon());
            Assert.True(servers["a"].Standing.TakesRequests);
            Assert.False(health.TryPardon());
        });
    }

    /// <summary>As when servers are restarted one after the other: the first is back, and left out still, when the second goes.</summary>
    [Fact]
    public async Task ServerThatIsLeftOut_IsTriedWhenTheLastOneFails_AndIsBackWithItsAnswer()
    {
        (PassiveHealth health, ServersOnBoard servers) = Of("consecutive_failures = 2", "a1 b1 c0");
        await _loop.Run(() =>
        {
            long nowMs = _loop.Loop.Clock.NowMs;
            Fail(health, servers["a"], 2, nowMs);
            Assert.True(health.HasTrialFor(servers["b"]));
            Assert.False(health.HasTrialFor(servers["a"]));
            Assert.False(health.BeginTrials(servers["a"]));
            Assert.False(servers["a"].Standing.TakesRequests);

            Fail(health, servers["b"], 5, nowMs);
            Assert.True(health.BeginTrials(servers["b"]));
            Assert.True(servers["a"].Standing is { TakesRequests: true, IsUsable: true, IsEjected: true });
            Assert.False(servers["c"].Standing.TakesRequests);

            // No other request goes there before its answer: a server that hangs would keep them all.
            health.EndTrials(servers["a"]);
            Assert.True(servers["a"].Standing is { TakesRequests: false, IsUsable: false, IsEjected: true });
            health.Answered(servers["a"], 200, nowMs);
            Assert.False(servers["a"].Standing.IsEjected);
            Fail(health, servers["b"], 1, nowMs);
            Assert.True(servers["b"].Standing.IsEjected);
        });
        Assert.Equal(2, _told.Count);
    }

    /// <summary>While all are down each request tries both, and the log is told nothing more.</summary>
    [Theory]
    [InlineData(50)]
    [InlineData(100)]
    public async Task ServerThatFailsItsTrial_IsLeftOutAsBefore(int percent)
    {
        (PassiveHealth health, ServersOnBoard servers) = Of($"consecutive_failures = 1\nmax_ejected = {percent}", "a1 b1");
        await _loop.Run(() =>
        {
            long nowMs = _loop.Loop.Clock.NowMs;
            Fail(health, servers["a"], 1, nowMs);
            for (int request = 0; request < 3; request++)
            {
                health.Failed(servers["b"], nowMs);
                Assert.True(health.BeginTrials(servers["b"]));
                Assert.True(servers["a"].Standing.TakesRequests);
                health.EndTrials(servers["a"]);
                health.Failed(servers["b"], nowMs);
                health.Failed(servers["a"], nowMs);
                Assert.True(servers["a"].Standing is { TakesRequests: false, IsEjected: true });
                Assert.True(servers["b"].Standing.TakesRequests);
            }
        });
        Assert.Single(_told);
    }

    [Fact]
    public void AnswersOfTheApplication_AreNoFailures_UnlessTheirStatusIsListed()
    {
        (PassiveHealth health, ServersOnBoard servers) = Of("consecutive_failures = 2\nfailure_statuses = [\"502-503\"]", "a1 b1");
        foreach (int status in (int[])[404, 500, 502, 504, 503])
            health.Answered(servers["a"], status, Start);
        Assert.False(Ejection(servers, "a").MayBeOn);

        health.Answered(servers["a"], 502, Start);
        Assert.True(Ejection(servers, "a").IsOn(Start));
    }

    [Fact]
    public void ShareOfFailuresInAWindow_LeavesAServerOut()
    {
        (PassiveHealth health, ServersOnBoard servers) = Of(
            "consecutive_failures = 0\nerror_rate = 30\nmin_requests = 10\nwindow = \"1s\"", "a1 b1");
        Mix(health, servers["a"], good: 7, bad: 2, Start);
        Assert.False(Ejection(servers, "a").MayBeOn);

        // The window is over, and these are of another one.
        Mix(health, servers["a"], good: 7, bad: 2, Start + 1000);
        Assert.False(Ejection(servers, "a").MayBeOn);
        health.Failed(servers["a"], Start + 1999);

        Assert.True(Ejection(servers, "a").IsOn(Start + 1999));
        Assert.Equal(["server \"a\" gets no requests for 10s: 3 of 10 requests failed"], _told);
    }

    [Theory]
    [InlineData(ProxyError.ServerConnectFailed, false, true)]
    [InlineData(ProxyError.ServerConnectTimeout, false, true)]
    [InlineData(ProxyError.NoSourcePort, false, false)]
    [InlineData(ProxyError.ServerClosedBeforeResponse, false, true)]
    [InlineData(ProxyError.ServerClosedBeforeResponse, true, false)]
    [InlineData(ProxyError.ServerResponseTimeout, true, true)]
    [InlineData(ProxyError.ServerBadResponse, false, true)]
    [InlineData(ProxyError.ServerTruncatedResponse, false, true)]
    [InlineData(ProxyError.ClientAborted, false, false)]
    [InlineData(ProxyError.BuffersExhausted, false, false)]
    [InlineData(ProxyError.ResponseBodyTooLarge, false, false)]
    public void OnlyWhatTheServerDid_IsItsFailure(object error, bool wasReused, bool expected) =>
        Assert.Equal(expected, PassiveHealth.IsFailure((ProxyError)error, wasReused));

    [Fact]
    public void FailuresAndTheirEnd_AreOneStateForAllWorkers()
    {
        (PassiveHealth health, ServersOnBoard servers) = Of("consecutive_failures = 2", "a1 b1", workers: 2);
        servers.Slot("a", worker: 1).Ejection.CountFailure();
        health.Failed(servers["a"], Start);

        Assert.True(servers.Slot("a", worker: 1).Ejection.IsOn(Start));
        Assert.True(servers.Slot("a", worker: 1).Ejection.Pardon());
        Assert.False(Ejection(servers, "a").IsOn(Start));
    }

    private static ServerEjection Ejection(ServersOnBoard servers, string name) => servers.Slot(name).Ejection;

    private static void Fail(PassiveHealth health, UpstreamServer server, int count, long nowMs = Start)
    {
        for (int i = 0; i < count; i++)
            health.Failed(server, nowMs);
    }

    private static void Mix(PassiveHealth health, UpstreamServer server, int good, int bad, long nowMs)
    {
        for (int i = 0; i < good; i++)
            health.Answered(server, 200, nowMs);
        Fail(health, server, bad, nowMs);
    }

    private (PassiveHealth Health, ServersOnBoard Servers) Of(string lines, string names, int workers = 1)
    {
        var servers = new ServersOnBoard(names, workers: workers, loop: _loop.Loop);
        var settings = ServersOnBoard.SettingsOf(names, upstreamLines: "[upstream.passive]\n" + lines + "\n").Upstreams[0].Passive;
        var group = new GroupServers();
        group.Set(servers.All, servers.Settings.Upstreams[0]);
        return (new PassiveHealth(settings, group) { Ejected = _told.Add }, servers);
    }
}
