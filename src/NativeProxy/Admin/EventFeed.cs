using System;
using System.Threading;
using System.Threading.Tasks;

namespace NativeProxy.Admin;

/// <summary>
/// What all streams of events have together: the ticks, one in a second at the same moments for all, the parts, each asked once for all, and how
/// many streams there are. It has no timer of its own: without a stream nothing runs. Any thread.
/// </summary>
/// <param name="time">Whose ticks.</param>
internal sealed class EventFeed(TimeProvider time)
{
    /// <summary>Streams at once; a small part of the places that the endpoint has.</summary>
    public const int StreamsMax = 8;

    private const int TickMs = 1000;

    private readonly EventPart[] _common =
    [
        new("status", "/api/status", 1), new("servers", "/api/servers", 1), new("listeners", "/api/listeners", 1),
        new("counters", "/api/counters", 1), new("closes", "/closes", 1), new("certificates", "/api/certificates", 30),
    ];

    /// <summary>By the order.</summary>
    private readonly EventPart[] _sessions =
    [
        new("sessions", "/api/sessions?count=50&order=newest", 2), new("sessions", "/api/sessions?count=50&order=oldest", 2),
        new("sessions", "/api/sessions?count=50&order=longest", 2),
    ];

    private readonly Lock _gate = new();
    private long _latestTick = -1;
    private long _latestMs;
    private int _streamCount;

    /// <summary>The present time in ms; only differences mean something.</summary>
    public long NowMs => (long)time.GetElapsedTime(0, time.GetTimestamp()).TotalMilliseconds;

    /// <summary>The number of the present tick.</summary>
    public long Tick => NowMs / TickMs;

    /// <summary>When what is told at this tick was asked for: who comes later within it is told the same.</summary>
    public long MomentOf(long tick)
    {
        lock (_gate)
        {
            if (tick > _latestTick)
            {
                _latestTick = tick;
                _latestMs = NowMs;
            }
            return _latestMs;
        }
    }

    /// <summary>The parts of a stream.</summary>
    /// <param name="order">Which sessions come first.</param>
    public EventPart[] PartsOf(SessionOrder order) => [.. _common, _sessions[(int)order]];

    /// <summary>Takes one of the places for streams; false when there is none.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _streamCount) <= StreamsMax)
            return true;
        Leave();
        return false;
    }

    /// <summary>Gives it back.</summary>
    public void Leave() => Interlocked.Decrement(ref _streamCount);

    /// <summary>The next tick to come whose number can be divided by this.</summary>
    /// <param name="told">The last one, which does not come again.</param>
    /// <param name="every">The number.</param>
    public long TickAfter(long told, int every) => ((Math.Max(told, Tick) / every) + 1) * every;

    /// <summary>Waits for a tick.</summary>
    public Task Until(long tick, CancellationToken over) => Task.Delay(TimeSpan.FromMilliseconds(Math.Max(0, (tick * TickMs) - NowMs)), time, over);

    /// <summary>Waits for what has been asked, but not for long: it is then for a later tick.</summary>
    public Task Soon(Task asked, CancellationToken over) => asked.WaitAsync(TimeSpan.FromMilliseconds(TickMs / 4), time, over);
}
