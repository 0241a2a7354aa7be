using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>
/// One limit and one queue over several workers: none opens too many, who came first is served first, and a worker that is gone or hangs holds up
/// nobody.
/// </summary>
[Trait("promise", "B14")]
public sealed class WorkersOnBoardTests
{
    [Fact]
    public async Task Limit_IsOneNumberOverAllWorkers()
    {
        using var test = new WorkersOnBoard(workers: 3, connectionsMax: 2);

        UpstreamConnection?[] opened = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => test.TryConnect(i % 3)));

        Assert.Equal(2, opened.Count(static connection => connection is not null));
        Assert.Equal(2, test.Places.OpenCount);
    }

    [Fact]
    public async Task PlaceThatIsGivenBack_IsFreeForAnyWorker()
    {
        using var test = new WorkersOnBoard(workers: 2, connectionsMax: 1);
        UpstreamConnection first = await test.Connect(0);
        Assert.Null(await test.TryConnect(1));

        await test.Release(0, first, ServerCloseReason.ServerSaid);

        Assert.NotNull(await test.TryConnect(1));
        Assert.Equal(1, test.Places.OpenCount);
    }

    [Fact]
    [Trait("promise", "ARCH-20")]
    public async Task ThoseWhoWaitInSeveralWorkers_AreServedInOrderOfArrival()
    {
        const int count = 60;
        using var test = new WorkersOnBoard(workers: 3, connectionsMax: 1);
        UpstreamConnection first = await test.Connect(0);
        var order = new ConcurrentQueue<int>();
        var customers = new List<WorkersOnBoard.Customer>();
        for (int i = 0; i < count; i++)
        {
            int number = i;
            customers.Add(await test.Ask(i * i % 3, _ => order.Enqueue(number)));
        }

        await test.Release(0, first);
        for (int i = 0; i < count; i++)
        {
            await customers[i].UntilSeen("served");
            Assert.Equal(1, test.Places.OpenCount);
            await test.Release(i * i % 3, customers[i].Connection!, i % 2 == 0 ? ServerCloseReason.ServerSaid : ServerCloseReason.ConnectFailed);
        }

        Assert.Equal(Enumerable.Range(0, count), order);
    }

    [Fact]
    public async Task WhoComesWhileOthersWait_WaitsBehindThem_InWhateverWorker()
    {
        using var test = new WorkersOnBoard(workers: 2, connectionsMax: 1, deaf: 1);
        UpstreamConnection first = await test.Connect(0);
        WorkersOnBoard.Customer early = await test.Ask(1);

        await test.Release(0, first, ServerCloseReason.ServerSaid);
        WorkersOnBoard.Customer late = await test.Loops[0].Run(() =>
        {
            var customer = new WorkersOnBoard.Customer(test.Groups[0], test.Loops[0], served: null);
            customer.Ask();
            return customer;
        });

        Assert.Null(late.Connection);
        await early.UntilSeen("served");
    }

    [Fact]
    public async Task IdleConnectionOfAnotherWorker_GivesWayToWhoWaits()
    {
        using var test = new WorkersOnBoard(workers: 2, connectionsMax: 1);
        await test.Release(0, await test.Connect(0));
        Assert.True(await test.Loops[1].Run(() => test.Server(1).Limit.HasIdleElsewhere));

        WorkersOnBoard.Customer customer = await test.Ask(1);

        await customer.UntilSeen("served");
        Assert.Equal((0, 1), (await test.Loops[0].Run(() => test.Server(0).Limit.OpenCount), test.Places.OpenCount));
    }

    /// <summary>
    /// A line whose first is at a server that another worker keeps idle connections to, and does not give: as soon as somebody waits behind it, the
    /// free server serves it. Alone it waits for the server whose turn it is.
    /// </summary>
    [Fact]
    public async Task IdleConnectionOfAnotherWorker_DoesNotHoldUpALine()
    {
        using var test = new WorkersOnBoard(workers: 2, connectionsMax: 1, deaf: 0, hasFree: true);
        await test.Release(0, await test.Connect(0));
        Assert.True(await test.Loops[1].Run(() => test.Server(1).Limit.HasIdleElsewhere));

        WorkersOnBoard.Customer[] customers = [.. await Task.WhenAll(Enumerable.Range(0, 7).Select(_ => test.Ask(1)))];
        foreach (WorkersOnBoard.Customer customer in customers[..6])
            await customer.UntilSeen("served");
        Assert.All(customers[..6], static customer => Assert.Equal("b", customer.Connection!.Server.Name));
    }

    [Fact]
    public async Task ConnectionThatBecomesIdleWhileAnotherWorkerIsNext_IsClosedForIt()
    {
        using var test = new WorkersOnBoard(workers: 2, connectionsMax: 1);
        UpstreamConnection first = await test.Connect(0);
        WorkersOnBoard.Customer next = await test.Ask(1);
        WorkersOnBoard.Customer last = await test.Ask(0);

        await test.Release(0, first);
        await next.UntilSeen("served");

        Assert.Null(last.Connection);
        Assert.Equal(1, test.Places.OpenCount);
    }

    [Fact]
    [Trait("promise", "ARCH-22")]
    public async Task WhoLeavesTheLine_GivesHisTurnToTheNext_InAnotherWorker()
    {
        using var test = new WorkersOnBoard(workers: 2, connectionsMax: 1);
        UpstreamConnection first = await test.Connect(0);
        WorkersOnBoard.Customer leaver = await test.Ask(0);
        WorkersOnBoard.Customer next = await test.Ask(1);

        await test.Loops[0].Run(leaver.Leave);
        await test.Release(0, first);

        await next.UntilSeen("served");
        Assert.Null(leaver.Connection);
    }

    [Fact]
    public async Task WorkerThatIsGone_LeavesItsPlacesAndItsTurnToTheOthers()
    {
        using var test = new WorkersOnBoard(workers: 2, connectionsMax: 2, deaf: 1);
        await test.Connect(1);
        await test.Connect(1);
        await test.Ask(1);
        WorkersOnBoard.Customer waiting = await test.Ask(0);

        test.Board.ForgetWorker(1);

        await waiting.UntilSeen("served");
        Assert.Equal(1, test.Places.OpenCount);
    }

    [Fact]
    public async Task WorkerThatDoesNotTakeItsTurn_IsPassedOver()
    {
        using var test = new WorkersOnBoard(workers: 2, connectionsMax: 1);
        BoardQueue line = test.Board.FindGroup("app", 1)!.Line;
        line.Show(line.Draw());

        WorkersOnBoard.Customer one = await test.Ask(0);
        await one.UntilSeen("served");
        await test.Release(0, one.Connection!);

        // From now on that ticket is nobody's.
        WorkersOnBoard.Customer two = await test.Loops[0].Run(() =>
        {
            var customer = new WorkersOnBoard.Customer(test.Groups[0], test.Loops[0], served: null);
            customer.Ask();
            return customer;
        });
        Assert.NotNull(two.Connection);
    }

    [Fact]
    public async Task LoweredLimit_IsReachedAsConnectionsEnd_RaisedLimitAtOnce()
    {
        using var test = new WorkersOnBoard(workers: 2, connectionsMax: 3);
        UpstreamConnection one = await test.Connect(0);
        UpstreamConnection two = await test.Connect(1);
        UpstreamConnection three = await test.Connect(1);
        await test.Release(1, three);

        await Apply(test, connectionsMax: 1);
        Assert.Equal(2, test.Places.OpenCount);
        Assert.Null(await test.TryConnect(0));
        await test.Release(0, one);
        Assert.Equal(1, test.Places.OpenCount);
        await test.Release(1, two);
        Assert.Equal((1, 1), (test.Places.OpenCount, await test.Loops[1].Run(() => test.Server(1).Idle.Count)));

        await Apply(test, connectionsMax: 2);
        Assert.NotNull(await test.TryConnect(0));
        Assert.Null(await test.TryConnect(0));
    }

    [Fact]
    public async Task LimitThatComesWithAReload_CountsWhatIsOpen_AndOneThatGoesLeavesNothingBehind()
    {
        using var test = new WorkersOnBoard(workers: 2, connectionsMax: 5);
        await Apply(test, connectionsMax: 0);
        await test.Connect(0);
        UpstreamConnection other = await test.Connect(1);
        Assert.Equal(0, test.Places.OpenCount);

        await Apply(test, connectionsMax: 2);
        Assert.Equal(2, test.Places.OpenCount);
        Assert.Null(await test.TryConnect(0));
        await test.Release(1, other, ServerCloseReason.ServerSaid);
        Assert.Equal(1, test.Places.OpenCount);

        await Apply(test, connectionsMax: 0);
        Assert.Equal(0, test.Places.OpenCount);
    }

    /// <summary>From no limit to one, up and back: whoever waits, in whatever worker, goes on when there is room.</summary>
    [Fact]
    public async Task LimitOfAnOperator_HoldsOverAllWorkers_AndLetsThoseGoOnWhoWait()
    {
        using var test = new WorkersOnBoard(workers: 2, connectionsMax: 0);
        ServerSlot slot = test.Board.Find("app", "a", "127.0.0.1:1")!;
        await test.Connect(0);
        await SetLimit(2);
        await test.Connect(1);
        WorkersOnBoard.Customer[] waiting = [await test.Ask(0), await test.Ask(1), await test.Ask(0)];
        Assert.Equal((2, 2), (test.Places.OpenCount, slot.Limit.InForce));

        await SetLimit(3);
        await waiting[0].UntilSeen("served");
        await SetLimit(4);
        await waiting[1].UntilSeen("served");
        Assert.Equal((4, null), (test.Places.OpenCount, waiting[2].Connection));
        await SetLimit(null);
        await waiting[2].UntilSeen("served");

        async Task SetLimit(int? connectionsMax)
        {
            Assert.True(slot.Limit.TrySet(connectionsMax));
            for (int i = 0; i < test.Groups.Length; i++)
                await test.Loops[i].Run(test.Groups[i].FollowHealth);
        }
    }

    private static async Task Apply(WorkersOnBoard test, int connectionsMax)
    {
        for (int i = 0; i < test.Groups.Length; i++)
        {
            int worker = i;
            var settings = ServersOnBoard.SettingsOf("a1").Upstreams[0];
            await test.Loops[i].Run(() =>
            {
                test.Server(worker).Apply(settings, settings.Servers[0], connectionsMax, test.Board.Find("app", "a", "127.0.0.1:1", worker));
                test.Groups[worker].Apply(settings, [test.Server(worker)], slot: test.Board.FindGroup("app", worker));
            });
        }
    }
}
