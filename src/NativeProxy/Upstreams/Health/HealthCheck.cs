using System;
using System.Threading;
using System.Threading.Tasks;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// One way of asking a server how it is, used for one check after another. Keeps no time: its user says when it is over. Any thread.
/// </summary>
internal abstract class HealthCheck
{
    /// <summary>
    /// Makes one check: reports its result once, then ends its connection in order. When the time is over before there is a result, that is
    /// the result; when it is over afterwards, what is left is dropped. Never throws for what a server does.
    /// </summary>
    /// <param name="report">Told the result, on the thread pool.</param>
    /// <param name="over">The time is over.</param>
    public abstract Task RunAsync(Action<CheckResult> report, CancellationToken over);

    /// <summary>Whether another check asks the same of the same server.</summary>
    public abstract bool IsSameAs(HealthCheck other);
}
