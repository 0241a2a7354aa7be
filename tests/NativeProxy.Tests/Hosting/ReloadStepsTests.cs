using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Hosting.Workers;
using Xunit;

namespace NativeProxy.Tests.Hosting;

[Trait("promise", "B17")]
public sealed class ReloadStepsTests
{
    private const long AnswerLimitMs = 10_000;

    [Fact]
    public async Task WhenAllAreReady_AllGoOver_AndTheSettingsAreInForce()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);
        Reload reload = test.BeginReload();
        for (int i = 0; i < 2; i++)
        {
            SettingsMessage asked = await test.Worker(i).HearsSettings(ControlCommand.Prepare);
            Assert.Equal(1, asked.Round);
            Assert.Equal([CrewUnderTest.AddedBind], asked.Binds);
            Assert.Equal(reload.Text, asked.Text);
        }

        test.Says(0, ControlCommand.Ready, round: 1);
        Assert.Empty(test.Committed);
        test.Says(1, ControlCommand.Ready, round: 1);
        Assert.Equal([reload], test.Committed);
        await GoOver(test, round: 1);

        Assert.Equal([true], test.Outcomes);
        Assert.Equal(reload.Text, test.Crew.Settings.Text);
        Assert.Equal([CrewUnderTest.Bind, CrewUnderTest.AddedBind], test.Slots[1].Sockets.Select(static socket => socket.Bind));
        Assert.All(reload.NewSockets, static sockets => Assert.False(sockets[0].Socket.SafeHandle.IsClosed));
        Assert.False(test.Steps.IsUnderWay);
        Assert.False(test.Crew.IsPaused);
    }

    [Fact]
    public async Task WhenOneRefuses_NobodyGoesOver_NothingStaysOpen_AndTheNextReloadWorks()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);
        byte[] before = test.Crew.Settings.Text;
        Reload refused = await Prepared(test, round: 1);
        test.Says(0, ControlCommand.Ready, round: 1);

        test.Says(1, ControlCommand.Refused, round: 1, "it is too much");

        await ExpectNothingOf(refused, test);
        Assert.Equal([false], test.Outcomes);
        Assert.Same(before, test.Crew.Settings.Text);
        Assert.Equal([CrewUnderTest.Bind], test.Slots[0].Sockets.Select(static socket => socket.Bind));
        Assert.Contains("worker 1 cannot use the new settings: it is too much\n", test.Messages, StringComparison.Ordinal);
        await ExpectReload(test, round: 2);
    }

    [Fact]
    public async Task WorkerThatDoesNotAnswerInTime_StopsTheReload()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);
        Reload refused = await Prepared(test, round: 1);
        test.Says(0, ControlCommand.Ready, round: 1);
        Assert.Equal(test.NowMs + AnswerLimitMs, test.Steps.NextDueMs);

        test.Pass(AnswerLimitMs - 1);
        Assert.Empty(test.Outcomes);
        test.Pass(1);

        await ExpectNothingOf(refused, test);
        Assert.Equal([false], test.Outcomes);
        Assert.Empty(test.Killed);
        Assert.Contains("worker 1 did not answer within 10 s\n", test.Messages, StringComparison.Ordinal);
        await ExpectReload(test, round: 2);
    }

    [Fact]
    public async Task WorkerThatDoesNotGoOver_IsKilled_AndTheReloadIsDone()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);
        Reload reload = await Prepared(test, round: 1);
        test.Says(0, ControlCommand.Ready, round: 1);
        test.Says(1, ControlCommand.Ready, round: 1);
        test.Says(1, ControlCommand.Done, round: 1);

        test.Pass(AnswerLimitMs);

        Assert.Equal([test.Slots[0].ProcessId], test.Killed);
        Assert.Equal([true], test.Outcomes);
        Assert.Contains("worker 0 did not go over to the new settings within 10 s; it is killed and replaced\n", test.Messages,
            StringComparison.Ordinal);
        test.Dies(0);
        SettingsMessage started = await test.Worker(0).HearsSettings(ControlCommand.Settings);
        Assert.Equal(reload.Text, started.Text);
        Assert.Equal([CrewUnderTest.Bind, CrewUnderTest.AddedBind], started.Binds);
    }

    /// <summary>It is about to end by itself: its line is closed.</summary>
    [Fact]
    public async Task WorkerThatCannotBeToldToGoOver_IsKilled_AndNotWaitedFor()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);
        await Prepared(test, round: 1);
        test.Says(1, ControlCommand.Ready, round: 1);
        test.Says(1, ControlCommand.Refused, round: 0, "its disk is gone");
        Assert.Contains("worker 1 cannot go on: its disk is gone\n", test.Messages, StringComparison.Ordinal);
        await test.Worker(1).HearsTheEnd();

        test.Says(0, ControlCommand.Ready, round: 1);
        test.Says(0, ControlCommand.Done, round: 1);

        Assert.Equal([test.Slots[1].ProcessId], test.Killed);
        Assert.Equal([true], test.Outcomes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WorkerThatDies_IsAwaitedNoLonger_AndItsSuccessorHasTheNewSettings(bool diesWhileGoingOver)
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);
        Reload reload = await Prepared(test, round: 1);
        test.Says(0, ControlCommand.Ready, round: 1);
        if (diesWhileGoingOver)
            test.Says(1, ControlCommand.Ready, round: 1);
        test.Dies(1);
        Assert.Equal(WorkerState.Absent, test.Slots[1].State);

        test.Says(0, ControlCommand.Done, round: 1);

        Assert.Equal([true], test.Outcomes);
        SettingsMessage started = await test.Worker(1).HearsSettings(ControlCommand.Settings);
        Assert.Equal(reload.Text, started.Text);
        Assert.Equal([CrewUnderTest.Bind, CrewUnderTest.AddedBind], started.Binds);
    }

    [Fact]
    public async Task SignalDuringAReload_AsksForAnotherOneAfterwards()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(1);
        await Prepared(test, round: 1);

        Assert.False(test.Steps.TryClaim());
        test.Says(0, ControlCommand.Refused, round: 1, "no");

        Assert.True(test.WasAskedAgain);
        await DiscardedByAll(test);
        await ExpectReload(test, round: 2);
        Assert.False(test.WasAskedAgain);
    }

    [Fact]
    public void FileThatWasRefused_EndsTheReload()
    {
        using var test = new CrewUnderTest(1);
        Assert.True(test.Steps.TryClaim());

        test.Steps.Begin(reload: null, test.NowMs);

        Assert.Equal([false], test.Outcomes);
        Assert.False(test.Steps.IsUnderWay);
    }

    [Fact]
    public async Task WorkerThatIsStarting_IsWaitedFor_AndAskedLikeTheOthers()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);
        test.Dies(1);
        Assert.Equal(WorkerState.Starting, test.Slots[1].State);
        Reload reload = test.BeginReload();
        test.Crew.SendAll(ControlCommand.FollowHealth);
        await test.Worker(0).Hears(ControlCommand.FollowHealth);
        await test.Serves(1);
        await test.Worker(1).Hears(ControlCommand.FollowHealth);

        await AllPrepare(test, round: 1);
        test.Says(0, ControlCommand.Ready, round: 1);
        test.Says(1, ControlCommand.Ready, round: 1);
        Assert.Equal([reload], test.Committed);
    }

    [Fact]
    public async Task AbandonedWhileAWorkerStarts_NothingStaysOpen()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(1);
        test.Dies(0);
        Reload reload = test.BeginReload();

        test.Steps.Abandon();
        await test.Serves(0);

        AssertClosed(reload);
        Assert.Empty(test.Outcomes);
        test.Crew.SendAll(ControlCommand.Drain);
        await test.Worker(0).Hears(ControlCommand.Drain);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AbandonedWhileItIsUnderWay_NothingStaysOpen(bool isGoingOver)
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(1);
        Reload reload = await Prepared(test, round: 1);
        if (isGoingOver)
        {
            test.Says(0, ControlCommand.Ready, round: 1);
            await test.Worker(0).Hears(ControlCommand.Commit);
        }

        test.Steps.Abandon();
        test.Crew.CloseSockets();

        await ExpectNothingOf(reload, test);
        test.Pass(AnswerLimitMs);
        Assert.Empty(test.Outcomes);
    }

    [Fact]
    public void AbandonedBeforeTheFileWasRead_WhatIsReadIsClosed()
    {
        using var test = new CrewUnderTest(1);
        Assert.True(test.Steps.TryClaim());
        test.Steps.Abandon();

        Reload reload = test.NewReload();
        test.Steps.Begin(reload, test.NowMs);

        AssertClosed(reload);
        Assert.Empty(test.Outcomes);
    }

    /// <summary>The worker was too late for the first round, and has not looked at the second one yet.</summary>
    [Theory]
    [InlineData(ControlCommand.Ready)]
    [InlineData(ControlCommand.Refused)]
    internal async Task LateAnswer_IsNoneToTheNextRound(ControlCommand late)
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);
        await Prepared(test, round: 1);
        test.Says(0, ControlCommand.Ready, round: 1);
        test.Pass(AnswerLimitMs);
        await DiscardedByAll(test);
        await Prepared(test, round: 2);
        test.Says(0, ControlCommand.Ready, round: 2);

        test.Says(1, late, round: 1, "late");

        Assert.Empty(test.Committed);
        Assert.Equal([false], test.Outcomes);
        test.Says(1, ControlCommand.Ready, round: 2);
        await GoOver(test, round: 2);
        Assert.Equal([false, true], test.Outcomes);
    }

    [Fact]
    public async Task AnswerBehindAnothersRefusal_IsNoneToTheNextRound()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(2);
        await Prepared(test, round: 1);
        test.Says(0, ControlCommand.Refused, round: 1, "no");
        await DiscardedByAll(test);
        await Prepared(test, round: 2);

        test.Says(1, ControlCommand.Ready, round: 1);
        test.Says(0, ControlCommand.Ready, round: 2);

        Assert.Empty(test.Committed);
    }

    /// <summary>It was killed for it, and had said so in its last moment.</summary>
    [Fact]
    public async Task LateGoingOver_IsNoAnswerToTheNextRound()
    {
        using CrewUnderTest test = await CrewUnderTest.Serving(1);
        Reload first = await Prepared(test, round: 1);
        test.Says(0, ControlCommand.Ready, round: 1);
        await test.Worker(0).Hears(ControlCommand.Commit);
        test.Pass(AnswerLimitMs);
        Assert.Equal([true], test.Outcomes);
        await Prepared(test, round: 2);

        test.Says(0, ControlCommand.Done, round: 1);

        Assert.Equal([first], test.Committed);
        Assert.True(test.Steps.IsUnderWay);
    }

    /// <summary>Begins a reload whose question all have heard.</summary>
    private static async Task<Reload> Prepared(CrewUnderTest test, int round)
    {
        Reload reload = test.BeginReload();
        await AllPrepare(test, round);
        return reload;
    }

    private static async Task AllPrepare(CrewUnderTest test, int round)
    {
        for (int i = 0; i < test.Slots.Count; i++)
            Assert.Equal(round, (await test.Worker(i).HearsSettings(ControlCommand.Prepare)).Round);
    }

    private static async Task GoOver(CrewUnderTest test, int round)
    {
        for (int i = 0; i < test.Slots.Count; i++)
        {
            await test.Worker(i).Hears(ControlCommand.Commit);
            test.Says(i, ControlCommand.Done, round);
        }
    }

    private static async Task ExpectReload(CrewUnderTest test, int round)
    {
        await Prepared(test, round);
        for (int i = 0; i < test.Slots.Count; i++)
            test.Says(i, ControlCommand.Ready, round);
        await GoOver(test, round);
        Assert.True(test.Outcomes[^1]);
    }

    private static async Task DiscardedByAll(CrewUnderTest test)
    {
        for (int i = 0; i < test.Slots.Count; i++)
            await test.Worker(i).Hears(ControlCommand.Discard);
    }

    private static async Task ExpectNothingOf(Reload reload, CrewUnderTest test)
    {
        await DiscardedByAll(test);
        AssertClosed(reload);
    }

    private static void AssertClosed(Reload reload) =>
        Assert.All(reload.NewSockets, static sockets => Assert.True(sockets[0].Socket.SafeHandle.IsClosed));
}
