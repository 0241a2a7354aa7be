using System;
using System.Threading;

namespace NativeProxy.Logging;

/// <summary>
/// The only thread that formats and writes access log lines. Owner: the worker. It sleeps while the ring is empty; under load it gathers
/// records for a while and writes each batch by one call. It may block; nobody waits for it but <see cref="Dispose"/>.
/// </summary>
internal sealed class LogWriter : IDisposable
{
    /// <summary>At most so many wake-ups per second: 1000 / this.</summary>
    private const int GatherMs = 10;

    private const int BatchBytes = 64 * 1024;

    /// <summary>How long a stuck target (a pipe nobody reads) may hold up the end of the process.</summary>
    private const int StopMs = 5000;

    private readonly LogRing _ring;
    private readonly LogNames _names;
    private readonly AccessLogStyle _style;
    private readonly LogTarget _target;
    private readonly ErrorLog _errors;
    private readonly LogText _text = new();
    private readonly Thread _thread;
    private long _linesWritten;
    private long _linesLost;
    private bool _hasReported;
    private bool _isStopping;
    private int _isReopenAsked;

    /// <summary>Takes over <paramref name="target"/>; the ring stays the caller's, to be disposed after this.</summary>
    public LogWriter(LogRing ring, LogNames names, AccessLogStyle style, LogTarget target, ErrorLog errors)
    {
        _ring = ring;
        _names = names;
        _style = style;
        _target = target;
        _errors = errors;
        _thread = new Thread(Run) { IsBackground = true, Name = "log writer" };
        _thread.Start();
    }

    /// <summary>Lines the target took; any thread may read.</summary>
    public long LinesWritten => Volatile.Read(ref _linesWritten);

    /// <summary>Lines of batches that failed; part of such a batch may have been written.</summary>
    public long LinesLost => Volatile.Read(ref _linesLost);

    /// <summary>Any thread: asks for the file to be opened anew before the next line (log rotation).</summary>
    public void Reopen()
    {
        Volatile.Write(ref _isReopenAsked, 1);
        _ring.Wake();
    }

    /// <summary>After the producer's last record: writes everything that is in the ring, closes the target and ends the thread.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _isStopping, true);
        _ring.Wake();
        if (_thread.Join(StopMs))
        {
            _target.Dispose();
        }
    }

    private void Run()
    {
        while (true)
        {
            // Read before the ring is, so that records from before the stop are seen to be in it.
            bool isStopping = Volatile.Read(ref _isStopping);
            ReopenIfAsked();
            int lines = FormatBatch();
            WriteBatch(lines);
            if (_text.Length >= BatchBytes)
            {
                continue;
            }

            if (isStopping)
            {
                return;
            }

            if (lines > 0)
            {
                _ring.Pause(GatherMs);
            }
            else
            {
                _ring.WaitForRecord();
            }
        }
    }

    private void ReopenIfAsked()
    {
        if (Interlocked.Exchange(ref _isReopenAsked, 0) == 0)
        {
            return;
        }

        string? error = _target.Reopen();
        if (error is null)
        {
            _hasReported = false;
        }
        else
        {
            _errors.Error($"access log could not be reopened, the old file stays in use: {error}");
        }
    }

    /// <summary>Formats until the ring is empty or the batch is full; returns the number of lines.</summary>
    private int FormatBatch()
    {
        int lines = 0;
        _text.Clear();
        while (_text.Length < BatchBytes && _ring.TryPeek(out ReadOnlySpan<byte> slot))
        {
            AppendLine(AccessRecordCodec.Read(slot));
            _ring.Release();
            lines++;
        }

        return lines;
    }

    private void AppendLine(in AccessRecord record)
    {
        switch (_style)
        {
            case AccessLogStyle.Combined:
                CombinedFormat.Append(_text, record);
                break;
            case AccessLogStyle.Json:
                JsonFormat.Append(_text, record, _names);
                break;
            default:
                HaproxyFormat.Append(_text, record, _names);
                break;
        }
    }

    /// <summary>A failure is counted each time and told once, until the file is reopened.</summary>
    private void WriteBatch(int lines)
    {
        string? error = _target.Write(_text.Bytes);
        if (error is null)
        {
            Volatile.Write(ref _linesWritten, _linesWritten + lines);
            return;
        }

        Volatile.Write(ref _linesLost, _linesLost + lines);
        if (!_hasReported)
        {
            _hasReported = true;
            _errors.Error($"access log lines are lost: {error}");
        }
    }
}
