using System;

namespace NativeProxy.Pressure;

/// <summary>
/// The lines of the error log about pressure on one thing: one when it begins, one when it is over. It is over after
/// <see cref="QuietMs"/> without it, so that pressure that comes and goes is one story and not a flood. Is handed the time; thread: the loop.
/// </summary>
internal sealed class PressureReport(string resource, Action<string> write)
{
    /// <summary>How long nothing may have been short before the story ends.</summary>
    public const int QuietMs = 10_000;

    private bool _isOpen;
    private long _beganMs;
    private long _lastShortMs;
    private long _shedClients;
    private long _shedServers;

    /// <summary>Idle connections were closed.</summary>
    public void Shed(int clients, int servers)
    {
        _shedClients += clients;
        _shedServers += servers;
    }

    /// <param name="isShort">Whether it is short now.</param>
    /// <param name="levels">For the line: what is in use.</param>
    /// <param name="nowMs">Loop time.</param>
    public void Update(bool isShort, in PressureLevels levels, long nowMs)
    {
        if (isShort)
        {
            _lastShortMs = nowMs;
            if (_isOpen)
                return;
            _isOpen = true;
            _beganMs = nowMs;
            _shedClients = _shedServers = 0;
            write($"pressure: this worker runs short of {resource} ({levels.Clients} client and {levels.Sockets - levels.Clients} other "
                + $"connections, {levels.BufferPermille / 10}% of the buffers in use); idle connections are closed, oldest first");
        }
        else if (_isOpen && nowMs - _lastShortMs >= QuietMs)
        {
            _isOpen = false;
            write($"pressure: this worker is no longer short of {resource}, which began {(nowMs - _beganMs) / 1000} s ago; closed {_shedClients} "
                + $"idle client and {_shedServers} idle server connections");
        }
    }
}
