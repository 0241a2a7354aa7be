using System;
using System.Collections.Generic;
using System.Threading;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Supervision;

/// <summary>Something that the supervisor must look at.</summary>
internal abstract record SupervisorEvent
{
    /// <summary>The operator wants something.</summary>
    public sealed record Wished(OperatorWish Wish) : SupervisorEvent;

    /// <summary>A signal came that means nothing.</summary>
    public sealed record SignalIgnored(string Name) : SupervisorEvent;

    /// <summary>A process has ended.</summary>
    public sealed record ChildEnded(int ProcessId, int ExitCode) : SupervisorEvent;

    /// <summary>A worker said something over its control channel.</summary>
    public sealed record WorkerSaid(WorkerSlot Slot, int Life, ControlMessage Message) : SupervisorEvent;

    /// <summary>Servers have gone up or down.</summary>
    public sealed record HealthChanged : SupervisorEvent;

    /// <summary>Other keys of session tickets are in force.</summary>
    public sealed record TicketsRotated : SupervisorEvent;

    /// <summary>The process that is to come after this one has answered; null = it serves.</summary>
    public sealed record SuccessorSaid(string? Problem) : SupervisorEvent;

    /// <summary>The configuration file has been read again; null when it was refused.</summary>
    public sealed record ReloadRead(Reload? Reload) : SupervisorEvent;
}

/// <summary>
/// The one queue of the supervisor: signals, ends of processes, messages. Any thread puts in, the supervisor's thread takes out, and sleeps here
/// while there is nothing: on its own thread, because a timer and a pool would wake several for each event. Each source is bounded by itself (one end
/// per process, one answer per question); wishes and health changes that already wait are not put in twice.
/// </summary>
internal sealed class SupervisorEvents
{
    private readonly object _gate = new();
    private readonly Queue<SupervisorEvent> _waiting = new();
    private int _waitingKinds;

    /// <summary>Monotonic milliseconds.</summary>
    public static long NowMs => Environment.TickCount64;

    /// <summary>Any thread; never waits.</summary>
    public void Put(SupervisorEvent happened)
    {
        int kind = KindOf(happened);
        lock (_gate)
        {
            if ((_waitingKinds & kind) != 0)
                return;
            _waitingKinds |= kind;
            _waiting.Enqueue(happened);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Waits for the next event, until this time at the latest; null when none has come. One thread.</summary>
    public SupervisorEvent? Next(long untilMs)
    {
        lock (_gate)
        {
            while (_waiting.Count == 0)
            {
                long leftMs = untilMs - NowMs;
                if (leftMs <= 0)
                    return null;
                Monitor.Wait(_gate, untilMs == long.MaxValue ? Timeout.Infinite : (int)Math.Min(leftMs, int.MaxValue));
            }
            SupervisorEvent next = _waiting.Dequeue();
            _waitingKinds &= ~KindOf(next);
            return next;
        }
    }

    /// <summary>A bit for what is not worth saying twice; 0 for what is.</summary>
    private static int KindOf(SupervisorEvent happened) => happened switch
    {
        SupervisorEvent.Wished wished => 1 << (int)wished.Wish,
        SupervisorEvent.SignalIgnored => 1 << 16,
        SupervisorEvent.HealthChanged => 1 << 17,
        _ => 0,
    };
}
