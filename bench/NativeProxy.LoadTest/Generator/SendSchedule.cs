namespace NativeProxy.LoadTest.Generator;

/// <summary>
/// The moments at which an open-loop thread intends to send. A request that finds no free connection is sent later and is still measured
/// from its own moment, so a stall is paid for by every request that it delayed (no coordinated omission). Pure; time is handed in, in ns.
/// </summary>
internal struct SendSchedule
{
    private readonly double _intervalNs;
    private readonly double _startNs;
    private long _taken;

    /// <param name="phase">0 to 1: share of the interval by which this thread's moments lie behind the start.</param>
    public SendSchedule(double ratePerSecond, long startNs, double phase)
    {
        _intervalNs = 1e9 / ratePerSecond;
        _startNs = startNs + (phase * _intervalNs);
    }

    /// <summary>The next moment that nobody has taken.</summary>
    public readonly long NextNs => (long)(_startNs + (_taken * _intervalNs));

    public readonly bool IsDue(long nowNs) => NextNs <= nowNs;

    /// <summary>Takes the next moment and returns it.</summary>
    public long Take()
    {
        long intended = NextNs;
        _taken++;
        return intended;
    }

    /// <summary>Moments that have passed and were not taken.</summary>
    public readonly long Backlog(long nowNs) => IsDue(nowNs) ? 1 + (long)((nowNs - NextNs) / _intervalNs) : 0;
}
