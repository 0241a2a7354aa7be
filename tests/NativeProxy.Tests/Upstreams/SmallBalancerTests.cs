using System.Linq;
using NativeProxy.Upstreams;
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

        // Of equals the first drawn is taken. The dice are seeded, so this holds always or never.
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
    public void RoundRobin_PassesAServerThatIsDown()
    {
        var test = new ServersOnBoard("a1 b1 c1");
        test.Slot("b").IsUp = false;
        Assert.Equal("acac", string.Concat(Enumerable.Range(0, 4).Select(_ => RoundRobinBalancer.Pick(test.All, except: null)!.Name)));

        test.Slot("a").IsUp = test.Slot("c").IsUp = false;
        Assert.Null(RoundRobinBalancer.Pick(test.All, except: test["a"]));
    }
}
