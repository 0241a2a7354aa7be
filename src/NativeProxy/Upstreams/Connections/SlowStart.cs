using System;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// How far a server is that came up, or was added, a moment ago: its share grows in a straight line from a tenth to all of it (HAProxy's slowstart,
/// which leaves out servers that were added). Each worker looks by itself. Part of a server's standing; thread: the loop.
/// </summary>
internal struct SlowStart
{
    /// <summary>The share that a server begins with, in percent.</summary>
    public const int PercentMin = 10;

    private long _beganMs;
    private bool _isRunning;

    /// <summary>The server was down when it was looked at last.</summary>
    private bool _wasDown;

    /// <summary>The server is new among others that are warm: it begins.</summary>
    public void Begin() => _wasDown = true;

    /// <summary>Looks at the server. Returns the percent of its weight that counts now.</summary>
    /// <param name="isUp">Whether it is up.</param>
    /// <param name="nowMs">Loop time.</param>
    /// <param name="lengthMs">How long it takes; 0 = it has all at once.</param>
    public int Look(bool isUp, long nowMs, long lengthMs)
    {
        if (!isUp)
        {
            _wasDown = true;
            return 100;
        }
        if (_wasDown)
            (_wasDown, _isRunning, _beganMs) = (false, true, nowMs);
        if (!_isRunning)
            return 100;
        long passedMs = nowMs - _beganMs;
        _isRunning = passedMs < lengthMs;
        return _isRunning ? (int)Math.Max(PercentMin, passedMs * 100 / lengthMs) : 100;
    }
}
