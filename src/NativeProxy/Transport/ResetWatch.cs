using System.Collections.Generic;
using NativeProxy.Timers;

namespace NativeProxy.Transport;

/// <summary>
/// The connections whose peers have sent FIN and that stay open, in an engine that hears nothing more of them: behind FIN a receive ends at once,
/// so none can wait for a reset. Looks at each of them once a second, and not at all while there is none. Owner: the event loop; thread: the
/// loop. Holds those that are open, and those that were closed since the last look. Never closes a connection.
/// </summary>
internal sealed class ResetWatch : ITimerOwner
{
    private const int LookEveryMs = 1000;

    private readonly EventLoop _loop;
    private readonly TimerNode _timer;
    private readonly List<(TcpConnection Connection, long Id)> _watched = [];

    public ResetWatch(EventLoop loop)
    {
        _loop = loop;
        _timer = new TimerNode(this);
    }

    /// <summary>From now on the owner of the connection hears of a reset within about a second.</summary>
    public void Add(TcpConnection connection)
    {
        _watched.Add((connection, connection.Id));
        if (!_timer.IsArmed)
            _loop.Wheel.Arm(_timer, _loop.Clock.NowMs + LookEveryMs);
    }

    public void OnTimer(TimerNode node, long nowMs)
    {
        for (int i = _watched.Count - 1; i >= 0; i--)
        {
            (TcpConnection connection, long id) = _watched[i];
            if (connection.Id == id && connection.LookForReset())
                continue;
            _watched[i] = _watched[^1];
            _watched.RemoveAt(_watched.Count - 1);
        }
        if (_watched.Count > 0)
            _loop.Wheel.Arm(_timer, nowMs + LookEveryMs);
    }
}
