using System.Buffers;
using NativeProxy.Metrics;

namespace NativeProxy.Admin;

/// <summary>Writes all counters in the Prometheus text exposition format, summed over the workers. Stateless; any thread.</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>HELP and TYPE once per family, then one sample per row of <see cref="CounterTable"/>.</summary>
    public static void Write(CounterBoard board, IBufferWriter<byte> output)
    {
        string? family = null;
        foreach (CounterInfo info in CounterTable.Rows)
        {
            if (info.Name != family)
                Exposition.Head(output, info.Name, info.Help, info.Kind == CounterKind.Counter);
            family = info.Name;
            if (info.Unit == CounterUnit.Milliseconds)
                Exposition.Seconds(output, info.Name, info.Label, board.Sum(info.Id));
            else
                Exposition.Sample(output, info.Name, info.Label, board.Sum(info.Id));
        }
    }
}
