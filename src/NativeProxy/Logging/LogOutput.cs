using System;
using System.Threading;

namespace NativeProxy.Logging;

/// <summary>
/// One of the logs on its way out: gathers lines, writes them by one call, and counts those that could not be written. Owner: a
/// <see cref="LogWriter"/>; its thread, but for the figures.
/// </summary>
internal sealed class LogOutput(LogTarget target, string name, ErrorLog errors) : IDisposable
{
    private long _linesWritten;
    private long _linesLost;
    private int _lines;
    private bool _hasReported;

    /// <summary>The lines that are gathered; whoever appends one says so with <see cref="EndLine"/>.</summary>
    public LogText Text { get; } = new();

    /// <summary>Lines the target took; any thread may read.</summary>
    public long LinesWritten => target.LinesSent ?? Volatile.Read(ref _linesWritten);

    /// <summary>Lines of batches that failed; part of such a batch may have been written.</summary>
    public long LinesLost => target.LinesLost ?? Volatile.Read(ref _linesLost);

    /// <summary>In how many milliseconds <see cref="Write"/> has something to do without lines; -1 = nothing.</summary>
    public int NextMs => target.NextMs;

    public void EndLine() => _lines++;

    /// <summary>Opens the file anew; a failure leaves the old one in use.</summary>
    public void Reopen()
    {
        string? error = target.Reopen();
        if (error is null)
            _hasReported = false;
        else
            errors.Error($"{name} log could not be reopened, the old file stays in use: {error}");
    }

    /// <summary>Writes what is gathered. A failure is counted each time and told once, until the file is reopened.</summary>
    public void Write()
    {
        string? error = target.Write(Text.Bytes);
        Text.Clear();
        int lines = _lines;
        _lines = 0;
        if (error is null)
        {
            Volatile.Write(ref _linesWritten, _linesWritten + lines);
            return;
        }
        Volatile.Write(ref _linesLost, _linesLost + lines);
        if (_hasReported)
            return;
        _hasReported = true;
        errors.Error($"{name} log lines are lost: {error}");
    }

    public void Dispose() => target.Dispose();
}
