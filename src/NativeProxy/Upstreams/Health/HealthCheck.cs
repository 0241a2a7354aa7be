using System;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// One way of asking a server how it is, used for one check after another. It keeps no time: its owner gives it up when that is over.
/// Thread: the loop.
/// </summary>
internal abstract class HealthCheck
{
    /// <summary>Called when a check has a result, from an event of the loop and never from inside a call of the owner.</summary>
    public Action<CheckResult>? Ended { get; set; }

    /// <summary>Begins a check; what is left of an earlier one is dropped.</summary>
    public abstract void Begin();

    /// <summary>The time is over: drops what is left of the check and says what came of it. No event follows.</summary>
    public abstract CheckResult GiveUp();
}
