using System;
using System.Threading;
using System.Threading.Tasks;

namespace NativeProxy.Upstreams.Health;

/// <summary>
/// Checks a server whose name stands for several addresses, as requests reach it: one address after the other until one passes, the one that
/// passed last first. They share the time of one check. Used by one check at a time; runs on the thread pool.
/// </summary>
/// <param name="checks">One per address, in their order.</param>
/// <param name="timeoutMs">Of one check of the server.</param>
internal sealed class SeveralAddressesCheck(HealthCheck[] checks, long timeoutMs) : HealthCheck
{
    private int _first;

    public override bool IsSameAs(HealthCheck other)
    {
        if (other is not SeveralAddressesCheck several || several.Count != Count)
            return false;
        for (int i = 0; i < Count; i++)
        {
            if (!checks[i].IsSameAs(several.At(i)))
                return false;
        }
        return true;
    }

    /// <inheritdoc/>
    public override async Task RunAsync(Action<CheckResult> report, CancellationToken over)
    {
        int first = _first;
        bool isReported = false;
        for (int i = 0; i < Count && !isReported; i++)
        {
            int index = (first + i) % Count;
            using var part = CancellationTokenSource.CreateLinkedTokenSource(over);
            if (i < Count - 1)
                part.CancelAfter(TimeSpan.FromMilliseconds((double)timeoutMs / Count));
            await checks[index].RunAsync(result => Take(result), part.Token);

            void Take(CheckResult result)
            {
                if (!result.Passed && i < Count - 1 && !over.IsCancellationRequested)
                    return;
                isReported = true;
                if (result.Passed)
                    _first = index;

                // The rest of the time is for ending the connection in order.
                part.CancelAfter(Timeout.InfiniteTimeSpan);
                report(result);
            }
        }
    }

    private int Count => checks.Length;

    private HealthCheck At(int index) => checks[index];
}
