namespace NativeProxy.Timers;

/// <summary>
/// One deadline, a member of its owner's fields, threaded through at most one list of one <see cref="TimingWheel"/>.
/// Thread: the loop of that wheel only. Only the wheel writes it; it never allocates and never reads a clock.
/// </summary>
internal class TimerNode
{
    internal const int Unlinked = -1;

    internal readonly ITimerOwner Owner;
    internal TimerNode? Previous;
    internal TimerNode? Next;

    /// <summary>List that holds the node: a slot of the wheel, one of its two working lists, or <see cref="Unlinked"/>.</summary>
    internal int ListIndex = Unlinked;

    public TimerNode(ITimerOwner owner) => Owner = owner;

    /// <summary>True exactly from <see cref="TimingWheel.Arm"/> until the node fires, is disarmed or is removed.</summary>
    public bool IsArmed { get; internal set; }

    /// <summary>Loop time at which the node is due; meaningful while <see cref="IsArmed"/>.</summary>
    public long DeadlineMs { get; internal set; }

    /// <summary>The same for whoever only looks; -1 while it is not armed.</summary>
    public long DueMs => IsArmed ? DeadlineMs : -1;
}
