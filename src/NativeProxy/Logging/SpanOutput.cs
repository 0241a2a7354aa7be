using System;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Foundation;

namespace NativeProxy.Logging;

/// <summary>
/// Gathers the spans of sampled exchanges and has them sent, a batch at a time. It never waits: a batch that the collector does not take now is sent
/// again, more and more seldom; meanwhile others gather as far as there is room, and what finds none is lost and counted. Owner: a
/// <see cref="LogWriter"/>; its thread, but for the figures.
/// </summary>
/// <param name="place">Where they go.</param>
/// <param name="names">Names that records mention.</param>
/// <param name="errors">Hears of spans that are lost.</param>
internal sealed class SpanOutput(SpanPlace place, LogNames names, ErrorLog errors) : IDisposable
{
    /// <summary>Spans that gather; some thousand.</summary>
    public const int GatheredBytesMax = 2 * 1024 * 1024;

    /// <summary>So many are sent without more of them.</summary>
    public const int BatchSpans = 512;

    /// <summary>After so long they are sent, however few.</summary>
    public const int BatchMs = 1000;

    /// <summary>Between the first two tries, and at most.</summary>
    public const int RetryMsMin = 1000;

    /// <inheritdoc cref="RetryMsMin"/>
    public const int RetryMsMax = 30_000;

    /// <summary>How soon an answer that is awaited is looked for again.</summary>
    private const int LookMs = 20;

    /// <summary>How long the end waits for a collector.</summary>
    private const int EndMs = 2000;

    private readonly LossReport _report = new(errors);
    private readonly LogText _gathered = new();
    private int _gatheredCount;
    private long _gatheredSinceMs;

    /// <summary>The batch under way, and its spans; null = there is none.</summary>
    private byte[]? _batch;
    private int _batchCount;
    private Task<SpanReply>? _reply;
    private long _retryAtMs;
    private int _retryMs = RetryMsMin;
    private long _sent;
    private long _lost;

    /// <summary>Spans that the collector took; any thread.</summary>
    public long SpansSent => Volatile.Read(ref _sent);

    /// <summary>Spans that found no room, or that the collector does not want; any thread.</summary>
    public long SpansLost => Volatile.Read(ref _lost);

    /// <summary>In how many milliseconds <see cref="Pump"/> has something to do; -1 = nothing.</summary>
    public int NextMs(long nowMs)
    {
        if (_reply is not null)
            return LookMs;
        if (_batch is not null)
            return (int)Math.Clamp(_retryAtMs - nowMs, 1, RetryMsMax);
        return _gatheredCount == 0 ? -1 : (int)Math.Clamp(_gatheredSinceMs + BatchMs - nowMs, 1, BatchMs);
    }

    /// <summary>Takes one more.</summary>
    public void Add(in AccessRecord record, long nowMs)
    {
        if (_gathered.Length >= GatheredBytesMax)
        {
            Lose(1, "spans come faster than they are taken", nowMs);
            return;
        }
        if (_gatheredCount == 0)
        {
            _gatheredSinceMs = nowMs;
            SpanFormat.AppendBegin(_gathered, Encoding.UTF8.GetBytes(place.Service), Encoding.UTF8.GetBytes(ProductVersion.Text),
                Encoding.UTF8.GetBytes(Environment.MachineName), Environment.ProcessId);
        }
        else
        {
            _gathered.Append(","u8);
        }
        SpanFormat.Append(_gathered, record, names);
        _gatheredCount++;
    }

    /// <summary>Looks what became of the batch under way, and sends it again, or the next one, when it is time.</summary>
    public void Pump(long nowMs) => Pump(nowMs, isEnd: false);

    /// <summary>Sends what the collector takes soon, and lets the rest go.</summary>
    public void Dispose()
    {
        long untilMs = Environment.TickCount64 + EndMs;
        for (long nowMs = Environment.TickCount64; nowMs < untilMs; nowMs = Environment.TickCount64)
        {
            Pump(nowMs, isEnd: true);
            if (_reply is null)
                break;
            ((IAsyncResult)_reply).AsyncWaitHandle.WaitOne(LookMs);
        }
        int left = _gatheredCount + _batchCount;
        if (left > 0)
            errors.Error($"{place.Name}: {left} spans are lost: nobody took them before the end");
        Volatile.Write(ref _lost, _lost + left);
        (_batchCount, _gatheredCount) = (0, 0);
    }

    private void Pump(long nowMs, bool isEnd)
    {
        if (_reply is { IsCompleted: true } reply)
        {
            _reply = null;

            // A fault of our own must not end the thread that writes the log.
            Settle(reply.IsCompletedSuccessfully ? reply.Result : new SpanReply(SpanOutcome.Later, "it cannot be asked"), nowMs);
        }
        if (_batch is null && _gatheredCount > 0 && (isEnd || _gatheredCount >= BatchSpans || nowMs - _gatheredSinceMs >= BatchMs))
            CloseBatch();
        if (_batch is not null && _reply is null && nowMs >= _retryAtMs)
            _reply = place.Send(_batch);
    }

    private void CloseBatch()
    {
        SpanFormat.AppendEnd(_gathered);
        (_batch, _batchCount) = (_gathered.Bytes.ToArray(), _gatheredCount);
        _gathered.Clear();
        _gatheredCount = 0;
        _retryMs = RetryMsMin;
    }

    private void Settle(in SpanReply reply, long nowMs)
    {
        if (reply.Outcome == SpanOutcome.Later)
        {
            _retryAtMs = nowMs + _retryMs;
            _retryMs = Math.Min(RetryMsMax, _retryMs * 2);
            _report.Begin($"{place.Name}: {reply.Problem}; it is tried again, and spans wait as far as there is room", _lost, nowMs);
            return;
        }
        long refused = reply.Outcome == SpanOutcome.Taken ? Math.Clamp(reply.RefusedCount, 0, _batchCount) : _batchCount;
        Volatile.Write(ref _sent, _sent + _batchCount - refused);
        if (refused > 0)
            Lose(refused, reply.Problem, nowMs);
        else
            _report.End($"{place.Name}: it takes spans again", _lost);
        (_batch, _batchCount, _retryAtMs) = (null, 0, 0);
    }

    private void Lose(long count, string why, long nowMs)
    {
        _report.Begin($"{place.Name}: spans are lost: {why}", _lost, nowMs);
        Volatile.Write(ref _lost, _lost + count);
    }
}
