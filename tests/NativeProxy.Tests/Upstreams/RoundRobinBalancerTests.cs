using System;
using System.Linq;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Metrics;
using NativeProxy.Tests.Metrics;
using NativeProxy.Upstreams;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class RoundRobinBalancerTests
{
    [Theory]
    [InlineData("a1 b1", "a b a b")]
    [InlineData("a3 b1", "a a b a")]
    [InlineData("a1 b1 c1", "a b c a b c")]
    [InlineData("a5 b1 c1", "a a b a c a a")]
    [InlineData("a2 b3", "b a b a b")]
    public void Order_IsSmoothAndRepeats(string servers, string expected)
    {
        UpstreamServer[] all = Servers(servers);
        int roundLength = expected.Split(' ').Length;

        for (int round = 0; round < 3; round++)
            Assert.Equal(expected, Picks(all, roundLength));
    }

    [Fact]
    public void WeightZero_GetsNothing()
    {
        UpstreamServer[] all = Servers("a1 b0 c1");

        Assert.Equal("a c a c", Picks(all, 4));
    }

    [Fact]
    public void AllWeightsZero_PickNone()
    {
        UpstreamServer[] all = Servers("a0 b0");

        Assert.Null(RoundRobinBalancer.Pick(all, except: null));
        Assert.Null(RoundRobinBalancer.Pick(all, except: all[0]));
    }

    [Fact]
    public void NoServers_PickNone() => Assert.Null(RoundRobinBalancer.Pick([], except: null));

    [Fact]
    public void ExceptedServer_IsNotPickedWhileThereIsAnother()
    {
        UpstreamServer[] all = Servers("a10 b1");

        for (int i = 0; i < 20; i++)
            Assert.Same(all[1], RoundRobinBalancer.Pick(all, except: all[0]));
    }

    [Fact]
    public void ExceptedServer_IsPickedWhenItIsTheOnlyOne()
    {
        UpstreamServer[] all = Servers("a1 b0");

        Assert.Same(all[0], RoundRobinBalancer.Pick(all, except: all[0]));
    }

    [Fact]
    public void AnException_DoesNotUpsetTheProportionAfterwards()
    {
        UpstreamServer[] all = Servers("a1 b1 c1");
        RoundRobinBalancer.Pick(all, except: all[0]);
        RoundRobinBalancer.Pick(all, except: all[0]);

        string[] picks = Picks(all, 30).Split(' ');

        Assert.All("abc", name => Assert.Equal(10, picks.Count(pick => pick == name.ToString())));
    }

    [Theory]
    [InlineData("a7 b2 c1")]
    [InlineData("a256 b1")]
    [InlineData("a3 b3 c3 d1")]
    public void OverARound_EachServerGetsItsShare(string servers)
    {
        UpstreamServer[] all = Servers(servers);
        int sum = all.Sum(static server => server.Weight);

        string[] picks = Picks(all, sum).Split(' ');

        Assert.All(all, server => Assert.Equal(server.Weight, picks.Count(pick => pick == server.Name)));
        Assert.All(all, static server => Assert.Equal(0, server.CurrentWeight));
    }

    private static string Picks(UpstreamServer[] servers, int count) =>
        string.Join(' ', Enumerable.Range(0, count).Select(_ => RoundRobinBalancer.Pick(servers, except: null)!.Name));

    /// <summary>"a3 b1": server a with weight 3 and b with weight 1.</summary>
    private static UpstreamServer[] Servers(string text)
    {
        LoopCounters counters = LastingCounters.Create();
        UpstreamSettings group = ServerUnderTest.SettingsOf("");
        return [.. text.Split(' ').Select(entry =>
        {
            var server = new UpstreamServer(null!, counters, entry[..1], new IPEndPoint(IPAddress.Loopback, 1));
            server.Apply(group, group.Servers[0] with { Weight = int.Parse(entry.AsSpan(1)) }, connectionsMax: 0);
            return server;
        })];
    }
}
