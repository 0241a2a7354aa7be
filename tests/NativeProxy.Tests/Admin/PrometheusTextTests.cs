using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using NativeProxy.Admin;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Admin;

/// <summary>The exposition text, line by line, as a scraper reads it.</summary>
public sealed class PrometheusTextTests
{
    private static string[] Lines(CounterBoard board)
    {
        ArrayBufferWriter<byte> output = new();
        PrometheusText.Write(board, output);
        string text = Encoding.UTF8.GetString(output.WrittenSpan);
        Assert.EndsWith("\n", text);
        return text[..^1].Split('\n');
    }

    [Fact]
    public void CountersOfAllWorkers_AreSummedIntoOneSample()
    {
        using CounterBoard board = CounterBoard.CreatePrivate(2);
        board.Row(0).Add(CounterId.Requests, 5);
        board.Row(1).Add(CounterId.Requests, 6);
        Assert.Contains("nativeproxy_requests_total 11", Lines(board));
    }

    [Fact]
    public void LabelledRows_ShareOneHead()
    {
        using CounterBoard board = CounterBoard.CreatePrivate(1);
        board.Row(0).Add(CounterId.Responses2xx, 3);
        string[] lines = Lines(board);
        int head = Array.IndexOf(lines, "# HELP nativeproxy_responses_total Responses sent to clients, by status class.");
        Assert.True(head >= 0);
        Assert.Equal("# TYPE nativeproxy_responses_total counter", lines[head + 1]);
        Assert.Equal("nativeproxy_responses_total{class=\"1xx\"} 0", lines[head + 2]);
        Assert.Equal("nativeproxy_responses_total{class=\"2xx\"} 3", lines[head + 3]);
        Assert.Single(lines, line => line.StartsWith("# TYPE nativeproxy_responses_total ", StringComparison.Ordinal));
    }

    [Fact]
    public void NegativeAndLargestValues_AreWrittenWhole()
    {
        using CounterBoard board = CounterBoard.CreatePrivate(1);
        board.Row(0).Set(CounterId.ClientConnectionsOpen, long.MinValue);
        board.Row(0).Set(CounterId.Requests, long.MaxValue);
        string[] lines = Lines(board);
        Assert.Contains("nativeproxy_client_connections_open -9223372036854775808", lines);
        Assert.Contains("nativeproxy_requests_total 9223372036854775807", lines);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "0.001")]
    [InlineData(20, "0.02")]
    [InlineData(1500, "1.5")]
    [InlineData(61_000, "61")]
    [InlineData(-1, "-0.001")]
    [InlineData(long.MaxValue, "9223372036854775.807")]
    [InlineData(long.MinValue, "-9223372036854775.808")]
    public void Milliseconds_AreShownAsSeconds_ToTheLastDigit(long milliseconds, string shown)
    {
        using CounterBoard board = CounterBoard.CreatePrivate(1);
        board.Row(0).Set(CounterId.ClientConnectionLifeMs, milliseconds);
        Assert.Contains("nativeproxy_client_connection_life_seconds_total " + shown, Lines(board));
    }

    [Fact]
    public void EveryCounter_HasExactlyOneSample()
    {
        using CounterBoard board = CounterBoard.CreatePrivate(1);
        string[] samples = Lines(board).Where(line => !line.StartsWith('#')).ToArray();
        Assert.Equal(CounterTable.Count, samples.Length);
        Assert.Equal(samples.Length, new HashSet<string>(samples.Select(line => line[..line.LastIndexOf(' ')])).Count);
    }
}
