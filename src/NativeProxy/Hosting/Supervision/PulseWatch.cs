using NativeProxy.Metrics;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// Says whether a worker's loop still turns. Counts looks of its own instead of comparing clocks: when the whole machine or the supervisor was
/// stopped for a while, nobody is blamed for it. An idle loop turns once a second, because of its gauges.
/// </summary>
internal sealed class PulseWatch(LoopPulse pulse)
{
    private long _turnsSeen;
    private int _looksInVain;

    /// <summary>Where the loop was when it left its last sign.</summary>
    public LoopPlace LastPlace => pulse.Place;

    public long Turns => pulse.Turns;

    /// <summary>A new process begins.</summary>
    public void Begin() => (_turnsSeen, _looksInVain) = (pulse.Turns, 0);

    /// <summary>Looks once. Returns how many looks in a row have seen no turn.</summary>
    public int Look()
    {
        long turns = pulse.Turns;
        _looksInVain = turns == _turnsSeen ? _looksInVain + 1 : 0;
        _turnsSeen = turns;
        return _looksInVain;
    }
}
