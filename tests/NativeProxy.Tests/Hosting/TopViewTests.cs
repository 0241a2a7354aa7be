using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text.Json;
using NativeProxy.Hosting.Operating;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public class TopViewTests
{
    private const string Status = """
        {"version":"1.2.3","pid":7,"started_at":"2026-01-01T00:00:00.000Z","draining":false,"shortage":null,"workers":[{},{}]}
        """;

    [Fact]
    public void Lines_AreWhatTwoSamplesDifferBy()
    {
        TopSample before = Sample(0, 100, Server("a", 10, 2, 1, [5, 0]), Server("b", 0, 0, 0, [0, 0]));
        TopSample now = Sample(2, 300, Server("a", 30, 6, 1, [5, 20]), Server("b", 0, 0, 0, [0, 0]));
        List<string> lines = TopView.Lines(before, now, TopOrder.Name);
        Assert.StartsWith("nativeproxy 1.2.3, process 7, 2 workers, since ", lines[0]);
        Assert.Contains(lines, static line => line.StartsWith("requests   100/s", System.StringComparison.Ordinal));
        Assert.Equal(["app/a", "up", "10", "2.0", "0", "0", "3", "4", "5", "7.5"], Words(lines[^2])[..10]);
        Assert.Equal(["app/b", "up", "0", "0", "0", "0", "3", "4", "5", "-", "-"], Words(lines[^1]));
    }

    [Theory]
    [InlineData("Name", "a b c")]
    [InlineData("Requests", "b c a")]
    [InlineData("Errors", "c a b")]
    [InlineData("Latency", "b a c")]
    public void Order_IsThatOfTheColumn(string order, string expected)
    {
        TopSample before = Sample(0, 0, Server("a", 0, 0, 0, [0, 0]), Server("b", 0, 0, 0, [0, 0]), Server("c", 0, 0, 0, [0, 0]));
        TopSample now = Sample(1, 0, Server("a", 10, 1, 0, [3, 0]), Server("b", 40, 0, 0, [0, 40]), Server("c", 20, 5, 0, [0, 0]));
        List<string> lines = TopView.Lines(before, now, System.Enum.Parse<TopOrder>(order));
        Assert.Equal(expected, string.Join(' ', lines.TakeLast(3).Select(static line => line[4..5])));
    }

    /// <summary>A server that has come, or whose counts began anew, has no negative rates.</summary>
    [Fact]
    public void ServerThatBeganAnew_HasNoNegativeRates()
    {
        TopSample before = Sample(0, 0, Server("a", 1000, 10, 5, [900, 100]));
        TopSample now = Sample(1, 0, Server("a", 10, 0, 0, [8, 2]), Server("new", 7, 0, 0, [7, 0]));
        List<string> lines = TopView.Lines(before, now, TopOrder.Name);
        Assert.Equal("0", Words(lines[^2])[2]);
        Assert.Equal("7.0", Words(lines[^1])[2]);
    }

    /// <summary>After an upgrade another process answers, which counts from the beginning.</summary>
    [Fact]
    public void ProxyThatBeganAnew_HasNoNegativeRates() =>
        Assert.Contains(TopView.Lines(Sample(0, 500), Sample(1, 20), TopOrder.Name),
            static line => line.StartsWith("requests   0/s", System.StringComparison.Ordinal));

    [Fact]
    public void LostAnswer_IsSaid_AndTheNextOneShown()
    {
        var looks = new TopLooks(Sample(0, 100));
        Assert.True(looks.Take(Sample(1, 200), ""));
        for (int round = 0; round < 2; round++)
        {
            for (int i = 1; i < TopLooks.LostMax; i++)
            {
                Assert.True(looks.Take(null, "nobody is there\nat all"));
                string[] lost = [.. looks.Lines(TopOrder.Name)];
                Assert.Equal($"no answer ({i} of 5), this is how it was: nobody is there", lost[0]);
                Assert.Contains(lost, static line => line.StartsWith("requests   100/s", System.StringComparison.Ordinal));
            }
            if (round == 0)
            {
                Assert.True(looks.Take(Sample(11, 1200), ""));
                Assert.StartsWith("nativeproxy ", looks.Lines(TopOrder.Name).First());
                Assert.Contains(looks.Lines(TopOrder.Name), static line => line.StartsWith("requests   100/s", System.StringComparison.Ordinal));
            }
        }
        Assert.False(looks.Take(null, "nobody is there"));
    }

    private static string[] Words(string line) => line.Split(' ', System.StringSplitOptions.RemoveEmptyEntries);

    private static TopSample Sample(int second, long requests, params string[] servers) => TopSample.Of(
        Json(Status), Json($$$"""{"nativeproxy_requests_total":{{{requests}}}}"""), Json($$"""{"servers":[{{string.Join(',', servers)}}]}"""),
        Stopwatch.Frequency * (second + 1));

    private static string Server(string name, long ok, long errors, long failed, long[] buckets) => $$$"""
        {"upstream":"app","server":"{{{name}}}","state":"up","responses":{"2xx":{{{ok - errors}}},"3xx":0,"4xx":0,"5xx":{{{errors}}} },
        "failed":{{{failed}}},"retried":0,"connections":{"active":3,"idle":4},"queued":5,
        "latency":{"buckets":[{{{string.Join(',', buckets)}}},0,0,0,0,0,0,0,0,0,0]}}
        """;

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
