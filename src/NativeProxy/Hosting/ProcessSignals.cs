using System;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace NativeProxy.Hosting;

/// <summary>What the operator wants from the process.</summary>
internal enum OperatorWish
{
    /// <summary>SIGTERM, or the first SIGINT: finish what runs, then exit.</summary>
    Drain,

    /// <summary>SIGINT or SIGTERM again: exit at once.</summary>
    ExitNow,

    /// <summary>SIGUSR1 (as nginx): open the log files anew.</summary>
    ReopenLogs,

    /// <summary>SIGHUP (as nginx, HAProxy's systemd unit and Squid): read the configuration file again.</summary>
    Reload,

    /// <summary>No wish of anybody: names of servers stand for other addresses.</summary>
    FollowNames,
}

/// <summary>
/// Turns signals into wishes that the main thread waits for. Owns the registrations; the handlers run on a thread of the runtime and
/// only put a wish into the queue.
/// </summary>
internal sealed class ProcessSignals : IDisposable
{
    private const int UserSignal1 = 10;

    private readonly BlockingCollection<OperatorWish> _wishes = [];
    private readonly PosixSignalRegistration[] _registrations;
    private int _stopsSeen;

    public ProcessSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop),
        PosixSignalRegistration.Create((PosixSignal)UserSignal1, signal => Wish(signal, OperatorWish.ReopenLogs)),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => Wish(signal, OperatorWish.Reload)),
    ];

    /// <summary>Waits for the next wish; false when none came in time (Timeout.InfiniteTimeSpan waits for ever).</summary>
    public bool TryWait(TimeSpan limit, out OperatorWish wish) => _wishes.TryTake(out wish, limit);

    /// <summary>Any thread: puts a wish into the queue that no signal brought. Nothing happens once this is disposed.</summary>
    public void Add(OperatorWish wish)
    {
        try
        {
            _wishes.Add(wish);
        }
        catch (ObjectDisposedException)
        {
            // The process ends.
        }
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _wishes.Dispose();
    }

    private void Stop(PosixSignalContext signal) => Wish(signal, _stopsSeen++ == 0 ? OperatorWish.Drain : OperatorWish.ExitNow);

    private void Wish(PosixSignalContext signal, OperatorWish wish)
    {
        signal.Cancel = true;
        _wishes.Add(wish);
    }
}
