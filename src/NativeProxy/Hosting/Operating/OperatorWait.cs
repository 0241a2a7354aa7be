using System;
using System.Diagnostics;
using System.Threading;
using NativeProxy.Config;

namespace NativeProxy.Hosting.Operating;

/// <summary>How long a command waits for what it has asked of a proxy. Immutable; blocks.</summary>
/// <param name="LimitMs">The longest time.</param>
internal sealed record OperatorWait(long LimitMs)
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    /// <summary>Null, and told, when the text is no time.</summary>
    public static OperatorWait? Of(string text)
    {
        if (Units.TryParseDuration(text, out long limitMs) && limitMs > 0)
            return new OperatorWait(limitMs);
        OperatorText.Failed($"--timeout: \"{text}\" is no time such as \"30s\"");
        return null;
    }

    /// <summary>Looks again and again; the exit code that a look comes to, or null when none has in time.</summary>
    public int? For(Func<int?> look)
    {
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began).TotalMilliseconds < LimitMs)
        {
            if (look() is { } code)
                return code;
            Thread.Sleep(Pace);
        }
        return null;
    }
}
