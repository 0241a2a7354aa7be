using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;

namespace NativeProxy.Hosting.Processes;

/// <summary>What the operator wants from the process.</summary>
internal enum OperatorWish
{
    /// <summary>SIGTERM, SIGINT or SIGQUIT for the first time: finish what runs, then exit.</summary>
    Drain,

    /// <summary>One of these again: exit at once.</summary>
    ExitNow,

    /// <summary>SIGUSR1 (as nginx): open the log files anew.</summary>
    ReopenLogs,

    /// <summary>SIGHUP (as nginx, HAProxy's systemd unit and Squid): read the configuration file again.</summary>
    Reload,

    /// <summary>SIGUSR2 (as nginx): start the program anew, and leave everything to that process once it serves.</summary>
    Upgrade,

    /// <summary>No signal: servers have other addresses.</summary>
    FollowNames,

    /// <summary>SIGTTOU (as HAProxy): let another process have the addresses.</summary>
    PauseListening,

    /// <summary>SIGTTIN (as HAProxy): listen again.</summary>
    ResumeListening,

    /// <summary>No signal: the level of the own log is another one.</summary>
    FollowLogLevel,
}

/// <summary>
/// Turns signals into wishes. Every signal that would end the process by default and that somebody may send by mistake is taken and told, and does
/// nothing. Handlers run on the runtime's thread for signals (<see cref="SignalCalls"/>) and must be quick. They stay until the process is gone: a
/// signal that comes during its last instructions must not change its exit code.
/// </summary>
internal sealed class ProcessSignals
{
    /// <summary>SIGUSR1.</summary>
    public const int ReopenLogsSignal = 10;

    /// <summary>Numbers of Linux (signal(7)).</summary>
    private static readonly Dictionary<int, string> Ignored = new()
    {
        [14] = "SIGALRM",
        [16] = "SIGSTKFLT",
        [26] = "SIGVTALRM",
        [27] = "SIGPROF",
        [29] = "SIGIO",
        [30] = "SIGPWR",
    };

    /// <summary>SIGTERM, SIGINT, SIGQUIT.</summary>
    private static readonly int[] Stops = [15, 2, 3];

    private const int HangUp = 1;
    private const int UserSignal2 = 12;
    private const int TerminalInput = 21;
    private const int TerminalOutput = 22;
    private const long IgnoredEveryMs = 1000;

    /// <summary>The first real-time signals are the C library's and the runtime's own.</summary>
    private const int RealTimeFirst = 35;

    private const int RealTimeLast = 64;

    /// <summary>Rooted for the life of the process: a registration that is collected is undone.</summary>
    private static readonly List<PosixSignalRegistration> Registrations = [];

    /// <summary>
    /// timeout(1) and some service managers send a stop to the process and to its group, and the process so gets it twice: what comes so soon
    /// after the one before is the same stop. Nobody who wants to say it again is faster.
    /// </summary>
    private const long SameStopMs = 100;

    private readonly Dictionary<int, Action> _meanings = [];
    private readonly Action<OperatorWish> _wished;
    private readonly Action<string> _ignored;
    private readonly Lock _stopping = new();
    private bool _isStopping;
    private long _lastStopMs;

    /// <param name="wished">Called for each wish.</param>
    /// <param name="ignored">Called with the name of a signal that means nothing.</param>
    public ProcessSignals(Action<OperatorWish> wished, Action<string> ignored)
    {
        _wished = wished;
        _ignored = ignored;

        // The runtime leaves those alone that the process was started with as ignored (nohup, a command behind which a script has put an ampersand):
        // an operator would then reload in vain. As nginx and HAProxy, we hear them all the same. Before any is taken: the first brings others along.
        foreach (int number in (int[])[.. Stops, ReopenLogsSignal, UserSignal2, HangUp, TerminalInput, TerminalOutput])
            LinuxProcess.HearIgnoredSignal(number);
        foreach (int stop in Stops)
            Take(stop, Stop);
        Take(ReopenLogsSignal, () => _wished(OperatorWish.ReopenLogs));
        Take(UserSignal2, () => _wished(OperatorWish.Upgrade));
        Take(HangUp, () => _wished(OperatorWish.Reload));
        TakePauses();
        foreach ((int number, string name) in Ignored)
            TakeForNothing(number, name);
        for (int number = RealTimeFirst; number <= RealTimeLast; number++)
            TakeForNothing(number, $"real-time signal {number}");
        SignalCalls.Begin(_meanings);
    }

    private void Stop()
    {
        bool isFirst;
        lock (_stopping)
        {
            long nowMs = Environment.TickCount64;
            if (_isStopping && nowMs - _lastStopMs < SameStopMs)
                return;
            isFirst = !_isStopping;
            _isStopping = true;
            _lastStopMs = nowMs;
        }
        _wished(isFirst ? OperatorWish.Drain : OperatorWish.ExitNow);
    }

    /// <summary>
    /// Not from a terminal that sends these signals itself, to whoever writes to it from the background (`stty tostop`): they would come for each
    /// line of the log, and the line would wait for ever.
    /// </summary>
    private void TakePauses()
    {
        if (LinuxProcess.TerminalStopsOutput())
            return;
        Take(TerminalOutput, () => _wished(OperatorWish.PauseListening));
        Take(TerminalInput, () => _wished(OperatorWish.ResumeListening));
    }

    /// <summary>A flood of signals is told once a second.</summary>
    private void TakeForNothing(int number, string name)
    {
        long nextMs = 0;
        Take(number, () =>
        {
            long nowMs = Environment.TickCount64;
            if (nowMs < Volatile.Read(ref nextMs))
                return;
            Volatile.Write(ref nextMs, nowMs + IgnoredEveryMs);
            _ignored(name);
        });
    }

    /// <summary>The runtime takes signals that are registered with it.</summary>
    private void Take(int number, Action meaning)
    {
        _meanings.Add(number, meaning);
        Registrations.Add(PosixSignalRegistration.Create((PosixSignal)number, context =>
        {
            context.Cancel = true;
            meaning();
        }));
    }
}
