using System;
using System.Linq;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Logging;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// How the workers end that have been told to: they finish what runs within a limit, are told to cut what is left, or are killed. Thread: the
/// supervisor's events.
/// </summary>
/// <param name="crew">The workers.</param>
/// <param name="handleUntil">Handles events until a condition holds, or until a time, which is false.</param>
/// <param name="stopsSeen">How often a stop has been asked for.</param>
/// <param name="log">For what became of them.</param>
internal sealed class WorkersEnd(WorkerCrew crew, Func<Func<bool>, long, bool> handleUntil, Func<int> stopsSeen, ErrorLog log)
{
    /// <summary>How long workers may take to end once they must: cutting what is left, then writing their logs. The rest is killed.</summary>
    private const long EndLimitMs = 3000;

    /// <summary>They have been told to end, and keep the limit themselves. Returns the exit code.</summary>
    /// <param name="limitMs">Their time.</param>
    /// <param name="stopsLeft">How many stops are meant for this; the next one cuts.</param>
    public int Await(long limitMs, int stopsLeft)
    {
        WorkerSlot[] draining = [.. crew.Slots.Where(static slot => slot.ProcessId != 0)];
        bool isInTime = handleUntil(() => !crew.IsAnyRunning || stopsSeen() > stopsLeft, SupervisorEvents.NowMs + limitMs + EndLimitMs);
        if (crew.IsAnyRunning)
            return Cut(isInTime, stopsLeft + 1);
        bool isClean = draining.All(static slot => slot.ExitCode == ExitCodes.Success);
        log.Info(isClean ? "stopped: all exchanges finished" : "stopped: some exchanges were cut");
        return isClean ? ExitCodes.Success : ExitCodes.CutShort;
    }

    /// <summary>They are not worth waiting for.</summary>
    public void Kill()
    {
        crew.IsEnding = true;
        crew.KillAll();
        handleUntil(() => !crew.IsAnyRunning, SupervisorEvents.NowMs + EndLimitMs);
    }

    /// <summary>
    /// Asked for, the workers cut their connections themselves, so that each has its reason in the log; a further signal, or time, kills them.
    /// </summary>
    private int Cut(bool isAskedFor, int stopsLeft)
    {
        log.Warn(isAskedFor ? "stopped at once by a second signal" : "the drain time ran out; the remaining connections are cut");
        if (isAskedFor)
        {
            crew.SendAll(ControlCommand.Cut);
            handleUntil(() => !crew.IsAnyRunning || stopsSeen() > stopsLeft, SupervisorEvents.NowMs + EndLimitMs);
        }
        Kill();
        return ExitCodes.CutShort;
    }
}
