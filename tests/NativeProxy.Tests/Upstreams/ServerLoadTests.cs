using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class ServerLoadTests
{
    [Fact]
    public void WhatRuns_IsShownOnTheBoard_UntilTheServerLeavesIt()
    {
        ServerSlot slot = new ServersOnBoard("a1").Slot("a");
        var load = new ServerLoad("a");
        load.Begin();
        load.Apply(slot);
        Assert.Equal(1, slot.Running());
        load.Begin();
        load.End();
        load.Begin();
        Assert.Equal((2, 2, 2), (slot.Running(), load.RunningCount, load.LentCount));

        load.LeaveBoard();

        Assert.Equal((0, 2, 2), (slot.Running(), load.RunningCount, load.LentCount));
    }

    [Fact]
    public void NameHash_IsOfTheNameAlone()
    {
        Assert.Equal(new ServerLoad("a").NameHash, new ServerLoad("a").NameHash);
        Assert.NotEqual(new ServerLoad("a").NameHash, new ServerLoad("b").NameHash);
    }
}
