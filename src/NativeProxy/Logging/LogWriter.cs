using System;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Threading;

namespace NativeProxy.Logging;

/// <summary>
/// The only thread that formats and writes lines of the access log and of the connection log. Owner: the worker. It sleeps while the ring is empty;
/// under load it gathers records for a while and writes each batch by one call. It may block; nobody waits for it but <see cref="Dispose"/>.
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
    private readonly ErrorLog _errors;
    private readonly ConcurrentQueue<Switch> _switches = new();
    private readonly Thread _thread;
    private LogOutputs _outputs;
    private bool _isStopping;
    private int _isReopenAsked;

    /// <summary>Takes over the targets; the ring stays the caller's, to be disposed after this.</summary>
    /// <param name="ring">Where the records come from.</param>
    /// <param name="names">Names that access records mention.</param>
    /// <param name="destinations">Where lines go, and their shape.</param>
    /// <param name="errors">Hears of lines that cannot be written.</param>
    public LogWriter(LogRing ring, LogNames names, LogDestinations destinations, ErrorLog errors)
    {
        _ring = ring;
        _names = names;
        _errors = errors;
        _outputs = new LogOutputs(destinations, names, errors, default);
        _thread = new Thread(Run) { IsBackground = true, Name = "log writer" };
        _thread.Start();
    }

    /// <summary>What became of lines and spans; any thread may read.</summary>
    public LogFigures Figures => Volatile.Read(ref _outputs).Figures;

    /// <summary>True once nothing is written any more: after <see cref="Dispose"/>, or when the ring was disposed before.</summary>
    public bool HasEnded => !_thread.IsAlive;

    /// <summary>Any thread: asks for the files to be opened anew before the next line (log rotation).</summary>
    public void Reopen()
    {
        Volatile.Write(ref _isReopenAsked, 1);
        _ring.Wake();
    }

    /// <summary>
    /// The producer: records that it has written so far go where they would have gone, those that come to the new destinations. The writer takes
    /// them over, and closes the old ones when it is there.
    /// </summary>
    public void SwitchTo(LogDestinations destinations)
    {
        _switches.Enqueue(new Switch(_ring.WrittenPosition, destinations));
        _ring.Wake();
    }

    /// <summary>After the producer's last record: writes everything that is in the ring, closes the targets and ends the thread.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _isStopping, true);
        _ring.Wake();
        if (_thread.Join(StopMs))
            _outputs.Dispose();
    }

    /// <summary>Goes over to other destinations when all records from before the switch are written.</summary>
    private void SwitchIfReached()
    {
        while (_switches.TryPeek(out Switch? next) && _ring.ReadPosition >= next.Position)
        {
            _switches.TryDequeue(out _);
            LogOutputs old = _outputs;
            old.Write();

            // What a syslog has not taken by then is lost, and counted.
            old.Dispose();
            Volatile.Write(ref _outputs, new LogOutputs(next.Destinations, _names, _errors, old.Figures));
        }
    }

    private void Run()
    {
        while (true)
        {
            // Read before the ring is, so that records from before the stop are seen to be in it.
            bool isStopping = Volatile.Read(ref _isStopping) || _ring.IsDisposed;
            ReopenIfAsked();
            SwitchIfReached();
            bool hadLines = WriteBatch(out bool isFull);
            if (isFull)
                continue;

            if (isStopping)
                return;

            if (hadLines)
                _ring.Pause(GatherMs);
            else
                _ring.WaitForRecord(_outputs.NextMs);
        }
    }

    private void ReopenIfAsked()
    {
        if (Interlocked.Exchange(ref _isReopenAsked, 0) == 0)
            return;

        _outputs.Reopen();
    }

    /// <summary>Formats and writes until the ring is empty or the batch is full; false when there was nothing.</summary>
    private bool WriteBatch(out bool isFull)
    {
        int bytes = 0;
        bool hasLines = false;
        while (bytes < BatchBytes && _ring.TryPeek(out ReadOnlySpan<byte> slot))
        {
            bytes += Append(slot);
            _ring.Release();
            hasLines = true;
            SwitchIfReached();
        }

        _outputs.Write();
        isFull = bytes >= BatchBytes;
        return hasLines;
    }

    /// <summary>Formats one record; about how many bytes came of it.</summary>
    private int Append(ReadOnlySpan<byte> slot)
    {
        LogRecordKind kind = MemoryMarshal.Read<LogRecordKind>(slot);
        LogOutput? output = kind switch
        {
            LogRecordKind.Close => _outputs.Connections,
            LogRecordKind.Exchange => _outputs.Access,
            _ => null,
        };
        int before = output?.Text.Length ?? 0;
        if (kind != LogRecordKind.Close)
            AppendExchange(output?.Text, AccessRecordCodec.Read(slot));
        else if (output is not null)
            AppendClose(output.Text, slot);
        if (output is null)
            return slot.Length;
        output.EndLine();
        return output.Text.Length - before;
    }

    private void AppendClose(LogText text, ReadOnlySpan<byte> slot)
    {
        if (_outputs.Layout.Style == AccessLogStyle.Json)
            CloseJsonFormat.AppendLine(text, CloseRecordCodec.Read(slot));
        else
            CloseTextFormat.Append(text, CloseRecordCodec.Read(slot));
    }

    private void AppendExchange(LogText? text, AccessRecord record)
    {
        LogDestinations layout = _outputs.Layout;
        layout.Redaction?.Apply(ref record);
        if (record.IsSampled)
            _outputs.Spans?.Add(record, Environment.TickCount64);
        if (text is null)
            return;
        var captures = new CaptureView(record.Captures, layout.Captures, layout.Redaction);
        switch (layout.Style)
        {
            case AccessLogStyle.Custom:
                layout.Template!.Append(text, record, _names, captures);
                break;
            case AccessLogStyle.Combined:
                CombinedFormat.Append(text, record);
                break;
            case AccessLogStyle.Json:
                JsonFormat.Append(text, record, _names, captures);
                break;
            default:
                HaproxyFormat.Append(text, record, _names, captures);
                break;
        }
    }

    /// <summary>Destinations for the records from a position of the ring on.</summary>
    private sealed record Switch(long Position, LogDestinations Destinations);
}
