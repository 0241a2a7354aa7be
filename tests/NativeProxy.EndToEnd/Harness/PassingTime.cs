using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// Time as part of a scenario: a client that really waits, and a stopwatch for "not before". Never used to wait for the proxy to have
/// done something; that is <see cref="Deadline"/>'s.
/// </summary>
internal sealed class PassingTime
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>A pause that the scenario is about, such as "the client is silent for one second".</summary>
    public static async Task Of(int milliseconds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(milliseconds));
        await timer.WaitForNextTickAsync();
    }

    /// <summary>
    /// Fails when less than this has passed since the object was made. Make the object before the event that starts the proxy's timer:
    /// the reading is then never shorter than the timer. The proxy's clock and this one may differ by the rounding of one millisecond.
    /// </summary>
    public void AssertAtLeast(int milliseconds) =>
        Assert.True(_watch.ElapsedMilliseconds >= milliseconds - 2,
            $"came after {_watch.ElapsedMilliseconds} ms, not before {milliseconds} ms was promised");
}
