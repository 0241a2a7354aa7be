using System;
using System.IO;
using System.Text;
using System.Threading;
using NativeProxy.Foundation;

namespace NativeProxy.Logging;

/// <summary>
/// The process's own lines, normally on stderr: <c>2026-11-22T10:11:12.123Z [pid] level message</c>. Called rarely, from any thread;
/// one write call per line, so that lines of several processes do not mix. Lines below <see cref="Level"/> are not written anywhere. A line that
/// cannot be written is lost: nobody is left to tell.
/// </summary>
internal sealed class ErrorLog
{
    private readonly ErrorLog? _other;
    private readonly LineThread? _thread;
    private readonly TimeProvider _time;
    private readonly Action<string>? _hear;
    private readonly Lock _writing = new();
    private readonly LogText _line = new();
    private Action<byte[]> _write;
    private LineThread? _elsewhere;
    private LogTarget? _target;
    private volatile LogLevel _level;

    /// <summary>Writes each line before the call returns.</summary>
    public ErrorLog(Stream output, TimeProvider time)
    {
        _write = line => WriteTo(output, line);
        _time = time;
    }

    /// <summary>Writes from a thread of its own: nobody who logs ever waits for whoever reads the log.</summary>
    /// <param name="target">Where the lines go.</param>
    /// <param name="time">Where the time of a line comes from.</param>
    public ErrorLog(LogTarget target, TimeProvider time)
    {
        _time = time;
        _thread = new LineThread(
            line => target.Write(line), dropped => LineAboutLog($"{dropped} lines of this log were dropped: nobody read them in time"));
        _write = _thread.Put;
    }

    /// <summary>Writes to another log, and says to somebody what it wrote.</summary>
    /// <param name="log">The other one, which must outlive it.</param>
    /// <param name="hear">Gets each message without its time, on the thread that logs; must not block.</param>
    public ErrorLog(ErrorLog log, Action<string> hear)
    {
        (_other, _write, _time, _hear) = (log, line => Volatile.Read(ref log._write)(line), log._time, hear);
    }

    /// <summary>The one that writes to this process's stderr.</summary>
    public static ErrorLog Stderr { get; } = new(LogTarget.Stderr(), TimeProvider.System);

    /// <summary>From which level on lines are written; that of the other log, where there is one. Any thread.</summary>
    public LogLevel Level
    {
        get => _other?.Level ?? _level;
        set => _level = value;
    }

    public void Info(string message) => Say(LogLevel.Info, message);

    public void Warn(string message) => Say(LogLevel.Warn, message);

    public void Error(string message) => Say(LogLevel.Error, message);

    /// <summary>Lines as they are, such as an excerpt of a file, with a line end behind them.</summary>
    /// <param name="level">How much they matter.</param>
    /// <param name="lines">For people.</param>
    public void Text(LogLevel level, string lines)
    {
        _hear?.Invoke(lines);
        if (level >= Level)
            Put(Encoding.UTF8.GetBytes(lines + "\n"));
    }

    /// <summary>Lines go there from now on, by a thread of its own again; <see cref="Aside"/> still writes where they went before.</summary>
    public void Divert(LogTarget target)
    {
        _target = target;
        _elsewhere = new LineThread(
            line => target.Write(line), dropped => LineAboutLog($"{dropped} lines of this log were dropped: nobody took them in time"),
            () => target.NextMs);
        Volatile.Write(ref _write, _elsewhere.Put);
    }

    /// <summary>A warning that never goes where lines were diverted to.</summary>
    public void Aside(string message) => _thread?.Put(LineAboutLog(message));

    /// <summary>
    /// The end of the process: waits until everything is written, or until that takes too long. What was diverted and not taken is then told where
    /// lines went before.
    /// </summary>
    public void Finish(TimeSpan limit)
    {
        if (_elsewhere is { } elsewhere && !elsewhere.Finish(limit) && elsewhere.LinesWaiting + _target!.LinesWaiting is > 0 and var left)
            Aside($"the last lines ({left}) were not taken where log.errors sends them, and are lost");
        _thread?.Finish(limit);
    }

    private void Put(byte[] line) => Volatile.Read(ref _write)(line);

    private static void WriteTo(Stream output, byte[] line)
    {
        try
        {
            output.Write(line);
            output.Flush();
        }
        catch (IOException)
        {
            // Closed pipe or full disk.
        }
    }

    /// <summary>Whoever hears hears every message.</summary>
    private void Say(LogLevel level, string message)
    {
        _hear?.Invoke(message);
        if (level >= Level)
            Put(LineOf(level, message));
    }

    /// <summary>A warning that lines are missing: where warnings are not written, errors are missing.</summary>
    private byte[] LineAboutLog(string message) => LineOf(Level > LogLevel.Warn ? Level : LogLevel.Warn, message);

    private byte[] LineOf(LogLevel level, string message)
    {
        lock (_writing)
        {
            _line.Clear();
            LogTime.AppendIso(_line, _time.GetUtcNow().ToUnixTimeMilliseconds());
            _line.Append(" ["u8);
            _line.AppendNumber(Environment.ProcessId);
            _line.Append("] "u8);
            _line.Append(WordOf(level));
            _line.Append(" "u8);
            _line.AppendPrintable(message);
            _line.Append("\n"u8);
            return _line.Bytes.ToArray();
        }
    }

    private static ReadOnlySpan<byte> WordOf(LogLevel level) => level switch
    {
        LogLevel.Info => "info"u8,
        LogLevel.Warn => "warn"u8,
        _ => "error"u8,
    };
}
