using System;
using System.Buffers;
using NativeProxy.Metrics;

namespace NativeProxy.Admin;

/// <summary>
/// Writes a few levels once more, per worker: each worker has its own connections, descriptors and buffers, and runs short of them alone.
/// Prometheus text exposition format. Stateless; any thread. Allocates: it runs when an operator asks.
/// </summary>
internal static class WorkerMetricsText
{
    /// <summary>What is shown; the name of the sum with "worker_" before it, and the same help.</summary>
    private static readonly CounterId[] Shown =
    [
        CounterId.ClientConnectionsOpen,
        CounterId.ClientConnectionsIdle,
        CounterId.ServerConnectionsOpen,
        CounterId.ServerConnectionsIdle,
        CounterId.PressureDescriptors,
        CounterId.PressureMemory,
        CounterId.BufferBytesReceiveTails,
        CounterId.IdleClientBytes,
        CounterId.IdleServerBytes,
    ];

    public static void Write(CounterBoard board, IBufferWriter<byte> output)
    {
        string? family = null;
        foreach (CounterId id in Shown)
        {
            CounterInfo info = CounterTable.Rows[(int)id];
            string name = info.Name.Replace("nativeproxy_", "nativeproxy_worker_", StringComparison.Ordinal);
            if (info.Name != family)
                Exposition.Head(output, name, "Per worker: " + info.Help, isCounter: false);
            family = info.Name;
            foreach (int i in board.Serving)
                Exposition.Sample(output, name, $"worker=\"{i}\"{(info.Label is null ? "" : "," + info.Label)}", board.Row(i).Read(id));
        }
    }
}
