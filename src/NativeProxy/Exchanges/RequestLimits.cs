using System;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Quotas;
using NativeProxy.Metrics;
using NativeProxy.Routing.Limiting;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Exchanges;

/// <summary>
/// What the limits of a route say to one request: it passes, it has to wait, or it is too many; what its client is told of that; whether it counts
/// when its answer is known. Owner: an <see cref="Exchange"/>, made when the first limited request comes and used again; thread: the loop. Never
/// answers.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="counters">Of the worker.</param>
/// <param name="waited">Called when the request has waited long enough.</param>
internal sealed class RequestLimits(EventLoop loop, LoopCounters counters, Action waited) : ITimerOwner
{
    /// <summary>Requests of one worker that wait; more are too many.</summary>
    private const int WaitingMax = 10_000;

    private const int LinesBytesMax = 192;

    private readonly byte[] _lines = new byte[LinesBytesMax];
    private TimerNode? _timer;
    private RouteLimits? _limits;

    /// <summary>Keys of the limits that the answer decides about, at their places.</summary>
    private ulong[] _keys = [];
    private int _lineBytes;

    /// <summary>It is one of those of its route that are under way at once.</summary>
    private bool _isCounted;

    /// <summary>How long the request has to wait; 0 = not at all.</summary>
    public long WaitMs { get; private set; }

    /// <summary>Under which the log names the limit that the request has passed over; 0 = none.</summary>
    public int LogId { get; private set; }

    /// <summary>Why the request is too many; None when it is not.</summary>
    public ProxyError Error { get; private set; }

    /// <summary>Of the answer to a request that is too many.</summary>
    public int StatusCode { get; private set; }

    /// <summary>What its client is told, as field lines: how much is left, when to come back.</summary>
    public ReadOnlySpan<byte> Lines => _lines.AsSpan(0, _lineBytes);

    /// <summary>A request has come. False when it is too many.</summary>
    /// <param name="limits">Of its route.</param>
    /// <param name="bytes">Its head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="waitMsMax">How long it may wait.</param>
    public bool TryBegin(RouteLimits limits, ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, long waitMsMax)
    {
        _limits = limits;
        RateLimit? told = null;
        RateVerdict toldVerdict = default;
        if (counters.Read(CounterId.RateLimitWaiting) >= WaitingMax)
            waitMsMax = 0;
        for (int i = 0; i < limits.Rates.Length; i++)
        {
            RateLimit rate = limits.Rates[i];
            RateVerdict verdict = Ask(i, rate.Key.Of(bytes, head, client, limits.Route), waitMsMax);
            if (rate.TellsRest && (told is null || verdict.Left < toldVerdict.Left))
                (told, toldVerdict) = (rate, verdict);
            if (verdict.Passes)
                continue;
            if (rate.Action == RateAction.Log)
            {
                LogId = rate.LogId;
                counters.Add(CounterId.RateLimitLogged);
            }
            else if (rate.Action == RateAction.Delay && verdict.WaitUs <= waitMsMax * 1000)
            {
                WaitMs = Math.Max(WaitMs, (verdict.WaitUs + 999) / 1000);
            }
            else
            {
                Refuse(rate, verdict);
                return false;
            }
        }
        if (told is not null)
            TellRest(told, toldVerdict, retryAfterUs: 0);
        return limits.Concurrency is null || TryCount(limits.Concurrency);
    }

    /// <summary>The request waits from now on.</summary>
    public void Wait()
    {
        counters.Add(CounterId.RateLimitDelayed);
        counters.Add(CounterId.RateLimitWaiting);
        _timer ??= new TimerNode(this);
        loop.Wheel.Arm(_timer, loop.Clock.NowMs + WaitMs);
    }

    public void OnTimer(TimerNode node, long nowMs)
    {
        counters.Add(CounterId.RateLimitWaiting, -1);
        waited();
    }

