using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams;
using NativeProxy.Upstreams.Health;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Health;

/// <summary>The checks of a whole configuration against a port that refuses.</summary>
public sealed class HealthCheckerTests : IDisposable
{
    private const string Checked = "[upstream.health]\ntype = \"tcp\"\ninterval = \"20ms\"\n";

    private readonly LoopUnderTest _test = new();
    private readonly ServerBoard _board = ServersOnBoard.NewBoard();
    private readonly ConcurrentQueue<HealthNotice> _notices = new();
    private readonly Socket _refusing = Peers.RefusingPort();
    private readonly HealthChecker _checker;
    private int _changes;

    public HealthCheckerTests() => _checker = new HealthChecker(_test.Loop, _board, new Random(1), _notices.Enqueue, () => _changes++);

    public void Dispose()
    {
        _test.Dispose();
        _refusing.Dispose();
    }

    [Fact]
    public async Task ServersThatRefuse_GoDown_AndEachIsTold()
    {
        await Apply("a1 b1", Checked);
        await _test.Until(() => !Slot("a").IsUp && !Slot("b").IsUp, "both are down");
        await _test.Run(_checker.Stop);

        HealthNotice[] notices = [.. _notices];
        Assert.Equal(2, notices.Length);
        Assert.Matches("^server \"[ab]\" of upstream \"app\" is down: it refuses connections; 1 of 2 servers are up$", notices[0].Text);
        Assert.Matches("^server \"[ab]\" of upstream \"app\" is down: it refuses connections; no server is left$", notices[1].Text);
        Assert.Equal((1, 0, false), (notices[0].UpCount, notices[1].UpCount, notices[1].IsUp));
        Assert.Equal(3, _board.ChangeCount);
        Assert.Equal(3, _changes);
        await _test.AssertEmpty();
    }

    [Fact]
    public async Task ReloadWithTheSameServer_KeepsItDown_ASwitchedOffCheckBringsItBack()
    {
        await Apply("a1", Checked);
        await _test.Until(() => !Slot("a").IsUp, "the server is down");

        await Apply("a2 c1", Checked);
        Assert.Equal((false, true), (Slot("a").IsUp, Slot("a").IsChecked));

        await Apply("a2 c1", "");
        Assert.Equal((true, false), (Slot("a").IsUp, Slot("a").IsChecked));
        await _test.AssertEmpty();
    }

    [Fact]
    public async Task StoppedChecker_LeavesNoTimer()
    {
        await Apply("a1 b1 c1 d1", Checked.Replace("20ms", "24h"));

        Assert.Equal(4, await _test.Run(() => _test.Loop.Wheel.LinkedCount));
        Assert.Equal(0, await _test.Run(() => _test.Loop.ConnectionCount));
        await _test.Run(_checker.Stop);
        Assert.Equal(0, await _test.Run(() => _test.Loop.Wheel.LinkedCount));
    }

    [Theory]
    [InlineData(0, 1, 0.0, 0)]
    [InlineData(0, 1, 0.999, 1998)]
    [InlineData(0, 4, 0.5, 250)]
    [InlineData(3, 4, 0.0, 1500)]
    [InlineData(3, 4, 0.5, 1750)]
    public void FirstChecks_FallIntoTheirOwnPartOfTheInterval(int index, int count, double chance, long expectedMs) =>
        Assert.Equal(expectedMs, HealthChecker.FirstDelayMs(2000, index, count, chance));

    private ServerSlot Slot(string name) => _board.Find("app", name, "127.0.0.1:1")!;

    private async Task Apply(string servers, string upstreamLines)
    {
        ProxySettings settings = ServersOnBoard.SettingsOf(servers, upstreamLines: upstreamLines);
        _board.Publish(settings);
        var endPoints = new List<IPEndPoint>();
        foreach (UpstreamServerSettings _ in settings.Upstreams[0].Servers)
            endPoints.Add((IPEndPoint)_refusing.LocalEndPoint!);
        await _test.Run(() => _checker.Apply(settings, [[.. endPoints]]));
    }
}
