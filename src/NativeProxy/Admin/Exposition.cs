using System;
using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace NativeProxy.Admin;

/// <summary>
/// The lines of the Prometheus text exposition format, version 0.0.4: the head of a family, then its samples, in base units. Stateless; any
/// thread. Label values come from us and hold no sign that would have to be escaped.
/// </summary>
internal static class Exposition
{
    /// <summary>HELP and TYPE.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="name">Name of the family.</param>
    /// <param name="help">One sentence without line ends and backslashes.</param>
    /// <param name="isCounter">A counter; else a gauge.</param>
    public static void Head(IBufferWriter<byte> output, string name, string help, bool isCounter) =>
        Head(output, name, help, isCounter ? " counter\n"u8 : " gauge\n"u8);

    /// <summary>HELP and TYPE of a histogram, whose samples are its buckets, its sum and its count.</summary>
    public static void HistogramHead(IBufferWriter<byte> output, string name, string help) => Head(output, name, help, " histogram\n"u8);

    private static void Head(IBufferWriter<byte> output, string name, string help, ReadOnlySpan<byte> type)
    {
        output.Write("# HELP "u8);
        Text(output, name);
        output.Write(" "u8);
        Text(output, help);
        output.Write("\n# TYPE "u8);
        Text(output, name);
        output.Write(type);
    }

    /// <summary>One sample.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="name">Name of the family.</param>
    /// <param name="labels">What stands between the braces, or null.</param>
    /// <param name="value">The value.</param>
    public static void Sample(IBufferWriter<byte> output, string name, string? labels, long value)
    {
        NameAndLabels(output, name, labels);
        Number(output, value);
        output.Write("\n"u8);
    }

    /// <summary>One sample in seconds, exact to the millisecond: 1500 is <c>1.5</c>.</summary>
    public static void Seconds(IBufferWriter<byte> output, string name, string? labels, long milliseconds)
    {
        NameAndLabels(output, name, labels);
        if (milliseconds < 0)
            output.Write("-"u8);
        Number(output, Math.Abs(milliseconds / 1000));
        int rest = (int)Math.Abs(milliseconds % 1000);
        if (rest > 0)
        {
            Span<byte> digits = [(byte)'.', (byte)('0' + (rest / 100)), (byte)('0' + (rest / 10 % 10)), (byte)('0' + (rest % 10))];
            output.Write(digits.TrimEnd((byte)'0'));
        }
        output.Write("\n"u8);
    }

    private static void NameAndLabels(IBufferWriter<byte> output, string name, string? labels)
    {
        Text(output, name);
        if (labels is not null)
        {
            output.Write("{"u8);
            Text(output, labels);
            output.Write("}"u8);
        }
        output.Write(" "u8);
    }

    private static void Text(IBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);

    private static void Number(IBufferWriter<byte> output, long value)
    {
        Span<byte> digits = output.GetSpan(20);
        Utf8Formatter.TryFormat(value, digits, out int written);
        output.Advance(written);
    }
}
