using System.Net;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Transport.Sockets;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

public class PoolRuleTests
{
    private const int LongUsed = 1_000_000;
    private const long VeryOldMs = 1_000_000_000;

    [Theory]
    [InlineData(false, false, false, ServerCloseReason.None)]
    [InlineData(true, false, false, ServerCloseReason.ServerFin)]
    [InlineData(false, true, false, ServerCloseReason.Ambiguous)]
    [InlineData(false, false, true, ServerCloseReason.RequestUnsent)]
    [InlineData(true, true, true, ServerCloseReason.ServerFin)]
    public void DoubtfulEnd_IsTheEnd(bool serverHasEnded, bool isAmbiguous, bool isUnsent, object expected) =>
        Assert.Equal((ServerCloseReason)expected, PoolRule.JudgeEnd(serverHasEnded, isAmbiguous, isUnsent));

    [Theory]
    [InlineData("", ServerCloseReason.None)]
    [InlineData("reuse = \"safe\"", ServerCloseReason.None)]
    [InlineData("reuse = \"never\"", ServerCloseReason.ReuseOff)]
    [InlineData("enabled = false", ServerCloseReason.ReuseOff)]
    public void KeepAliveThatIsOff_KeepsNothing(string settings, object expected)
    {
        ServerStanding standing = Standing();

        Assert.Equal((ServerCloseReason)expected, PoolRule.JudgeKeeping(standing, standing.Addresses.First, KeepaliveOf(settings)));
    }

    [Fact]
    public void ServerThatIsGone_KeepsNothing()
    {
        UpstreamKeepaliveSettings keepalive = KeepaliveOf("");
        ServerStanding retired = Standing(), moved = Standing(), down = Standing();
        ServerAddress oldAddress = moved.Addresses.First, downAddress = down.Addresses.First;
        retired.Retire(leavesGroup: false);
        moved.ChangeAddresses([new IPEndPoint(IPAddress.Loopback, 2)]);
        var board = new ServersOnBoard("a1");
        board.Slot("a").IsUp = false;
        down.Apply(weight: 1, board.Slot("a"));

        Assert.Equal(ServerCloseReason.Purged, PoolRule.JudgeKeeping(retired, retired.Addresses.First, keepalive));
        Assert.Equal(ServerCloseReason.AddressLeft, PoolRule.JudgeKeeping(moved, oldAddress, keepalive));
        Assert.Equal(ServerCloseReason.None, PoolRule.JudgeKeeping(moved, moved.Addresses.First, keepalive));
        Assert.Equal(ServerCloseReason.ServerDown, PoolRule.JudgeKeeping(down, downAddress, keepalive));
    }

    [Theory]
    [InlineData("max_age = \"1m\"", 1, 59_999, ServerCloseReason.None)]
    [InlineData("max_age = \"1m\"", 1, 60_000, ServerCloseReason.MaxAge)]
    [InlineData("max_age = \"0s\"", 1, VeryOldMs, ServerCloseReason.None)]
    [InlineData("max_requests = 2", 1, 0, ServerCloseReason.None)]
    [InlineData("max_requests = 2", 2, 0, ServerCloseReason.MaxRequests)]
    [InlineData("max_requests = 0", LongUsed, 0, ServerCloseReason.None)]
    [InlineData("max_idle = 0", 1, 0, ServerCloseReason.ReuseOff)]
    public void UsesAndAge_AreBoundedAsTheSettingsSay(string settings, int uses, long ageMs, object expected) =>
        Assert.Equal((ServerCloseReason)expected, PoolRule.JudgeReuse(KeepaliveOf(settings), uses, ageMs));

    [Theory]
    [InlineData(UnreadInput.None, ServerCloseReason.None)]
    [InlineData(UnreadInput.Bytes, ServerCloseReason.SurplusBytes)]
    [InlineData(UnreadInput.End, ServerCloseReason.ServerFin)]
    public void WhatNobodyAskedFor_KeepsAConnectionFromBeingLent(object unread, object expected) =>
        Assert.Equal((ServerCloseReason)expected, PoolRule.JudgeUnread((UnreadInput)unread));

    private static ServerStanding Standing() => new(new IPEndPoint(IPAddress.Loopback, 1));

    private static UpstreamKeepaliveSettings KeepaliveOf(string line) => ServerUnderTest.SettingsOf("[upstream.keepalive]\n" + line).Keepalive;
}
