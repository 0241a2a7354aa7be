using System;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// When a worker that has ended is started again: at once when it had served, with a growing delay when it never did. One that serves and dies at
/// once, many times in a row, waits as well: it would only keep the processors busy. Pure; time comes in.
/// </summary>
internal sealed class RestartDelay
{
    private const long FirstMs = 100;
    private const long LongestMs = 10_000;

    /// <summary>A life that is shorter than this after the worker began to serve is a short one.</summary>
    private const long ShortLifeMs = 1000;

    /// <summary>So many short lives in a row are forgiven.</summary>
    private const int ShortLivesMax = 20;

    private long? _servesSinceMs;
    private long _nextMs = FirstMs;
    private int _shortLives;

    /// <summary>When the worker may be started again; 0 = at any time.</summary>
    public long DueMs { get; private set; }

    /// <summary>A process was started.</summary>
    public void Started() => _servesSinceMs = null;

    /// <summary>It serves.</summary>
    public void Served(long nowMs) => _servesSinceMs = nowMs;

    /// <summary>It has ended, or could not be started. Returns the delay in ms until the next start.</summary>
    public long Ended(long nowMs)
    {
        bool isShort = _servesSinceMs is { } since && nowMs - since < ShortLifeMs;
        _shortLives = isShort ? _shortLives + 1 : 0;
        bool isForgiven = _servesSinceMs is not null && _shortLives <= ShortLivesMax;
        long delayMs = isForgiven ? 0 : _nextMs;
        _nextMs = isForgiven ? FirstMs : Math.Min(_nextMs * 2, LongestMs);
        _servesSinceMs = null;
        DueMs = nowMs + delayMs;
        return delayMs;
    }
}
