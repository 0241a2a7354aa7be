using System;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;

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

    /// <summary>A worker said something over its control line.</summary>
    public sealed record WorkerSaid(WorkerSlot Slot, int Life, ControlMessage Message) : SupervisorEvent;

    /// <summary>Servers have gone up or down.</summary>
    public sealed record HealthChanged : SupervisorEvent;

    /// <summary>The configuration file has been read again; null when it was refused.</summary>
    public sealed record ReloadRead(Reload? Reload) : SupervisorEvent;

    /// <summary>The time has come that was planned with <see cref="SupervisorEvents.PlanAlarm"/>.</summary>
    public sealed record Alarm : SupervisorEvent;
}

/// <summary>
/// The one queue of the supervisor: signals, ends of processes, messages, the alarm. Any thread puts in, the supervisor takes out. An idle
/// supervisor sleeps here. Each source is bounded by itself (one end per process, one answer per question, one alarm); wishes and health changes
/// that already wait are not put in twice.
/// </summary>
internal sealed class SupervisorEvents : IDisposable
{
    private readonly Channel<SupervisorEvent> _queue = Channel.CreateUnbounded<SupervisorEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Timer _alarm;
    private long _alarmAtMs = long.MaxValue;
    private int _waitingKinds;

    public SupervisorEvents() => _alarm = new Timer(static self => ((SupervisorEvents)self!).Put(new SupervisorEvent.Alarm()), this, Timeout.Infinite, Timeout.Infinite);

    /// <summary>Monotonic milliseconds.</summary>
    public static long NowMs => Environment.TickCount64;

    /// <summary>Any thread.</summary>
    public void Put(SupervisorEvent happened)
    {
        int kind = KindOf(happened);
        if (kind == 0 || (Interlocked.Or(ref _waitingKinds, kind) & kind) == 0)
            _queue.Writer.TryWrite(happened);
    }

    /// <summary>Waits for the next event. One reader.</summary>
    public async ValueTask<SupervisorEvent> NextAsync()
    {
        SupervisorEvent next = await _queue.Reader.ReadAsync();
        if (next is SupervisorEvent.Alarm)
            _alarmAtMs = long.MaxValue;
        Interlocked.And(ref _waitingKinds, ~KindOf(next));
        return next;
    }

    /// <summary>The reader: has <see cref="SupervisorEvent.Alarm"/> come at that time. One alarm at a time; it replaces the one before.</summary>
    public void PlanAlarm(long atMs)
    {
        if (atMs == _alarmAtMs)
            return;
        _alarmAtMs = atMs;
        _alarm.Change(atMs == long.MaxValue ? Timeout.Infinite : Math.Clamp(atMs - NowMs, 0, int.MaxValue), Timeout.Infinite);
    }

    public void Dispose() => _alarm.Dispose();

    /// <summary>A bit for what is not worth saying twice; 0 for what is.</summary>
    private static int KindOf(SupervisorEvent happened) => happened switch
    {
        SupervisorEvent.Wished wished => 1 << (int)wished.Wish,
        SupervisorEvent.SignalIgnored => 1 << 8,
        SupervisorEvent.HealthChanged => 1 << 9,
        SupervisorEvent.Alarm => 1 << 10,
        _ => 0,
    };
}