    /// <summary>It does not wait any more.</summary>
    public void StopWaiting()
    {
        if (_timer is not { IsArmed: true })
            return;
        loop.Wheel.Remove(_timer);
        counters.Add(CounterId.RateLimitWaiting, -1);
    }

    /// <summary>The request is over, in whichever way.</summary>
    /// <param name="statusCode">Of its answer; 0 when there was none.</param>
    public void End(int statusCode)
    {
        if (_limits is null)
            return;
        StopWaiting();
        if (_isCounted)
            _limits.Concurrency!.GiveBack();
        for (int i = 0; i < _limits.Rates.Length && StatusCode == 0; i++)
        {
            RateLimit rate = _limits.Rates[i];
            if (rate.CountsByStatus && rate.Counts(statusCode))
                Note(rate.Table.Ask(_keys[i], NowUs(), RateUse.Count));
        }
        _limits = null;
        WaitMs = 0;
        _isCounted = false;
        Error = ProxyError.None;
        LogId = StatusCode = _lineBytes = 0;
    }

    private static long Seconds(long us) => (us + 999_999) / 1_000_000;

    private long NowUs() => loop.Clock.NowMs * 1000;

    private RateVerdict Ask(int index, ulong key, long waitMsMax)
    {
        RateLimit rate = _limits!.Rates[index];
        if (rate.CountsByStatus)
        {
            if (_keys.Length <= index)
                Array.Resize(ref _keys, _limits.Rates.Length);
            _keys[index] = key;
        }
        RateUse use = rate.CountsByStatus ? RateUse.Look : rate.Action == RateAction.Delay ? RateUse.Reserve : RateUse.Take;
        RateVerdict verdict = rate.Table.Ask(key, NowUs(), use, waitMsMax * 1000);
        Note(verdict);
        return verdict;
    }

    private void Note(in RateVerdict verdict)
    {
        if (verdict.HasDisplaced)
            counters.Add(CounterId.RateLimitKeysDisplaced);
    }

    /// <summary>Among those of its route that are under way at once. False when there are as many as may be.</summary>
    private bool TryCount(ConcurrencyLimit limit)
    {
        CountVerdict verdict = limit.TryTake();
        _isCounted = verdict == CountVerdict.Taken;
        if (verdict != CountVerdict.Full)
            return true;
        Error = ProxyError.TooManyAtOnce;
        LogId = limit.LogId;
        StatusCode = ProxyErrors.Of(Error).Status;
        counters.Add(CounterId.RequestsOverConcurrency);
        return false;
    }

    private void Refuse(RateLimit rate, in RateVerdict verdict)
    {
        Error = ProxyError.RateLimited;
        LogId = rate.LogId;
        StatusCode = rate.StatusCode;
        counters.Add(CounterId.RateLimitRejected);
        TellRest(rate, verdict, rate.TellsRetryAfter ? verdict.WaitUs : 0);
    }

    /// <summary>As draft-ietf-httpapi-ratelimit-headers-07 has it, in whole seconds.</summary>
    private void TellRest(RateLimit rate, in RateVerdict verdict, long retryAfterUs)
    {
        var writer = new HeadWriter(_lines);
        if (retryAfterUs > 0)
            AppendNumber(ref writer, "Retry-After"u8, Seconds(retryAfterUs));
        if (rate.TellsRest)
        {
            AppendNumber(ref writer, "RateLimit-Limit"u8, rate.Table.CountMax);
            AppendNumber(ref writer, "RateLimit-Remaining"u8, verdict.Left);
            AppendNumber(ref writer, "RateLimit-Reset"u8, Seconds(verdict.AsNewAfterUs));
        }
        _lineBytes = writer.WrittenBytes;
    }

    private static void AppendNumber(ref HeadWriter writer, ReadOnlySpan<byte> name, long value)
    {
        writer.BeginField(name);
        writer.AppendDecimal(value);
        writer.EndField();
    }
}
