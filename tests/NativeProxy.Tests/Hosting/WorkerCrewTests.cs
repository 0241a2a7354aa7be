using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Hosting.Workers;
using Xunit;

namespace NativeProxy.Tests.Hosting;

[Trait("promise", "B17")]
public sealed class WorkerCrewTests
{
    /// <summary>How long a client may wait at the address of workers that are not there before it is refused.</summary>
    private const long WaitingMsMax = 100;

    [Fact]
    public async Task WorkerThatDies_IsStoodInForAtOnce_AndStartedAgain()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);

        test.Dies(1);

        Assert.Same(test.Slots[0], test.Slots[1].StandIn);
        Assert.Equal(WorkerState.Starting, test.Slots[1].State);
        Assert.Contains("worker 1 ended with code 137; it starts again at once\n", test.Messages, StringComparison.Ordinal);
        await test.Serves(1);
        Assert.Null(test.Slots[1].StandIn);
        Assert.Contains("worker 1 started again\n", test.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LevelOfTheLog_ReachesWhoRuns_AndWhoStartsLater()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);

        test.Crew.SendLogLevel(LogLevel.Error);

        Assert.Equal("error", (await test.Worker(0).Hears(ControlCommand.LogLevel)).Text);
        test.Dies(1);
        Assert.Equal(LogLevel.Error, (await test.Worker(1).HearsSettings(ControlCommand.Settings)).LogLevel);
    }

    /// <summary>As with the limit of processes reached.</summary>
    [Fact]
    public async Task WorkerThatCannotBeStarted_IsTriedAgainLaterAndLater_AndStoodInFor()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);
        test.CanStart = false;

        test.Dies(1);
        Assert.Contains("worker 1 is not there: the process could not be started: ", test.Messages, StringComparison.Ordinal);
        Assert.EndsWith("it is tried again in 100 ms\n", test.Messages, StringComparison.Ordinal);
        test.Pass(100);
        Assert.EndsWith("it is tried again in 200 ms\n", test.Messages, StringComparison.Ordinal);
        Assert.Same(test.Slots[0], test.Slots[1].StandIn);
        Assert.StartsWith("worker 1 of 2 is not there: the process could not be started: ", test.Service.Shortage, StringComparison.Ordinal);

        test.CanStart = true;
        Assert.Equal(test.NowMs + 200, test.Crew.NextDueMs(test.NowMs));
        test.Pass(200);
        await test.Serves(1);
        Assert.Null(test.Service.Shortage);
    }

    [Fact]
    public async Task WhenNobodyCanBeStarted_ClientsAreRefusedAtOnce_AndTheAddressIsBackWithTheFirst()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);
        test.CanStart = false;

        test.Dies(0);
        Assert.NotEmpty(test.Slots[0].Sockets);
        test.Dies(1);

        Assert.All(test.Slots, static slot => Assert.Empty(slot.Sockets));
    }

    /// <summary>
    /// Many workers that cannot start, one shortly after the other: somebody is always about to try it once more, and nobody ever serves. Whoever is
    /// not there is given up all the same.
    /// </summary>
    [Fact]
    public async Task WhenSomebodyIsAlwaysAboutToStart_ClientsOfTheOthersAreRefusedWithinTheirTime()
    {
        const int Workers = 16;
        const long StepMs = 25;
        using CrewUnderTest test = await CrewUnderTest.Serving(Workers);
        test.CanStart = false;
        for (int i = 0; i < Workers - 1; i++)
        {
            test.Dies(i);
            test.Pass(StepMs);
        }
        test.Dies(Workers - 1);
        long sinceMs = test.NowMs;

        while (test.Slots.Any(static slot => slot.Sockets.Count > 0))
        {
            long dueMs = test.Crew.NextDueMs(test.NowMs);
            Assert.InRange(dueMs, test.NowMs, sinceMs + WaitingMsMax);
            test.Pass(Math.Max(1, dueMs - test.NowMs));
        }
        Assert.InRange(test.NowMs - sinceMs, 0, WaitingMsMax);
    }

    /// <summary>A worker that starts has its sockets; those of one that waits for its turn are nobody's.</summary>
    [Fact]
    public async Task WhileOneIsStarting_ClientsOfAnotherThatIsNotThereAreRefusedWithinTheirTime()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);
        test.CanStart = false;
        test.Dies(0);
        test.CanStart = true;
        test.Pass(100);
        Assert.Equal(WorkerState.Starting, test.Slots[0].State);
        test.CanStart = false;
        test.Dies(1);
        Assert.NotEmpty(test.Slots[1].Sockets);
        long sinceMs = test.NowMs;

        while (test.Slots[1].Sockets.Count > 0)
        {
            long dueMs = test.Crew.NextDueMs(test.NowMs);
            Assert.InRange(dueMs, test.NowMs, sinceMs + WaitingMsMax);
            test.Pass(Math.Max(1, dueMs - test.NowMs));
        }

        Assert.InRange(test.NowMs - sinceMs, 0, WaitingMsMax);
        Assert.NotEmpty(test.Slots[0].Sockets);
    }

    /// <summary>One that has served is back in no time: its clients wait for it.</summary>
    [Fact]
    public async Task WhenAllDieThatHaveServed_TheirClientsWaitForThem()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);

        test.Dies(0);
        test.Dies(1);

        Assert.All(test.Slots, static slot => Assert.Equal((WorkerState.Starting, 1), (slot.State, slot.Sockets.Count)));
        await test.Serves(0);
        Assert.Same(test.Slots[0], test.Slots[1].StandIn);
    }

    [Fact]
    public async Task WorkerThatCannotGoOn_IsLetGo_AndStartedAgain()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(1);
        WorkerEnd worker = test.Worker(0);

        test.Says(0, ControlCommand.Refused, round: 0, "its disk is gone");
        await worker.HearsTheEnd();
        test.Dies(0);

        Assert.Contains("worker 0 cannot go on: its disk is gone\n", test.Messages, StringComparison.Ordinal);
        await test.Serves(0);
        Assert.Equal(WorkerState.Serving, test.Slots[0].State);
    }

    [Fact]
    public async Task WorkerThatDoesNotServeInTime_IsKilled()
    {
        using var test = new CrewUnderTest(1);
        test.Pass(0);
        await test.Worker(0).HearsSettings(ControlCommand.Settings);

        test.Pass(29_999);
        Assert.Empty(test.Killed);
        test.Pass(1);

        Assert.Equal([test.Slots[0].ProcessId], test.Killed);
    }
}
