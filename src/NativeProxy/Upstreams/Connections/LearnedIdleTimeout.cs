using System;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// How long one server keeps idle connections, as it says itself (Keep-Alive: timeout) and as its FINs show, so that a connection is given up
/// before the server does, which may be at the moment when a request is sent. Owner: an <see cref="UpstreamServer"/>; thread: the loop. Pure but for
/// its memory; never reads a clock.
/// </summary>
internal struct LearnedIdleTimeout
{
    /// <summary>As many FINs in a row at about the same age are no accident (a restart closes connections of all ages).</summary>
    public const int ObservationsMin = 3;

    /// <summary>What was learned is forgotten after this, so that a server with a longer timeout is found out again.</summary>
    public const long ForgetMs = 10 * 60 * 1000;

    /// <summary>A connection is given up this long before the server would, but not before half the time.</summary>
    public const long MarginMs = 1000;

    /// <summary>Ages that differ by less than a quarter, or by this, are the same timeout: servers sweep at intervals.</summary>
    private const long ToleranceMs = 250;

    private long _announcedMs;
    private long _announcedAtMs;
    private long _observedMs;
    private long _observedAtMs;
    private int _observations;

    /// <summary>A response said <c>Keep-Alive: timeout=N</c>.</summary>
    public void Announced(int seconds, long nowMs)
    {
        _announcedMs = seconds * 1000L;
        _announcedAtMs = nowMs;
    }

    /// <summary>The server closed a connection that had idled this long.</summary>
    public void ServerClosed(long idleAgeMs, long nowMs)
    {
        bool isSame = _observations > 0 && Math.Abs(idleAgeMs - _observedMs) <= Math.Max(ToleranceMs, _observedMs / 4);
        _observedMs = isSame ? Math.Min(_observedMs, idleAgeMs) : idleAgeMs;
        _observations = isSame ? Math.Min(_observations + 1, ObservationsMin) : 1;
        _observedAtMs = nowMs;
    }

    /// <summary>The time after which an idle connection is given up; 0 = nothing is known.</summary>
    public readonly long RetireAfterMs(long nowMs)
    {
        long knownMs = long.MaxValue;
        if (_announcedMs > 0 && nowMs - _announcedAtMs < ForgetMs)
            knownMs = _announcedMs;
        if (_observations >= ObservationsMin && nowMs - _observedAtMs < ForgetMs)
            knownMs = Math.Min(knownMs, _observedMs);
        return knownMs == long.MaxValue ? 0 : Math.Max(Math.Max(knownMs - MarginMs, knownMs / 2), 1);
    }
}
