using System.Buffers;
using System.Text;
using NativeProxy.Admin;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Admin;

public class TallySumTests
{
    private readonly AdminTrial _trial = new();

    [Fact]
    public void Percentiles_LieWithinTheirBuckets()
    {
        LatencyRow row = RowOf(TallyNames.OfServer("app", "a"));
        for (int i = 0; i < 90; i++)
            row.Add(8);
        for (int i = 0; i < 10; i++)
            row.Add(400);
        TallySum sum = TallySum.Of(_trial.Boards.Latencies, TallyNames.OfServer("app", "a"))!;
        Assert.Equal(100, sum.TimedCount);
        Assert.InRange(sum.PercentileMs(0.5)!.Value, 5, 10);
        Assert.Equal(10, sum.PercentileMs(0.9));
        Assert.InRange(sum.PercentileMs(0.99)!.Value, 250, 500);
    }

    [Fact]
    public void PercentileOfNothing_IsUnknown_AndBeyondTheLastBoundItIsThatBound()
    {
        TallySum none = TallySum.Of(_trial.Boards.Latencies, TallyNames.OfServer("app", "b"))!;
        Assert.Null(none.PercentileMs(0.5));
        RowOf(TallyNames.OfServer("app", "b")).Add(60_000);
        Assert.Equal(10_000, TallySum.Of(_trial.Boards.Latencies, TallyNames.OfServer("app", "b"))!.PercentileMs(0.5));
    }

    [Fact]
    public void WorkerThatEnds_TakesItsConnectionsWithIt_AndLeavesItsCounts()
    {
        LatencyRow row = RowOf(TallyNames.OfServer("app", "a"), worker: 1);
        row.Show(Tally.Idle, 7);
        row.Count(Tally.Failed);
        _trial.Boards.Latencies.ForgetWorker(1);
        TallySum sum = TallySum.Of(_trial.Boards.Latencies, TallyNames.OfServer("app", "a"))!;
        Assert.Equal((0, 1), (sum[Tally.Idle], sum[Tally.Failed]));
    }

    [Fact]
    public void NameThatNobodyPublished_HasNone() => Assert.Null(TallySum.Of(_trial.Boards.Latencies, TallyNames.OfServer("app", "c")));

    [Fact]
    public void Metrics_ShowListenersUpstreamsAndServers()
    {
        RowOf(TallyNames.OfListener("web")).Count(Tally.Refused);
        RowOf(TallyNames.OfUpstream("app")).Show(Tally.Queued, 4);
        LatencyRow row = RowOf(TallyNames.OfServer("app", "a"));
        row.CountStatus(204);
        row.CountStatus(999);
        row.CountStatus(101);
        var output = new ArrayBufferWriter<byte>();
        _trial.Boards.Servers.Publish(_trial.State.Running.Settings);
        TallyMetricsText.Write(_trial.Boards, _trial.State.Running.Settings, output);
        string[] lines = Encoding.UTF8.GetString(output.WrittenSpan).Split('\n');
        Assert.Contains("nativeproxy_listener_refused_total{listener=\"web\"} 1", lines);
        Assert.Contains("nativeproxy_upstream_queue{upstream=\"app\"} 4", lines);
        Assert.Contains("nativeproxy_server_responses_total{upstream=\"app\",server=\"a\",code=\"2xx\"} 2", lines);
        Assert.Contains("nativeproxy_server_responses_total{upstream=\"app\",server=\"a\",code=\"5xx\"} 1", lines);
        Assert.Contains("nativeproxy_server_failed_total{upstream=\"app\",server=\"b\"} 0", lines);
    }

    private LatencyRow RowOf(string name, int worker = 0) => _trial.Boards.Latencies.Find(name, worker)!;
}
