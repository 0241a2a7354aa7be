using System.Net;
using NativeProxy.Config;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class ServerStandingTests
{
    private readonly ServerStanding _standing = new(new IPEndPoint(IPAddress.Loopback, 1));

    [Theory]
    [InlineData(1, true)]
    [InlineData(0, false)]
    public void Weight_SaysWhetherRequestsAreTaken_NotWhetherACookieMayLeadThere(int weight, bool takesRequests)
    {
        _standing.Apply(weight, slot: null);

        Assert.Equal((takesRequests, true, true), (_standing.TakesRequests, _standing.IsUsable, _standing.IsUp));
    }

    [Fact]
    public void ServerThatGoesDown_IsSeenToDoSoOnce()
    {
        ServerSlot slot = new ServersOnBoard("a1").Slot("a");
        _standing.Apply(weight: 1, slot);
        Assert.False(_standing.HasGoneDown());

        slot.IsUp = false;
        Assert.Equal((false, false, false), (_standing.IsUp, _standing.IsUsable, _standing.TakesRequests));
        Assert.Equal((true, false), (_standing.HasGoneDown(), _standing.HasGoneDown()));
        slot.IsUp = true;
        Assert.False(_standing.HasGoneDown());
        slot.IsUp = false;
        Assert.True(_standing.HasGoneDown());
    }

    /// <summary>What an operator wants stands above what the health says; nothing forces a server that he works on.</summary>
    [Theory]
    [InlineData((int)OperatorState.Ready, true, true, true)]
    [InlineData((int)OperatorState.Drain, true, true, false)]
    [InlineData((int)OperatorState.Maintenance, false, false, false)]
    public void OperatorState_SaysWhoComes(int state, bool isUp, bool isUsable, bool takesRequests)
    {
        ServerSlot slot = new ServersOnBoard("a1").Slot("a");
        _standing.Apply(weight: 1, slot);
        slot.Operator = (OperatorState)state;
        Assert.Equal((isUp, isUsable, takesRequests), (_standing.IsUp, _standing.IsUsable, _standing.TakesRequests));
        Assert.Equal((takesRequests, takesRequests), (_standing.IsInService, _standing.MayBeWarmed));
        Assert.Equal(!isUp, _standing.HasGoneDown());

        // A server that fails its checks while an operator works on it is down when he is done.
        slot.IsUp = false;
        slot.Operator = OperatorState.Ready;
        Assert.Equal((false, false), (_standing.IsUp, _standing.TakesRequests));
    }

    [Fact]
    public void PercentOfAnOperatorAndAnAgent_AreMultiplied_AndLeaveSomething()
    {
        ServerSlot slot = new ServersOnBoard("a1").Slot("a");
        _standing.Apply(weight: 10, slot);
        slot.OperatorPercent = 50;
        slot.WeightPercent = 30;
        _standing.HasGoneDown();
        Assert.Equal(150, _standing.Share);
        (slot.OperatorPercent, slot.WeightPercent) = (1, 1);
        _standing.HasGoneDown();
        Assert.Equal(10, _standing.Share);
        (slot.OperatorPercent, slot.WeightPercent) = (100, 100);
        _standing.HasGoneDown();
        Assert.Equal(1000, _standing.Share);
    }

    [Theory]
    [InlineData("down")]
    [InlineData("leaving")]
    [InlineData("without weight")]
    [InlineData("retired")]
    [InlineData("ejected")]
    [Trait("promise", "B6")]
    public void ServerThatGetsNoRequests_OrOnlyForWantOfOthers_IsNotWarmed(string state)
    {
        using var loop = new LoopUnderTest();
        var standing = new ServerStanding(new IPEndPoint(IPAddress.Loopback, 1)) { Loop = loop.Loop };
        ServerSlot slot = new ServersOnBoard("a1").Slot("a");
        standing.Apply(weight: state == "without weight" ? 0 : 1, slot);
        Assert.Equal(state != "without weight", standing.MayBeWarmed);

        slot.IsUp = state != "down";
        slot.IsLeaving = state == "leaving";
        if (state == "retired")
            standing.Retire(leavesGroup: false);
        if (state == "ejected")
            Assert.True(slot.Ejection.TryBegin(loop.Loop.Clock.NowMs, baseMs: 60_000, maxMs: 60_000, inRowAfter: 0, out _));
        standing.IsForced = true;

        Assert.False(standing.MayBeWarmed);
    }

    [Fact]
    public void RetiredServer_IsNotUsable_ButEndsWhatItHas()
    {
        _standing.Apply(weight: 1, slot: null);
        _standing.Retire(leavesGroup: false);
        Assert.Equal((true, false, true), (_standing.IsRetired, _standing.IsUsable, _standing.TakesRequests));

        _standing.Retire(leavesGroup: true);
        Assert.False(_standing.TakesRequests);
    }

    [Fact]
    public void ServerWithoutAnAddress_IsDown()
    {
        _standing.Apply(weight: 1, slot: null);
        _standing.ChangeAddresses([]);

        Assert.Equal((false, true), (_standing.IsUp, _standing.HasGoneDown()));
    }
}
