using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Tests.Pipes;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Health;
using NativeProxy.Upstreams.Naming;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Health;

/// <summary>The checks of a whole configuration against a port that refuses.</summary>
public sealed class HealthCheckerTests : IDisposable
{
    private const string Checked = "[upstream.health]\ntype = \"tcp\"\ninterval = \"20ms\"\njitter = 0\n";

    private readonly ManualTime _time = new();
    private readonly ServerBoard _board = ServersOnBoard.NewBoard();
    private readonly ConcurrentQueue<HealthNotice> _notices = new();
    private readonly Socket _refusing = Peers.RefusingPort();
    private readonly HealthChecker _checker;
    private int _changes;

    public HealthCheckerTests() =>
        _checker = new HealthChecker(_board, new Random(1), _time, _notices.Enqueue, () => Interlocked.Increment(ref _changes));

    public void Dispose()
    {
        _checker.Stop();
        _refusing.Dispose();
    }

    [Fact]
    public async Task ServersThatRefuse_GoDown_AndEachIsTold()
    {
        Apply("a1 b1", Checked);
        await DownAfterOneInterval("a", "b");
        _checker.Stop();

        HealthNotice[] notices = [.. _notices];
        Assert.Equal(2, notices.Length);
        Assert.Matches("^server \"[ab]\" of upstream \"app\" is down: it refuses connections; 1 of 2 servers are up$", notices[0].Text);
        Assert.Matches("^server \"[ab]\" of upstream \"app\" is down: it refuses connections; no server is left$", notices[1].Text);
        Assert.Equal((1, 0, false), (notices[0].UpCount, notices[1].UpCount, notices[1].IsUp));
        Assert.Equal(3, _board.ChangeCount);
        await Waiting.Until(() => Volatile.Read(ref _changes) == 3, () => "both changes and the beginning are told");
    }

    [Fact]
    public async Task ReloadWithTheSameServer_KeepsItDown_ASwitchedOffCheckBringsItBack()
    {
        Apply("a1", Checked);
        await DownAfterOneInterval("a");

        Apply("a2 c1", Checked);
        Assert.Equal((false, true), (Slot("a").IsUp, Slot("a").IsChecked));

        Apply("a2 c1", "");
        Assert.Equal((true, false), (Slot("a").IsUp, Slot("a").IsChecked));
        await _time.UntilNextDue(null);
    }

    [Fact]
    public async Task OtherAddress_IsCheckedFromThenOn()
    {
        using Socket alive = Peers.Listen();
        Apply("a1", Checked + "rise = 1\n");
        await DownAfterOneInterval("a");

        Apply("a1", Checked + "rise = 1\n", (IPEndPoint)alive.LocalEndPoint!);
        await Waiting.Until(
            () =>
            {
                _time.AdvanceTo(_time.GetTimestamp() + 20);
                return Slot("a").IsUp;
            },
            () => "the server is up at its new address");
    }

    [Fact]
    public async Task NewServerThatBeginsAsDown_IsUpAfterItsFirstCheck()
    {
        using Socket alive = Peers.Listen();
        Apply("a1", Checked + "initial = \"down\"\nrise = 5\n", (IPEndPoint)alive.LocalEndPoint!);
        Assert.False(Slot("a").IsUp);

        await Waiting.Until(
            () =>
            {
                _time.AdvanceTo(Math.Min(1, _time.NextDueMs ?? 1));
                return Slot("a").IsUp;
            },
            () => "the server is up after its first check, which begins at once");
    }

    [Fact]
    public void ServerThatIsNotToBeChecked_CountsAsUp()
    {
        Apply("a1", Checked + "initial = \"down\"\n", serverLines: "health = false");

        Assert.Equal((true, false), (Slot("a").IsUp, Slot("a").IsChecked));
    }

    [Fact]
    public async Task StoppedChecker_LeavesNoTimerAndWritesNothing()
    {
        Apply("a1 b1 c1 d1", Checked.Replace("20ms", "24h"));
        await Waiting.Until(() => _time.NextDueMs is not null, () => "a timer");

        _checker.Stop();

        await _time.UntilNextDue(null);
        _time.AdvanceTo(2 * 24 * 3600 * 1000L);
        Assert.Equal(0, Slot("a").ChecksFailed);
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

    /// <summary>Each first check begins within the interval.</summary>
    private async Task DownAfterOneInterval(params string[] servers)
    {
        await Waiting.Until(() => _time.NextDueMs is not null, () => "a timer");
        await Waiting.Until(
            () =>
            {
                _time.AdvanceTo(Math.Min(20, _time.NextDueMs ?? 20));
                return Array.TrueForAll(servers, name => !Slot(name).IsUp);
            },
            () => "the servers are down");
    }

    private void Apply(string servers, string upstreamLines, IPEndPoint? endPoint = null, string serverLines = "")
    {
        ProxySettings settings = ServersOnBoard.SettingsOf(servers, serverLines, upstreamLines);
        _board.Publish(settings);
        var endPoints = new List<EndPoint[]>();
        foreach (UpstreamServerSettings _ in settings.Upstreams[0].Servers)
            endPoints.Add([endPoint ?? (IPEndPoint)_refusing.LocalEndPoint!]);
        _checker.Apply(settings, new ServerEndPoints([[.. endPoints]]), static (in _, in _) => null);
    }
}
