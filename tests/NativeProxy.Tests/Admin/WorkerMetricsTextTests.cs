using System;
using System.Buffers;
using System.Text;
using NativeProxy.Admin;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Admin;

[Trait("promise", "S3.24")]
public sealed class WorkerMetricsTextTests
{
    [Fact]
    public void EachWorker_HasASampleOfItsOwn_UnderOneHeadPerFamily()
    {
        using CounterBoard board = CounterBoard.CreatePrivate(2);
        (board.Row(0).ProcessId, board.Row(1).ProcessId) = (100, 101);
        board.Row(0).Set(CounterId.ClientConnectionsIdle, 7);
        board.Row(1).Set(CounterId.ClientConnectionsIdle, 8);
        board.Row(1).Set(CounterId.PressureMemory, 1);
        ArrayBufferWriter<byte> output = new();
        WorkerMetricsText.Write(board, output);
        string[] lines = Encoding.UTF8.GetString(output.WrittenSpan).Split('\n');

        Assert.Contains("nativeproxy_worker_client_connections_idle{worker=\"0\"} 7", lines);
        Assert.Contains("nativeproxy_worker_client_connections_idle{worker=\"1\"} 8", lines);
        Assert.Contains("nativeproxy_worker_pressure{worker=\"0\",resource=\"memory\"} 0", lines);
        Assert.Contains("nativeproxy_worker_pressure{worker=\"1\",resource=\"memory\"} 1", lines);
        Assert.Single(lines, static line => line.StartsWith("# HELP nativeproxy_worker_pressure Per worker: ", StringComparison.Ordinal));
        Assert.Single(lines, static line => line == "# TYPE nativeproxy_worker_pressure gauge");
    }

    [Fact]
    public void Families_AreGaugesThatTheSumsHaveToo()
    {
        using CounterBoard board = CounterBoard.CreatePrivate(1);
        ArrayBufferWriter<byte> perWorker = new();
        WorkerMetricsText.Write(board, perWorker);
        ArrayBufferWriter<byte> sums = new();
        PrometheusText.Write(board, sums);
        string[] known = Encoding.UTF8.GetString(sums.WrittenSpan).Split('\n');

        foreach (string line in Encoding.UTF8.GetString(perWorker.WrittenSpan).Split('\n'))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
                Assert.Contains(line.Replace("_worker_", "_", StringComparison.Ordinal), known);
        }
    }
}
