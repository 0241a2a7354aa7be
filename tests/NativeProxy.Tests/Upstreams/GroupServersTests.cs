using System.Linq;
using NativeProxy.Config;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Queueing;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class GroupServersTests
{
    [Fact]
    public void ServersThatTakeRequests_AreThoseOfAWeightThatAreUp()
    {
        var test = new ServersOnBoard("a1 b1 c0");
        GroupServers servers = Of(test);
        Assert.Equal((true, true), (servers.HasAny, servers.HasOtherThan(test["a"])));

        test.Slot("b").IsUp = false;
        Assert.Equal((true, false, true), (servers.HasAny, servers.HasOtherThan(test["a"]), servers.HasOtherThan(test["b"])));
        test.Slot("a").IsUp = false;
        Assert.False(servers.HasAny);
    }

    [Fact]
    public void Outlook_IsThatOfTheBestServer()
    {
        var test = new ServersOnBoard("a1 b1");
        GroupServers servers = Of(test);
        servers.IsPending = true;
        Assert.Equal(QueueOutlook.Full, servers.Outlook());
        servers.IsPending = false;
        Assert.Equal(QueueOutlook.Room, servers.Outlook());

        test.Slot("a").IsUp = test.Slot("b").IsUp = false;
        Assert.Equal(QueueOutlook.Useless, servers.Outlook());
    }

    [Theory]
    [InlineData("a", "b c a")]
    [InlineData("b", "a c b")]
    [InlineData("c", "a b c")]
    public void ServerThatFailed_GoesBehindTheOthers(string failed, string expected)
    {
        var test = new ServersOnBoard("a1 b1 c1");
        GroupServers servers = Of(test);

        servers.MoveToEnd(test[failed]);
        servers.MoveToEnd(new ServersOnBoard("x1")["x"]);

        Assert.Equal(expected, string.Join(' ', servers.All.Select(static server => server.Name)));
    }

    /// <summary>Where all servers are used when all are down, those that an operator has taken out still are not.</summary>
    [Theory]
    [InlineData((int)OperatorState.Drain)]
    [InlineData((int)OperatorState.Maintenance)]
    public void ServerThatAnOperatorHasTakenOut_IsNotForced(int state)
    {
        var test = new ServersOnBoard("a1 b1", upstreamLines: "when_all_down = \"use_all\"");
        GroupServers servers = Of(test);
        test.Slot("a").Operator = (OperatorState)state;
        test.Slot("b").IsUp = false;
        servers.Look(nowMs: 0, load: 0);
        Assert.Equal((false, true), (test["a"].Standing.TakesRequests, test["b"].Standing.TakesRequests));
        test.Slot("b").Operator = (OperatorState)state;
        servers.Look(nowMs: 0, load: 0);
        Assert.False(servers.HasAny);
    }

    private static GroupServers Of(ServersOnBoard test)
    {
        var servers = new GroupServers();
        servers.Set(test.All, test.Settings.Upstreams[0]);
        return servers;
    }
}
