using System.Collections.Generic;
using System.Linq;
using NativeProxy.Upstreams;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class LeastConnectionsBalancerTests
{
    [Theory]
    [InlineData("a1 b1 c1", "a2 b1 c3", "b")]
    [InlineData("a1 b1", "a0 b1", "a")]
    [InlineData("a3 b1", "a2 b1", "a")]
    [InlineData("a3 b1", "a4 b1", "b")]
    [InlineData("a256 b255", "a256 b254", "b")]
    [InlineData("a1 b0", "a9 b0", "a")]
    public void FewestRequestsPerWeight_Wins(string servers, string running, string expected)
    {
        var test = new ServersOnBoard(servers);
        test.SetRunning(running);

        for (int i = 0; i < 5; i++)
            Assert.Equal(expected, LeastConnectionsBalancer.Pick(test.All, except: null)!.Name);
    }

    [Theory]
    [InlineData("a1 b1 c1", "a0 b0 c0", "a b c a b c")]
    [InlineData("a3 b1", "a0 b0", "a a b a")]
    [InlineData("a1 b1 c1", "a2 b5 c2", "a c a c")]
    [InlineData("a2 b1 c1", "a2 b1 c1", "a b c a")]
    public void Equals_TakeTurnsByWeight(string servers, string running, string expected)
    {
        var test = new ServersOnBoard(servers);
        test.SetRunning(running);

        for (int round = 0; round < 3; round++)
            Assert.Equal(expected, Picks(test, expected.Split(' ').Length));
    }

    [Theory]
    [InlineData("a1 b1")]
    [InlineData("a3 b1")]
    [InlineData("a7 b2 c1")]
    public void RequestsThatNeverEnd_StandInProportionToTheWeights(string servers)
    {
        var test = new ServersOnBoard(servers);
        Dictionary<string, int> running = test.All.ToDictionary(static server => server.Name, static _ => 0);

        for (int i = 0; i < 10 * test.All.Sum(static server => server.Weight); i++)
        {
            string name = LeastConnectionsBalancer.Pick(test.All, except: null)!.Name;
            test.Slot(name).SetRunning(++running[name]);
        }

        Assert.All(test.All, server => Assert.Equal(10 * server.Weight, running[server.Name]));
    }

    [Fact]
    public void RequestsOfOtherWorkers_Count()
    {
        var test = new ServersOnBoard("a1 b1", workers: 3);
        test.SetRunning("a1 b2");
        test.Slot("a", worker: 2).SetRunning(5);

        Assert.Equal("b", LeastConnectionsBalancer.Pick(test.All, except: null)!.Name);
        Assert.Equal(6, test["a"].RunningCount);
    }

    [Fact]
    public void ExceptedServer_IsTakenOnlyWhenThereIsNoOther()
    {
        var test = new ServersOnBoard("a1 b1 c0");
        test.SetRunning("a0 b9");

        Assert.Equal("b", LeastConnectionsBalancer.Pick(test.All, except: test["a"])!.Name);
        test.Slot("b").IsUp = false;
        Assert.Equal("a", LeastConnectionsBalancer.Pick(test.All, except: test["a"])!.Name);
    }

    [Fact]
    public void NoServerThatTakesRequests_PicksNone()
    {
        var test = new ServersOnBoard("a1 b0");
        test.Slot("a").IsUp = false;

        Assert.Null(LeastConnectionsBalancer.Pick(test.All, except: null));
        Assert.Null(LeastConnectionsBalancer.Pick(test.All, except: test["a"]));
        Assert.Null(LeastConnectionsBalancer.Pick([], except: null));
    }

    private static string Picks(ServersOnBoard test, int count) =>
        string.Join(' ', Enumerable.Range(0, count).Select(_ => LeastConnectionsBalancer.Pick(test.All, except: null)!.Name));
}
