namespace NativeProxy.Timers;

/// <summary>
/// Whoever arms timers. One owner may own several nodes and tells them apart by identity.
/// Called on the loop thread, from <see cref="TimingWheel.AdvanceTo"/> only.
/// </summary>
internal interface ITimerOwner
{
    /// <summary>
    /// The node's deadline has passed (<c>node.DeadlineMs &lt;= nowMs</c>). The node is disarmed and unlinked already;
    /// the owner may arm, disarm or remove this and any other node, but must not advance the wheel.
    /// </summary>
    void OnTimer(TimerNode node, long nowMs);
}
