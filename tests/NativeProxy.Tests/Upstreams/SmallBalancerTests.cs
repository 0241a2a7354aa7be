using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Foundation;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>The two balancers whose rule fits one sentence: the first with room, and the better of two.</summary>
public class SmallBalancerTests
{
    [Fact]
    public void First_IsTheFirstThatIsUsable()
    {
        var test = new ServersOnBoard("a0 b1 c5");

        Assert.Same(test["b"], FirstBalancer.Pick(test.All, except: null));
        Assert.Same(test["c"], FirstBalancer.Pick(test.All, except: test["b"]));
        test.Slot("c").IsUp = false;
        Assert.Same(test["b"], FirstBalancer.Pick(test.All, except: test["b"]));
        test.Slot("b").IsUp = false;
        Assert.Null(FirstBalancer.Pick(test.All, except: test["b"]));
    }

    [Fact]
    public void RandomTwo_OfTwoServersTakesTheLessLoadedOne()
    {
        var test = new ServersOnBoard("a3 b1");
        var balancer = new RandomTwoBalancer(seed: 1);
        test.SetRunning("a2 b1");
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Same(test["a"], balancer.Pick(test.All, except: null)));
        test.SetRunning("a4 b1");
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Same(test["b"], balancer.Pick(test.All, except: null)));
    }

    [Fact]
    public void RandomTwo_DrawsByWeight()
    {
        var test = new ServersOnBoard("a8 b1 c1");
        var balancer = new RandomTwoBalancer(seed: 1);

        string[] picks = [.. Enumerable.Range(0, 10_000).Select(_ => balancer.Pick(test.All, except: null)!.Name)];

        // The dice are seeded, so this holds always or never.
        Assert.InRange(picks.Count(static name => name == "a"), 7_800, 8_200);
        Assert.InRange(picks.Count(static name => name == "b"), 900, 1_100);
    }

    [Fact]
    public void RandomTwo_NeverTakesTheMostLoadedOfThree()
    {
        var test = new ServersOnBoard("a1 b1 c1");
        test.SetRunning("a1 b2 c3");
        var balancer = new RandomTwoBalancer(seed: 7);

        Assert.DoesNotContain(test["c"], Enumerable.Range(0, 1000).Select(_ => balancer.Pick(test.All, except: null)));
    }

    [Fact]
    public void RandomTwo_WithOneServerLeft_TakesThat()
    {
        var test = new ServersOnBoard("a1 b1 c0");
        var balancer = new RandomTwoBalancer(seed: 7);
        test.Slot("b").IsUp = false;

        Assert.Same(test["a"], balancer.Pick(test.All, except: null));
        Assert.Same(test["a"], balancer.Pick(test.All, except: test["a"]));
        test.Slot("a").IsUp = false;
        Assert.Null(balancer.Pick(test.All, except: test["a"]));
    }

    [Fact]
    public void RandomTwo_OfEquals_TakesTheOneThatIsBehind()
    {
        var test = new ServersOnBoard("a1 b1 c1 d1");
        var balancer = new RandomTwoBalancer(seed: 1);

        string picks = string.Concat(Enumerable.Range(0, 400).Select(_ => balancer.Pick(test.All, except: null)!.Name));

        Assert.All("abcd", name => Assert.InRange(picks.Count(pick => pick == name), 97, 103));
    }

    [Fact]
    public void RandomTwo_GivesAServerThatIsFarBehindItsShareAndNoMore()
    {
        var test = new ServersOnBoard("a1 b1 c1 d1");
        foreach (string name in new[] { "a", "b", "c" })
            test[name].Load.PickedCount = 1000;
        var balancer = new RandomTwoBalancer(seed: 1);

        string[] picks = [.. Enumerable.Range(0, 400).Select(_ => balancer.Pick(test.All, except: null)!.Name)];

        Assert.InRange(picks.Count(static name => name == "d"), 80, 120);
    }

    [Fact]
    [Trait("promise", "B9")]
    public async Task RandomTwo_OfEquals_PrefersOneWithAReadyConnection_UntilItIsFarAhead()
    {
        using Socket listener = Peers.Listen();
        using var loop = new LoopUnderTest();
        var test = new ServersOnBoard("a1 b1 c1 d1", loop: loop.Loop, endPoint: (IPEndPoint)listener.LocalEndPoint!);
        var user = new RecordingUser();
        UpstreamConnection connection = await loop.Run(() => test["c"].TryConnect(user)!);
        await user.UntilSeen("connected");
        await loop.Run(() => test["c"].Release(connection, ServerCloseReason.None));
        var balancer = new RandomTwoBalancer(seed: 3);

        string picks = await loop.Run(() => string.Concat(Enumerable.Range(0, 400).Select(_ => balancer.Pick(test.All, except: null)!.Name)));

        Assert.Equal(new string('c', RandomTwoBalancer.LeadMax + 1), picks[..(RandomTwoBalancer.LeadMax + 1)]);
        Assert.All("abcd", name => Assert.InRange(picks.Count(pick => pick == name), 60, 140));
        await loop.Run(() => test["c"].Connections.Purge(ServerCloseReason.Purged));
    }

    [Fact]
    [Trait("promise", "B9")]
    public async Task RandomTwo_DoesNotPreferAReadyConnectionToALoadedServer()
    {
        using Socket listener = Peers.Listen();
        using var loop = new LoopUnderTest();
        var test = new ServersOnBoard("a1 b1", workers: 2, loop: loop.Loop, endPoint: (IPEndPoint)listener.LocalEndPoint!);
        var user = new RecordingUser();
        UpstreamConnection connection = await loop.Run(() => test["b"].TryConnect(user)!);
        await user.UntilSeen("connected");
        await loop.Run(() => test["b"].Release(connection, ServerCloseReason.None));
        test.Slot("b", worker: 1).SetRunning(1);
        var balancer = new RandomTwoBalancer(seed: 3);

        Assert.All(Enumerable.Range(0, 20), _ => Assert.Same(test["a"], balancer.Pick(test.All, except: null)));
        await loop.Run(() => test["b"].Connections.Purge(ServerCloseReason.Purged));
    }
}
