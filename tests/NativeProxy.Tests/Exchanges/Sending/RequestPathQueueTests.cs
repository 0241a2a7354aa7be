using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Exchanges.Sending;

/// <summary>The way of one request while no server has room for it.</summary>
public sealed class RequestPathQueueTests
{
    [Fact]
    public void NoServer_IsSaidAtOnce()
    {
        using var trial = new PathTrial(servers: 0);

        trial.Ask();

        Assert.Equal(["failed NoServerAvailable"], trial.User.Events);
        Assert.Equal(1, trial.Count(CounterId.NoServerAvailable));
    }

    [Fact]
    public void FullServers_MakeItWaitInLine_UntilOneHasRoom()
    {
        using PathTrial trial = AskFullServers(out UpstreamConnection[] connections);
        Assert.Empty(trial.Stream.Calls);
        Assert.Equal((1L, 1L), (trial.Count(CounterId.QueueWaiting), trial.Count(CounterId.QueueEntered)));
        Assert.Equal(new QueuePlaces(0, 1), trial.Path.Link.Line!.Places);

        trial.Run(() => trial.Servers[1].Release(connections[1], ServerCloseReason.ClientAborted));

        Assert.Equal(["open b"], trial.Stream.Calls);
        Assert.Equal(0, trial.Count(CounterId.QueueWaiting));
    }

    [Fact]
    public void WaitInLine_HasItsTime()
    {
        using PathTrial trial = AskFullServers(out _, "timeouts.queue = \"2s\"");
        trial.Settle(1900);
        Assert.Empty(trial.User.Events);

        trial.Settle(300);

        Assert.Equal(["failed QueueTimeout"], trial.User.Events);
        Assert.Equal((0L, 1L), (trial.Count(CounterId.QueueWaiting), trial.Count(CounterId.TimeoutsQueue)));
    }

    [Fact]
    public void ClientThatLeftWhileItWaited_GetsNoConnection()
    {
        using PathTrial trial = AskFullServers(out UpstreamConnection[] connections);
        trial.User.ClientHasLeft = true;

        trial.Run(() => trial.Servers[0].Release(connections[0], ServerCloseReason.ClientAborted));

        Assert.Equal(["left"], trial.User.Events);
        Assert.Empty(trial.Stream.Calls);
    }

    [Fact]
    public void RequestThatIsGivenUpWhileItWaits_LeavesTheLine()
    {
        using PathTrial trial = AskFullServers(out UpstreamConnection[] connections);

        trial.Run(trial.Path.Release);
        trial.Run(() => trial.Servers[0].Release(connections[0], ServerCloseReason.ClientAborted));

        Assert.Empty(trial.Stream.Calls);
        Assert.Empty(trial.User.Events);
        Assert.Equal((0L, 0), (trial.Count(CounterId.QueueWaiting), trial.LentBlocks));
    }

    [Fact]
    public void ProcessOutOfDescriptors_MakesItWait_WithoutCostingATry()
    {
        using var trial = new PathTrial();
        trial.Ask();
        Assert.Equal(1, trial.Path.Link.Tries.Count);

        trial.Run(trial.Stream.PutOff);
        trial.Settle(2000);

        Assert.Equal(["open a", "open a"], trial.Stream.Calls);
        Assert.Equal(1, trial.Path.Link.Tries.Count);
        trial.Run(trial.Stream.Connect);
        Assert.Equal("start GET /t Host: a (none) end", trial.Stream.Last);
    }

    /// <summary>A request that waits, for each server has one connection, and somebody else has it.</summary>
    private static PathTrial AskFullServers(out UpstreamConnection[] connections, string settings = "")
    {
        var trial = new PathTrial(settings, "max_connections = 1");
        connections = System.Array.ConvertAll(trial.Servers, trial.Fill);
        trial.Ask();
        return trial;
    }
}
