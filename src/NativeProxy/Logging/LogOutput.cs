using System;
using System.Threading;

namespace NativeProxy.Logging;

/// <summary>
/// One of the logs on its way out: gathers lines, writes them by one call, and counts those that could not be written. Owner: a
/// <see cref="LogWriter"/>; its thread, but for the figures.
/// </summary>
internal sealed class LogOutput(LogTarget target, string name, ErrorLog errors) : IDisposable
{
    private readonly LossReport _report = new(errors);
    private long _linesWritten;
    private long _linesLost;
    private int _lines;

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
            _report.Forget();
        else
            errors.Error($"{name} log could not be reopened, the old file stays in use: {error}");
    }

    /// <summary>Writes what is gathered. A failure is counted each time, and told once while it lasts, as its end is.</summary>
    /// <param name="nowMs">The system's clock since its start.</param>
    public void Write(long nowMs)
    {
        bool isEmpty = Text.Bytes.IsEmpty;
        string? error = target.Write(Text.Bytes);
        Text.Clear();
        int lines = _lines;
        _lines = 0;
        if (error is null)
        {
            Volatile.Write(ref _linesWritten, _linesWritten + lines);
            if (!isEmpty)
                _report.End($"{name} log takes lines again", _linesLost);
            return;
        }
        _report.Begin($"{name} log lines are lost: {error}", _linesLost, nowMs);
        Volatile.Write(ref _linesLost, _linesLost + lines);
    }

    public void Dispose() => target.Dispose();
}
