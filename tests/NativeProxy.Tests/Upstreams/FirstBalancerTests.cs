using System;
using System.Linq;
using System.Net;
using NativeProxy.Metrics;
using NativeProxy.Tests.Metrics;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class FirstBalancerTests
{
    [Fact]
    public void FirstServer_IsPickedAgainAndAgain()
    {
        UpstreamServer[] servers = Servers(3);

        Assert.All(Enumerable.Range(0, 5), _ => Assert.Same(servers[0], FirstBalancer.Pick(servers, except: null)));
    }

    [Fact]
    public void ServerThatFailed_IsPickedOnlyWhenThereIsNoOther()
    {
        UpstreamServer[] servers = Servers(2);

        Assert.Same(servers[1], FirstBalancer.Pick(servers, except: servers[0]));
        Assert.Same(servers[0], FirstBalancer.Pick(servers.AsSpan(0, 1), except: servers[0]));
        Assert.Null(FirstBalancer.Pick([], except: null));
    }

    [Fact]
    public void GroupThatKeepsOrder_TriesEachAddressBeforeTheFirstAgain()
    {
        UpstreamServer[] servers = Servers(3);
        var group = new UpstreamGroup(null!, "g", logId: 0, keepsOrder: true);
        group.Apply(ServerUnderTest.SettingsOf(""), [.. servers]);
        foreach (int index in (int[])[0, 1, 2, 0, 1])
        {
            UpstreamServer chosen = group.Choose(except: null, hashKey: 0, out _)!;
            Assert.Same(servers[index], chosen);
            group.ConnectFailed(chosen);
            Assert.NotSame(chosen, group.Choose(except: chosen, hashKey: 0, out _));
        }
    }

    private static UpstreamServer[] Servers(int count)
    {
        LoopCounters counters = LastingCounters.Create();
        var settings = ServerUnderTest.SettingsOf("");
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var server = new UpstreamServer(null!, counters, "s" + i, new IPEndPoint(IPAddress.Loopback, i + 1));
            server.Apply(settings, settings.Servers[0], connectionsMax: 0);
            return server;
        })];
    }
}
