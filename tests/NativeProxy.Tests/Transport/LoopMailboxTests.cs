using System.Collections.Generic;
using System.Linq;
using System.Threading;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport;

public class LoopMailboxTests
{
    [Fact]
    public void OnlyThePutIntoAnEmptyMailbox_MustWakeTheLoop()
    {
        var mailbox = new LoopMailbox();

        Assert.True(mailbox.Put(new Note(null, 0, 0)));
        Assert.False(mailbox.Put(new Note(null, 0, 1)));
        mailbox.RunAll();
        Assert.True(mailbox.Put(new Note(null, 0, 2)));
    }

    [Fact]
    public void Work_RunsOldestFirst()
    {
        var mailbox = new LoopMailbox();
        var ran = new List<(int Producer, int Number)>();
        for (int i = 0; i < 5; i++)
            mailbox.Put(new Note(ran, 0, i));

        mailbox.RunAll();

        Assert.Equal([0, 1, 2, 3, 4], ran.Select(static item => item.Number));
    }

    [Fact]
    public void EmptyMailbox_RunsNothing()
    {
        var mailbox = new LoopMailbox();
        var ran = new List<(int Producer, int Number)>();
        mailbox.Put(new Note(ran, 0, 0));
        mailbox.RunAll();

        mailbox.RunAll();

        Assert.Single(ran);
    }

    [Fact]
    public void WorkPutByRunningWork_WaitsForTheNextRound()
    {
        var mailbox = new LoopMailbox();
        var ran = new List<(int Producer, int Number)>();
        mailbox.Put(new Putting(mailbox, new Note(ran, 0, 1)));

        mailbox.RunAll();
        Assert.Empty(ran);
        mailbox.RunAll();

        Assert.Single(ran);
    }

    [Fact]
    public void OneItem_MayPutItselfAgainWhileItRuns()
    {
        var mailbox = new LoopMailbox();
        var again = new Again(mailbox);
        mailbox.Put(again);

        for (int round = 0; round < 3; round++)
            mailbox.RunAll();

        Assert.Equal(3, again.RunCount);
    }

    [Fact]
    public void SeveralProducers_EachItemRunsOnceAndInItsProducersOrder()
    {
        const int Producers = 4;
        const int Each = 20_000;
        var mailbox = new LoopMailbox();
        var ran = new List<(int Producer, int Number)>();
        using var wake = new SemaphoreSlim(0);
        Thread[] threads = [.. Enumerable.Range(0, Producers).Select(producer => new Thread(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                if (mailbox.Put(new Note(ran, producer, i)))
                    wake.Release();
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();

        // The consumer runs only when it was woken, as the loop does: a lost wake-up would leave work behind.
        while (ran.Count < Producers * Each)
        {
            Assert.True(wake.Wait(LoopUnderTest.Deadline), $"no wake-up; {ran.Count} items have run");
            mailbox.RunAll();
        }
        foreach (Thread thread in threads)
            thread.Join();

        Assert.All(ran.GroupBy(static item => item.Producer),
            static items => Assert.Equal(Enumerable.Range(0, Each), items.Select(static item => item.Number)));
    }

    private sealed class Note(List<(int Producer, int Number)>? ran, int producer, int number) : LoopWork
    {
        public override void Run() => ran?.Add((producer, number));
    }

    private sealed class Putting(LoopMailbox mailbox, LoopWork other) : LoopWork
    {
        public override void Run() => mailbox.Put(other);
    }

    private sealed class Again(LoopMailbox mailbox) : LoopWork
    {
        public int RunCount { get; private set; }

        public override void Run()
        {
            RunCount++;
            mailbox.Put(this);
        }
    }
}
