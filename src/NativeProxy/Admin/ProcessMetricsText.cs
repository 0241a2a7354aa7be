using System;
using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using NativeProxy.Foundation;
using NativeProxy.Metrics;

namespace NativeProxy.Admin;

/// <summary>
/// Writes which build runs, and what the kernel says about its processes: under the names that Prometheus has for it, the process that
/// answers (the supervisor; with <c>--single-process</c> all there is), and per worker the processes that do the work. Figures of the kernel on
/// Linux only. Stateless; any thread. Allocates: it runs when an operator asks.
/// </summary>
internal static class ProcessMetricsText
{
    private const string Own = "";
    private const string Workers = "nativeproxy_worker_";

    private static readonly Family[] Families =
    [
        new("process_cpu_seconds_total", "Processor time in user and kernel mode.", true, static figures => figures.CpuMs, IsInMs: true),
        new("process_resident_memory_bytes", "Memory that is in use.", false, static figures => figures.ResidentBytes),
        new("process_virtual_memory_bytes", "Address space that is in use.", false, static figures => figures.VirtualBytes),
        new("process_open_fds", "Open descriptors.", false, static figures => figures.OpenDescriptors),
        new("process_max_fds", "Descriptors that may be open; -1 = without a limit.", false, static figures => figures.DescriptorsMax),
        new("process_threads", "Threads.", false, static figures => figures.Threads),
        new("process_start_time_seconds", "When the process began, in seconds since 1970-01-01 UTC.", false, static figures => figures.StartedWallMs,
            IsInMs: true),
    ];

    public static void Write(CounterBoard board, IBufferWriter<byte> output)
    {
        Exposition.Head(output, "nativeproxy_build_info", "The build that runs, as labels of a one.", isCounter: false);
        string framework = string.Create(CultureInfo.InvariantCulture, $"net{Environment.Version.ToString(2)}");
        Exposition.Sample(
            output, "nativeproxy_build_info",
            $"version=\"{ProductVersion.Text}\",revision=\"{ProductVersion.Revision}\",framework=\"{framework}\","
            + $"platform=\"{RuntimeInformation.RuntimeIdentifier}\"", 1);
        if (ProcessFigures.Of(Environment.ProcessId) is { } own)
            Write(output, Own, [(null, own)]);
        var workers = new (string? Labels, ProcessFigures Figures)[board.WorkerCount];
        int count = 0;
        for (int i = 0; i < board.WorkerCount; i++)
        {
            // One that has not begun, or that has ended, has none.
            if (board.Row(i).ProcessId is not 0 and var id && ProcessFigures.Of(id) is { } figures)
                workers[count++] = ($"worker=\"{i}\"", figures);
        }
        Write(output, Workers, workers.AsSpan(0, count));
    }

    private static void Write(IBufferWriter<byte> output, string prefix, ReadOnlySpan<(string? Labels, ProcessFigures Figures)> processes)
    {
        if (processes.IsEmpty)
            return;
        foreach (Family family in Families)
        {
            string name = prefix + family.Name;
            Exposition.Head(output, name, prefix == Own ? family.Help : "Per worker: " + family.Help, family.IsCounter);
            foreach ((string? labels, ProcessFigures figures) in processes)
            {
                if (family.IsInMs)
                    Exposition.Seconds(output, name, labels, family.Value(figures));
                else
                    Exposition.Sample(output, name, labels, family.Value(figures));
            }
        }
    }

    /// <summary>One figure of each process: name behind the prefix, help, kind, value, and whether that is in milliseconds.</summary>
    private sealed record Family(string Name, string Help, bool IsCounter, Func<ProcessFigures, long> Value, bool IsInMs = false);
}
