using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Pipes;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// What a check says on the connection that it has opened, and how it judges what comes back. Immutable; two that ask the same are equal. Runs on the
/// thread pool.
/// </summary>
internal abstract record HealthQuestion
{
    /// <summary>Longest text that an answer is looked through for.</summary>
    protected const int TextBytesMax = 16 * 1024;

    /// <summary>More than this is not waited for at the end.</summary>
    protected const int RestBytesMax = 256 * 1024;

    /// <summary>Asks, and reports the result once. False when the connection was cut short, and must end by RST.</summary>
    public abstract Task<bool> AskAsync(SocketPipe pipe, Action<CheckResult> report, CancellationToken over);

    /// <summary>Sends a text, one byte for each character.</summary>
    protected static async Task SendAsync(SocketPipe pipe, string text, CancellationToken over)
    {
        if (text.Length > 0)
            await pipe.Output.WriteAsync(Encoding.Latin1.GetBytes(text), over);
    }

    /// <summary>What it means that nothing more will come.</summary>
    protected static CheckResult WithoutAnswer(CancellationToken over) =>
        new(over.IsCancellationRequested ? CheckOutcome.ResponseTimeout : CheckOutcome.ClosedWithoutResponse);

    /// <summary>
    /// Reads until the judge knows a result of what has come so far, which is <see cref="TextBytesMax"/> at most. What was read stays unread for
    /// whoever comes next.
    /// </summary>
    /// <param name="pipe">The connection.</param>
    /// <param name="judge">Is given what has come, and whether that is all; null = more is needed.</param>
    /// <param name="over">The time is over.</param>
    protected static async Task<CheckResult> ReadAsync(SocketPipe pipe, Func<byte[], bool, CheckResult?> judge, CancellationToken over)
    {
        try
        {
            while (true)
            {
                ReadResult read = await pipe.Input.ReadAsync(over);
                ReadOnlySequence<byte> seen = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, TextBytesMax));
                bool isAll = read.IsCompleted || seen.Length == TextBytesMax;
                CheckResult? result = judge(seen.ToArray(), isAll);
                pipe.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (result is { } known)
                    return known;
                if (isAll)
                    return WithoutAnswer(over);
            }
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            return WithoutAnswer(over);
        }
    }
}
