using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace NativeProxy.Logging;

/// <summary>
/// The only thread that formats and writes lines of the access log and of the connection log. Owner: the worker. It sleeps while the ring is empty; under load it gathers
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
    private readonly LogOutput? _access;
    private readonly LogOutput? _connections;
    private readonly Thread _thread;
    private bool _isStopping;
    private int _isReopenAsked;

    /// <summary>Takes over the targets; the ring stays the caller's, to be disposed after this.</summary>
    /// <param name="ring">Where the records come from.</param>
    /// <param name="names">Names that access records mention.</param>
    /// <param name="style">Shape of a line.</param>
    /// <param name="access">Where lines of exchanges go; null = nowhere.</param>
    /// <param name="errors">Hears of lines that cannot be written.</param>
    /// <param name="connections">Where lines of closed connections go, perhaps the same target; null = nowhere.</param>
    public LogWriter(LogRing ring, LogNames names, AccessLogStyle style, LogTarget? access, ErrorLog errors, LogTarget? connections = null)
    {
        _ring = ring;
        _names = names;
        _style = style;
        _access = access is null ? null : new LogOutput(access, "access", errors);
        _connections = connections is null ? null : connections == access ? _access : new LogOutput(connections, "connection", errors);
        _thread = new Thread(Run) { IsBackground = true, Name = "log writer" };
        _thread.Start();
    }

    /// <summary>Lines the targets took; any thread may read.</summary>
    public long LinesWritten => Sum(static output => output.LinesWritten);

    /// <summary>Lines of batches that failed; part of such a batch may have been written.</summary>
    public long LinesLost => Sum(static output => output.LinesLost);

    /// <summary>Any thread: asks for the files to be opened anew before the next line (log rotation).</summary>
    public void Reopen()
    {
        Volatile.Write(ref _isReopenAsked, 1);
        _ring.Wake();
    }

    /// <summary>After the producer's last record: writes everything that is in the ring, closes the targets and ends the thread.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _isStopping, true);
        _ring.Wake();
        if (_thread.Join(StopMs))
        {
            _access?.Dispose();
            _connections?.Dispose();
        }
    }

    private long Sum(Func<LogOutput, long> figure) =>
        (_access is null ? 0 : figure(_access)) + (_connections is null || _connections == _access ? 0 : figure(_connections));

    private void Run()
    {
        while (true)
        {
            // Read before the ring is, so that records from before the stop are seen to be in it.
            bool isStopping = Volatile.Read(ref _isStopping);
            ReopenIfAsked();
            bool hadLines = WriteBatch(out bool isFull);
            if (isFull)
            {
                continue;
            }

            if (isStopping)
            {
                return;
            }

            if (hadLines)
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

        _access?.Reopen();
        if (_connections != _access)
        {
            _connections?.Reopen();
        }
    }

    /// <summary>Formats and writes until the ring is empty or the batch is full; false when there was nothing.</summary>
    private bool WriteBatch(out bool isFull)
    {
        int bytes = 0;
        bool hasLines = false;
        while (bytes < BatchBytes && _ring.TryPeek(out ReadOnlySpan<byte> slot))
        {
            LogOutput? output = OutputOf(slot);
            if (output is not null)
            {
                int before = output.Text.Length;
                AppendLine(output.Text, slot);
                output.EndLine();
                bytes += output.Text.Length - before;
            }

            _ring.Release();
            hasLines = true;
        }

        _access?.Write();
        if (_connections != _access)
        {
            _connections?.Write();
        }

        isFull = bytes >= BatchBytes;
        return hasLines;
    }

    private LogOutput? OutputOf(ReadOnlySpan<byte> slot) => KindOf(slot) == LogRecordKind.Close ? _connections : _access;

    private static LogRecordKind KindOf(ReadOnlySpan<byte> slot) => MemoryMarshal.Read<LogRecordKind>(slot);

    private void AppendLine(LogText text, ReadOnlySpan<byte> slot)
    {
        bool isClose = KindOf(slot) == LogRecordKind.Close;
        switch (_style)
        {
            case AccessLogStyle.Json when isClose:
                CloseJsonFormat.AppendLine(text, CloseRecordCodec.Read(slot));
                break;
            case var _ when isClose:
                CloseTextFormat.Append(text, CloseRecordCodec.Read(slot));
                break;
            case AccessLogStyle.Combined:
                CombinedFormat.Append(text, AccessRecordCodec.Read(slot));
                break;
            case AccessLogStyle.Json:
                JsonFormat.Append(text, AccessRecordCodec.Read(slot), _names);
                break;
            default:
                HaproxyFormat.Append(text, AccessRecordCodec.Read(slot), _names);
                break;
        }
    }
}
