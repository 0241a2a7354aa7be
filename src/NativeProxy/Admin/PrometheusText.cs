using System;
using System.Buffers;
using System.Buffers.Text;
using System.Text;
using NativeProxy.Metrics;

namespace NativeProxy.Admin;

/// <summary>
/// Writes all counters in the Prometheus text exposition format, version 0.0.4, summed over the workers. Stateless; any thread.
/// </summary>
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
            {
                family = info.Name;
                WriteFamilyHead(info, output);
            }

            WriteText(info.Name, output);
            if (info.Label is not null)
            {
                output.Write("{"u8);
                WriteText(info.Label, output);
                output.Write("}"u8);
            }

            output.Write(" "u8);
            WriteNumber(board.Sum(info.Id), output);
            output.Write("\n"u8);
        }
    }

    private static void WriteFamilyHead(in CounterInfo info, IBufferWriter<byte> output)
    {
        output.Write("# HELP "u8);
        WriteText(info.Name, output);
        output.Write(" "u8);
        WriteText(info.Help, output);
        output.Write("\n# TYPE "u8);
        WriteText(info.Name, output);
        output.Write(info.Kind == CounterKind.Counter ? " counter\n"u8 : " gauge\n"u8);
    }

    private static void WriteText(string text, IBufferWriter<byte> output) => Encoding.UTF8.GetBytes(text, output);

    private static void WriteNumber(long value, IBufferWriter<byte> output)
    {
        Span<byte> digits = output.GetSpan(20);
        Utf8Formatter.TryFormat(value, digits, out int written);
        output.Advance(written);
    }
}
