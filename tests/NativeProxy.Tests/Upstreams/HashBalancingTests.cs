using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>Bounded load, and the hash by remainder; the plain consistent one is in <see cref="ConsistentHashBalancerTests"/>.</summary>
public class HashBalancingTests
{
    private static readonly ulong[] _keys = [.. Enumerable.Range(1, 4000).Select(static i => (ulong)i)];

    [Theory]
    [InlineData("a1 b1 c1 d1", 125)]
    [InlineData("a1 b1 c1 d1", 150)]
    [InlineData("a3 b1", 150)]
    public void OneHotKey_SpillsOver_AndNobodyIsAboveTheFactor(string servers, int factorPercent)
    {
        var test = new ServersOnBoard(servers);
        Dictionary<string, int> running = test.All.ToDictionary(static server => server.Name, static _ => 0);
        double weightSum = test.All.Sum(static server => server.Standing.Weight);
        for (int load = 1; load <= 200; load++)
        {
            UpstreamServer picked = ConsistentHashBalancer.PickBounded(test.All, except: null, key: 7, factorPercent)!;
            test.Slot(picked.Name).SetRunning(++running[picked.Name]);

            Assert.InRange(running[picked.Name], 1, Math.Ceiling(load * picked.Standing.Weight / weightSum * factorPercent / 100));
        }
        Assert.True(running.Values.Count(static count => count > 0) >= 2);
    }

    [Fact]
    public void KeyOfAServerThatIsNotLoaded_GoesWhereItGoesWithoutABound()
    {
        var test = new ServersOnBoard("a1 b1 c1");
        test.SetRunning("a5 b5 c5");

        Assert.All(_keys, key => Assert.Same(
            ConsistentHashBalancer.Pick(test.All, except: null, key), ConsistentHashBalancer.PickBounded(test.All, except: null, key, 150)));
    }

    [Fact]
    public void LoadOfOtherWorkers_Counts()
    {
        var test = new ServersOnBoard("a1 b1", workers: 2);
        ulong ofA = _keys.First(key => ConsistentHashBalancer.Pick(test.All, except: null, key)!.Name == "a");
        test.Slot("a", worker: 1).SetRunning(10);

        Assert.Same(test["b"], ConsistentHashBalancer.PickBounded(test.All, except: null, ofA, 150));
    }

    [Fact]
    public void BoundedPick_OfNone_IsNone()
    {
        var test = new ServersOnBoard("a1 b0");

        Assert.Same(test["a"], ConsistentHashBalancer.PickBounded(test.All, except: test["a"], 1, 150));
        test.Slot("a").IsUp = false;
        Assert.Null(ConsistentHashBalancer.PickBounded(test.All, except: null, 1, 150));
        Assert.Null(ConsistentHashBalancer.PickBounded([], except: null, 1, 150));
    }

    [Theory]
    [InlineData("a1 b1 c1 d1")]
    [InlineData("a3 b1")]
    public void Modulo_SpreadsByWeight(string servers)
    {
        var test = new ServersOnBoard(servers);
        double weightSum = test.All.Sum(static server => server.Standing.Weight);
        ILookup<string, string> byServer = Modulo(test).ToLookup(static name => name);

        // The keys are fixed, so this holds always or never.
        Assert.All(test.All, server =>
            Assert.InRange(byServer[server.Name].Count() / (_keys.Length * server.Standing.Weight / weightSum), 0.93, 1.07));
    }

    [Fact]
    public void Modulo_DoesNotLookAtTheOrderInTheFile()
    {
        Assert.Equal(Modulo(new ServersOnBoard("a1 b2 c3")), Modulo(new ServersOnBoard("c3 a1 b2")));
    }

    [Fact]
    public void Modulo_LeavesOutWhatIsDownOrHasFailed()
    {
        var test = new ServersOnBoard("a1 b1 c1");
        var balancer = new ModuloBalancer(test.All);
        test.Slot("b").IsUp = false;

        Assert.DoesNotContain("b", Modulo(test));
        Assert.All(_keys, key => Assert.Same(test["c"], balancer.Pick(test.All, test["a"], key)));
        test.Slot("c").IsUp = false;
        Assert.Same(test["a"], balancer.Pick(test.All, test["a"], 1));
        test.Slot("a").IsUp = false;
        Assert.Null(balancer.Pick(test.All, test["a"], 1));
        Assert.Null(balancer.Pick(test.All, except: null, 1));
    }

    [Fact]
    public void Picks_AllocateNothing()
    {
        var test = new ServersOnBoard("a1 b1 c1");
        var modulo = new ModuloBalancer(test.All);
        Pick();

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            Pick();

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Pick()
        {
            modulo.Pick(test.All, except: null, 7);
            ConsistentHashBalancer.PickBounded(test.All, except: null, 7, 150);
        }
    }

    private static string[] Modulo(ServersOnBoard test)
    {
        var balancer = new ModuloBalancer(test.All);
        return [.. _keys.Select(key => balancer.Pick(test.All, except: null, key)!.Name)];
    }
}
