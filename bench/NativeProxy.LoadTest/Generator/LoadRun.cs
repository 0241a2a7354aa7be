using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using NativeProxy.LoadTest.Tls;

namespace NativeProxy.LoadTest.Generator;

/// <summary>
/// One run of a plan, from outside: start, wait until all connections are open, begin to measure, stop. Owns the load threads.
/// Thread: the one that made it; bounded in time by its caller and by the plan's limits.
/// </summary>
internal sealed class LoadRun
{
    private const int PollMs = 2;

    private readonly LoadThread[] _threads;
    private readonly LoadPlan _plan;

    private LoadRun(LoadPlan plan)
    {
        _plan = plan;
        _threads = Enumerable.Range(0, plan.Threads).Select(i => new LoadThread(plan, i)).ToArray();
    }

    /// <summary>Complete answers so far.</summary>
    public long Completed => _threads.Sum(thread => thread.Completed);

    /// <summary>Whether every thread has ended: failed, or its requests are used up.</summary>
    public bool IsEnded => _threads.All(thread => thread.Reached == LoadPhase.Draining);

    public bool HasFailed => _threads.Any(thread => thread.Failure is not null);

    public static LoadRun Start(LoadPlan plan)
    {
        var run = new LoadRun(plan);
        foreach (LoadThread thread in run._threads)
            thread.Start();
        return run;
    }

    /// <summary>
    /// Runs a whole plan: opens, warms up, measures, stops. A plan of a fixed number of requests is measured from its start to its end.
    /// </summary>
    public static LoadResult Whole(LoadPlan plan, TimeSpan warmUp, TimeSpan measured, out double measuredSeconds, out long measuredCount)
    {
        long startNs = LoadThread.NowNs();
        LoadRun run = Start(plan);
        run.WaitUntilSettled(TimeSpan.FromSeconds(30));
        long before = 0;
        if (plan.RequestsMax == 0)
        {
            run.Sleep(warmUp);
            before = run.BeginMeasuring();
            startNs = LoadThread.NowNs();
        }
        run.Sleep(measured);
        measuredCount = run.Completed - before;
        measuredSeconds = (LoadThread.NowNs() - startNs) / 1e9;
        return run.Stop();
    }

    /// <summary>Waits until all connections are open, of a herd until all have had their answer. False when the time was not enough.</summary>
    public bool WaitUntilSettled(TimeSpan longest) => Poll(longest, () => _threads.All(thread => thread.IsSettled)) && !HasFailed;

    /// <summary>Waits, less when the run ends before.</summary>
    public void Sleep(TimeSpan time) => Poll(time, () => false);

    /// <summary>From now on latencies count. Returns the answers so far.</summary>
    public long BeginMeasuring()
    {
        Array.ForEach(_threads, thread => thread.Phase = LoadPhase.Measuring);
        Poll(TimeSpan.FromSeconds(1), () => _threads.All(thread => thread.Reached != LoadPhase.WarmingUp));
        return Completed;
    }

    /// <summary>Nothing new is sent; waits for the answers in flight (2 s at most), closes all connections and returns the result.</summary>
    public LoadResult Stop()
    {
        Array.ForEach(_threads, thread => thread.Phase = LoadPhase.Draining);
        Array.ForEach(_threads, thread => thread.Join());
        var latencyNs = new Histogram();
        var failures = new List<string>();
        foreach (LoadThread thread in _threads)
        {
            latencyNs.Add(thread.LatencyNs);
            if (thread.Failure is { } failure)
                failures.Add(failure);
        }
        if (failures.Count == 0 && latencyNs.Count == 0 && !_plan.IsHerd)
            failures.Add("no answer arrived in the measured time");
        return new LoadResult
        {
            LatencyNs = latencyNs,
            Completed = Completed,
            Opened = _threads.Sum(thread => thread.Opened),
            Unfinished = _threads.Sum(thread => thread.Unfinished),
            HerdLost = _threads.Sum(thread => thread.HerdLost),
            Handshakes = _threads.Aggregate(default(Handshakes), (sum, thread) => sum + thread.Handshakes),
            Failures = failures,
        };
    }

    /// <summary>True when the condition came true; false when the time was over or the run has ended.</summary>
    private bool Poll(TimeSpan longest, Func<bool> condition)
    {
        long endNs = LoadThread.NowNs() + (long)(longest.TotalSeconds * 1e9);
        while (!condition())
        {
            if (LoadThread.NowNs() >= endNs || IsEnded || HasFailed)
                return false;
            Thread.Sleep(PollMs);
        }
        return true;
    }
}
