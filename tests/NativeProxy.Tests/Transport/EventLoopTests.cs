using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Timers;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport;

public class EventLoopTests
{
    [Fact]
    public async Task PostedWork_RunsInOrderOnOneThread()
    {
        using var test = new LoopUnderTest();
        var threads = new HashSet<int>();
        var order = new List<int>();
        Task[] posts = [.. Enumerable.Range(0, 200).Select(i => test.Run(() =>
        {
            order.Add(i);
            threads.Add(Environment.CurrentManagedThreadId);
        }))];

        await Task.WhenAll(posts);

        Assert.Equal(Enumerable.Range(0, 200), order);
        Assert.Single(threads);
    }

    [Fact]
    public async Task PostsOfManyThreads_AllRun()
    {
        using var test = new LoopUnderTest();
        int ran = 0;

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 500; i++)
                await test.Run(() => ran++);
        })));

        Assert.Equal(8 * 500, ran);
    }

    [Fact]
    public async Task OnlyTheLoopThread_IsTheLoopThread()
    {
        using var test = new LoopUnderTest();

        Assert.True(await test.Run(() => test.Loop.IsLoopThread));
        Assert.False(test.Loop.IsLoopThread);
    }

    [Fact]
    public async Task Timers_FireAllAndNoneEarly()
    {
        using var test = new LoopUnderTest();
        var dice = new Random(7);
        var fired = new FiredTimers(expectedCount: 60);

        await test.Run(() =>
        {
            for (int i = 0; i < 60; i++)
                test.Loop.Wheel.Arm(new TimerNode(fired), test.Loop.Clock.NowMs + dice.Next(0, 150));
        });
        await fired.All;

        Assert.All(fired.Delays, static delayMs => Assert.True(delayMs >= 0, $"a timer fired {-delayMs} ms early"));
    }

    [Fact]
    public async Task NearTimer_IsNotHeldBackByAFarOne()
    {
        using var test = new LoopUnderTest();
        var far = new FiredTimers(expectedCount: 1);
        var near = new FiredTimers(expectedCount: 1);
        var farNode = new TimerNode(far);
        await test.Run(() => test.Loop.Wheel.Arm(farNode, test.Loop.Clock.NowMs + 3_600_000));

        await test.Run(() => test.Loop.Wheel.Arm(new TimerNode(near), test.Loop.Clock.NowMs + 30));
        await near.All;

        Assert.Empty(far.Delays);
        await test.Run(() => test.Loop.Wheel.Remove(farNode));
    }

    [Fact]
    public async Task TimerArmedByATimer_FiresAsWell()
    {
        using var test = new LoopUnderTest();
        var second = new FiredTimers(expectedCount: 1);
        var secondNode = new TimerNode(second);
        var first = new FiredTimers(expectedCount: 1) { WhenFired = nowMs => test.Loop.Wheel.Arm(secondNode, nowMs + 20) };

        await test.Run(() => test.Loop.Wheel.Arm(new TimerNode(first), test.Loop.Clock.NowMs + 20));
        await second.All;

        Assert.True(Assert.Single(second.Delays) >= 0);
    }

    [Fact]
    public async Task DisarmedTimer_DoesNotFire()
    {
        using var test = new LoopUnderTest();
        var disarmed = new FiredTimers(expectedCount: 1);
        var later = new FiredTimers(expectedCount: 1);
        var node = new TimerNode(disarmed);
        await test.Run(() =>
        {
            test.Loop.Wheel.Arm(node, test.Loop.Clock.NowMs + 20);
            test.Loop.Wheel.Arm(new TimerNode(later), test.Loop.Clock.NowMs + 60);
            test.Loop.Wheel.Disarm(node);
        });

        await later.All;

        Assert.Empty(disarmed.Delays);
    }

    [Fact]
    public async Task EventsOfACall_ComeAfterTheCallReturned()
    {
        using var test = new LoopUnderTest();
        (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect(startReceive: false);
        peer.Send("here already"u8);

        string[] seenInside = await test.Run<string[]>(() =>
        {
            connection.StartReceive();
            connection.ShutdownSend();
            connection.Send("too late"u8);
            string[] seen = owner.Events;
            connection.Close();
            return [.. seen, .. owner.Events];
        });

        Assert.Equal(["connected", "connected"], seenInside);
        await owner.UntilClosed();
        await test.AssertEmpty();
    }

    [Fact]
    public async Task PostToAStoppedLoop_IsDroppedQuietly()
    {
        var test = new LoopUnderTest();
        await test.Run(test.Loop.Stop);
        var work = new NeverWork();

        test.Loop.Post(work);

        Assert.False(work.HasRun);
    }

    [Fact]
    public async Task CompletionsAfterTheStop_DoNotDisturbTheProcess()
    {
        using Socket listening = Peers.Listen();
        var test = new LoopUnderTest();
        await test.Run(() =>
        {
            TcpListenerSocket listener = test.Loop.Listen(listening, new NoAcceptor(), SocketTuning.Default);
            listener.Resume();
        });
        await test.Settle();

        // Disposing aborts the accept in flight; its completion comes on a pool thread and would be posted to the loop.
        await test.Run(() =>
        {
            test.Loop.Stop();
            listening.Dispose();
        });

        using var after = new LoopUnderTest();
        Assert.True(await after.Run(() => after.Loop.IsLoopThread));
    }

    [Fact]
    public async Task ConnectionIdsOfTwoWorkers_NeverCoincide()
    {
        using var first = new LoopUnderTest(workerIndex: 0, workerCount: 2);
        using var second = new LoopUnderTest(workerIndex: 1, workerCount: 2);
        var ids = new ConcurrentBag<long>();
        foreach (LoopUnderTest test in (LoopUnderTest[])[first, second, first, second])
        {
            (TcpConnection connection, RecordingOwner owner, Socket peer) = await test.Connect();
            ids.Add(connection.Id);
            await test.Run(connection.Close);
            peer.Dispose();
            await owner.UntilClosed();
        }

        Assert.Equal([1, 2, 3, 4], ids.Order());
    }

    private sealed class NeverWork : LoopWork
    {
        public bool HasRun { get; private set; }

        public override void Run() => HasRun = true;
    }

    private sealed class NoAcceptor : IConnectionAcceptor
    {
        public bool MayAccept => true;

        public void OnAcceptFailed(SocketError error)
        {
        }

        public void OnAccepted(TcpConnection connection) => connection.Abort();
    }

    /// <summary>Counts firings and how late each one was.</summary>
    private sealed class FiredTimers(int expectedCount) : ITimerOwner
    {
        private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ConcurrentQueue<long> _delays = [];

        public Task All => _all.Task.WaitAsync(LoopUnderTest.Deadline);

        public IReadOnlyCollection<long> Delays => _delays;

        public Action<long>? WhenFired { get; init; }

        public void OnTimer(TimerNode node, long nowMs)
        {
            _delays.Enqueue(nowMs - node.DeadlineMs);
            WhenFired?.Invoke(nowMs);
            if (_delays.Count == expectedCount)
                _all.SetResult();
        }
    }
}
