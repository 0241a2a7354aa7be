using System;
using System.Buffers;
using System.Linq;
using System.Text;
using NativeProxy.Admin;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Admin;

/// <summary>Which build runs, and what its processes use; the end-to-end tests compare the figures with those of the kernel.</summary>
public sealed class ProcessMetricsTextTests
{
    [Fact]
    public void BuildInfo_IsAOneWithItsLabels()
    {
        string line = Assert.Single(LinesOf(0), static line => line.StartsWith("nativeproxy_build_info{", StringComparison.Ordinal));
        Assert.Matches(
            $"^nativeproxy_build_info\\{{version=\"{ProductVersion.Text}\",revision=\"([0-9a-f]{{40}}|unknown)\",framework=\"net10.0\","
            + $"platform=\"[a-z0-9-]+\"\\}} 1$", line);
    }

    [Fact]
    public void OnlyWorkersThatRun_HaveFigures()
    {
        string[] lines = LinesOf(Environment.ProcessId, 0, int.MaxValue);
        Assert.Single(lines, static line => line.StartsWith("nativeproxy_worker_process_open_fds{worker=\"0\"} ", StringComparison.Ordinal));
        Assert.DoesNotContain(lines,
            static line => line.Contains("worker=\"1\"", StringComparison.Ordinal) || line.Contains("worker=\"2\"", StringComparison.Ordinal));
    }

    [Fact]
    public void EachFamily_HasOneHead_ForThisProcessAndForTheWorkers()
    {
        string[] lines = LinesOf(Environment.ProcessId, Environment.ProcessId);
        string[] families = [.. lines.Where(static line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
            .Select(static line => line.Split(' ')[2])];
        Assert.Equal(families.Distinct(), families);
        Assert.Equal(1 + (7 * 2), families.Length);
        Assert.Contains("# TYPE process_cpu_seconds_total counter", lines);
        Assert.Contains("# TYPE nativeproxy_worker_process_cpu_seconds_total counter", lines);
    }

    private static string[] LinesOf(params int[] processIds)
    {
        using CounterBoard board = CounterBoard.CreatePrivate(processIds.Length);
        for (int i = 0; i < processIds.Length; i++)
            board.Row(i).ProcessId = processIds[i];
        ArrayBufferWriter<byte> output = new();
        ProcessMetricsText.Write(board, output);
        return Encoding.UTF8.GetString(output.WrittenSpan).Split('\n');
    }
}
