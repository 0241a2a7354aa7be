using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Pipes;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// What the agent beside a server says of it in one line (HAProxy's agent-check): up and ready, drain, maint, down, stopped, fail, or a percentage of
/// its weight, which holds until it says another one. 0 means drain; more than 100 is the whole weight. What follows a '#' is for people. Other
/// words say nothing. Immutable.
/// </summary>
/// <param name="Send">What it is asked first; empty = nothing.</param>
internal sealed record AgentQuestion(string Send) : HealthQuestion
{
    /// <summary>An agent says one line.</summary>
    private const int LineBytesMax = 1024;

    /// <inheritdoc/>
    public override async Task<bool> AskAsync(SocketPipe pipe, Action<CheckResult> report, CancellationToken over)
    {
        CheckResult result;
        try
        {
            await SendAsync(pipe, Send, over);
            result = await ReadAsync(pipe, Judge, over);
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            result = WithoutAnswer(over);
        }
        report(result);
        if (result.Outcome == CheckOutcome.ResponseTimeout)
            return false;
        await pipe.FinishAsync(RestBytesMax, over);
        return true;
    }

    /// <summary>The words of the line, once it is whole.</summary>
    private static CheckResult? Judge(byte[] seen, bool isAll)
    {
        int end = seen.AsSpan().IndexOfAny((byte)'\n', (byte)'\r');
        if (end < 0 && !isAll && seen.Length < LineBytesMax)
            return null;
        return seen.Length == 0 ? null : Read(Encoding.Latin1.GetString(seen, 0, end < 0 ? Math.Min(seen.Length, LineBytesMax) : end));
    }

    /// <summary>The word that takes most away counts.</summary>
    internal static CheckResult Read(string line)
    {
        var words = new HashSet<string>(
            line.Split('#')[0].Split((char[])[' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries), StringComparer.OrdinalIgnoreCase);
        if (words.Overlaps(["maint", "down", "stopped", "fail", "failed"]))
            return new CheckResult(CheckOutcome.AgentDown);
        if (words.Contains("drain") || HasZero(words))
            return new CheckResult(CheckOutcome.Leaving);
        bool isUp = words.Overlaps(["up", "ready"]);
        int percent = 0;
        foreach (string word in words)
        {
            if (word.EndsWith('%') && int.TryParse(word.AsSpan(0, word.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int said))
                percent = Math.Max(percent, Math.Min(said, 100));
        }
        return isUp || percent > 0
            ? new CheckResult(CheckOutcome.AgentUp) { WeightPercent = percent }
            : new CheckResult(CheckOutcome.WrongWords);
    }

    private static bool HasZero(HashSet<string> words)
    {
        foreach (string word in words)
        {
            if (word.Length > 1 && word.EndsWith('%') && word.AsSpan(0, word.Length - 1).TrimStart('0').IsEmpty)
                return true;
        }
        return false;
    }
}
