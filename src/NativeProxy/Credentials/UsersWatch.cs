using System;
using System.Collections.Generic;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Credentials;

/// <summary>
/// Follows the files of users of the rules that are in force: once a second somebody looks whether one has changed, so that whoever was taken out of
/// it is not let in any longer. Owner: the traffic plan of a worker; thread: the loop. Never opens a file itself: <see cref="UsersLook"/> does, on
/// another thread.
/// </summary>
internal sealed class UsersWatch : ITimerOwner
{
    private const int LookEveryMs = 1000;

    private readonly EventLoop _loop;
    private readonly Action<string> _report;
    private readonly TimerNode _timer;
    private UsersLook? _look;

    /// <param name="loop">The loop.</param>
    /// <param name="report">Any thread: takes what is wrong with a file; must not block.</param>
    public UsersWatch(EventLoop loop, Action<string> report)
    {
        _loop = loop;
        _report = report;
        _timer = new TimerNode(this);
    }

    /// <summary>These rules are in force, and no others.</summary>
    public void Follow(IReadOnlyCollection<LoginRule> rules)
    {
        var withFile = new List<LoginRule>();
        foreach (LoginRule rule in rules)
        {
            if (rule.FilePath.Length > 0)
                withFile.Add(rule);
        }
        _look = withFile.Count == 0 ? null : new UsersLook(_loop, [.. withFile], _report);
        if (_look is not null && !_timer.IsArmed)
            _loop.Wheel.Arm(_timer, _loop.Clock.NowMs + LookEveryMs);
    }

    public void OnTimer(TimerNode node, long nowMs)
    {
        if (_look is null)
            return;
        _look.Begin();
        _loop.Wheel.Arm(_timer, nowMs + LookEveryMs);
    }
}
