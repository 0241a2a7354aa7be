using NativeProxy.Clients;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Clients;

public class KeepAliveVerdictTests
{
    private static readonly ListenerKeepaliveSettings Settings = SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Listeners[0].Keepalive with
    {
        TimeoutMs = 75_000,
        MaxRequests = 10,
        MaxAgeMs = 60_000,
        AfterError = false,
    };

    /// <summary>A plain GET over HTTP/1.1 that was answered with 200.</summary>
    private static readonly KeepAliveFacts Plain = new()
    {
        ClientMinorVersion = 1,
        RequestSaysClose = false,
        RequestSaysKeepAlive = false,
        PinnedServerEnds = false,
        RequestIsComplete = true,
        ResponseEndIsVisible = true,
        StatusCode = 200,
        RequestCount = 1,
        ConnectionAgeMs = 0,
        ClientHasEnded = false,
        ListenerEnding = CloseReason.None,
        IsFollowed = false,
        Pressure = CloseReason.None,
    };

    /// <summary>Facts in which every reason to close applies at once.</summary>
    private static readonly KeepAliveFacts Worst = new()
    {
        ClientMinorVersion = 0,
        RequestSaysClose = true,
        RequestSaysKeepAlive = false,
        PinnedServerEnds = true,
        RequestIsComplete = false,
        ResponseEndIsVisible = false,
        StatusCode = 500,
        RequestCount = 10,
        ConnectionAgeMs = 60_000,
        ClientHasEnded = true,
        ListenerEnding = CloseReason.Draining,
        IsFollowed = false,
        Pressure = CloseReason.MemoryPressure,
    };

    [Fact]
    public void PlainExchange_KeepsTheConnection() => Assert.Equal(CloseReason.None, Decide(Plain));

    [Fact]
    public void Draining_Closes() => Assert.Equal(CloseReason.Draining, Decide(Plain with { ListenerEnding = CloseReason.Draining }));

    [Fact]
    public void WhatCanWait_ClosesAfterTheRequestsThatHaveBegunAlready()
    {
        KeepAliveFacts late = Plain with { ListenerEnding = CloseReason.Draining, ClientHasEnded = true, ConnectionAgeMs = 60_000 };
        Assert.Equal(CloseReason.None, Decide(late with { IsFollowed = true }));
        Assert.Equal(CloseReason.Draining, Decide(late));
        Assert.Equal(CloseReason.ClientClosed, Decide(late with { ListenerEnding = CloseReason.None }));
        Assert.Equal(CloseReason.MaxAge, Decide(late with { ListenerEnding = CloseReason.None, ClientHasEnded = false }));
    }

    [Fact]
    public void AnErrorThatEndsTheConnection_DoesNotWaitForTheRequestsBehindIt() =>
        Assert.Equal(CloseReason.AfterError, Decide(Plain with { StatusCode = 500, IsFollowed = true }));

    [Fact]
    public void KeepAliveOff_Closes() => Assert.Equal(CloseReason.KeepaliveOff, KeepAliveVerdict.Decide(Plain, Settings with { Enabled = false }));

    [Fact]
    public void TimeoutZero_MeansKeepAliveOff() =>
        Assert.Equal(CloseReason.KeepaliveOff, KeepAliveVerdict.Decide(Plain, Settings with { TimeoutMs = 0 }));

    [Fact]
    public void RequestThatSaysClose_Closes() => Assert.Equal(CloseReason.ClientAsked, Decide(Plain with { RequestSaysClose = true }));

    [Fact]
    public void CloseBesideKeepAlive_Wins() =>
        Assert.Equal(CloseReason.ClientAsked, Decide(Plain with { RequestSaysClose = true, RequestSaysKeepAlive = true }));

    [Fact]
    public void Http10_Closes() => Assert.Equal(CloseReason.Http10, Decide(Plain with { ClientMinorVersion = 0 }));

    [Fact]
    public void Http10WithKeepAlive_Keeps() =>
        Assert.Equal(CloseReason.None, Decide(Plain with { ClientMinorVersion = 0, RequestSaysKeepAlive = true }));

    [Fact]
    public void AuthenticatedServerConnectionThatEnds_Closes() =>
        Assert.Equal(CloseReason.PinnedServerClosed, Decide(Plain with { PinnedServerEnds = true }));

    [Fact]
    public void ResponseWithoutAVisibleEnd_Closes() => Assert.Equal(CloseReason.CloseDelimited, Decide(Plain with { ResponseEndIsVisible = false }));

    [Fact]
    public void ClientThatHasEnded_Closes() => Assert.Equal(CloseReason.ClientClosed, Decide(Plain with { ClientHasEnded = true }));

    [Fact]
    public void UnreadRequestBody_Closes() => Assert.Equal(CloseReason.UnreadRequestBody, Decide(Plain with { RequestIsComplete = false }));

    [Theory]
    [InlineData(399, false, CloseReason.None)]
    [InlineData(400, false, CloseReason.AfterError)]
    [InlineData(503, false, CloseReason.AfterError)]
    [InlineData(400, true, CloseReason.None)]
    public void ErrorStatus_ClosesUnlessAllowed(int statusCode, bool afterError, object expected) =>
        Assert.Equal((CloseReason)expected,
            KeepAliveVerdict.Decide(Plain with { StatusCode = statusCode }, Settings with { AfterError = afterError }));

    [Theory]
    [InlineData(9, 10, CloseReason.None)]
    [InlineData(10, 10, CloseReason.MaxRequests)]
    [InlineData(11, 10, CloseReason.MaxRequests)]
    [InlineData(1_000_000, 0, CloseReason.None)]
    public void RequestLimit_ClosesAtItsNumber(int requestCount, int maxRequests, object expected) =>
        Assert.Equal((CloseReason)expected,
            KeepAliveVerdict.Decide(Plain with { RequestCount = requestCount }, Settings with { MaxRequests = maxRequests }));

    [Theory]
    [InlineData(59_999, 60_000, CloseReason.None)]
    [InlineData(60_000, 60_000, CloseReason.MaxAge)]
    [InlineData(1_000_000_000, 0, CloseReason.None)]
    public void AgeLimit_ClosesAtItsAge(long ageMs, long maxAgeMs, object expected) =>
        Assert.Equal((CloseReason)expected, KeepAliveVerdict.Decide(Plain with { ConnectionAgeMs = ageMs }, Settings with { MaxAgeMs = maxAgeMs }));

    [Theory]
    [Trait("promise", "S4.9")]
    [InlineData(CloseReason.DescriptorPressure)]
    [InlineData(CloseReason.MemoryPressure)]
    public void Pressure_ClosesForItsReason(object pressure) =>
        Assert.Equal((CloseReason)pressure, Decide(Plain with { Pressure = (CloseReason)pressure }));

    [Fact]
    public void WhenAllReasonsApply_TheyAreReportedInOrder()
    {
        KeepAliveFacts facts = Worst;
        Assert.Equal(CloseReason.Draining, Decide(facts));
        facts = facts with { ListenerEnding = CloseReason.None };
        Assert.Equal(CloseReason.KeepaliveOff, KeepAliveVerdict.Decide(facts, Settings with { Enabled = false }));
        Assert.Equal(CloseReason.ClientAsked, Decide(facts));
        facts = facts with { RequestSaysClose = false };
        Assert.Equal(CloseReason.Http10, Decide(facts));
        facts = facts with { RequestSaysKeepAlive = true };
        Assert.Equal(CloseReason.PinnedServerClosed, Decide(facts));
        facts = facts with { PinnedServerEnds = false };
        Assert.Equal(CloseReason.CloseDelimited, Decide(facts));
        facts = facts with { ResponseEndIsVisible = true };
        Assert.Equal(CloseReason.ClientClosed, Decide(facts));
        facts = facts with { ClientHasEnded = false };
        Assert.Equal(CloseReason.UnreadRequestBody, Decide(facts));
        facts = facts with { RequestIsComplete = true };
        Assert.Equal(CloseReason.AfterError, Decide(facts));
        facts = facts with { StatusCode = 200 };
        Assert.Equal(CloseReason.MaxRequests, Decide(facts));
        facts = facts with { RequestCount = 1 };
        Assert.Equal(CloseReason.MaxAge, Decide(facts));
        facts = facts with { ConnectionAgeMs = 0 };
        Assert.Equal(CloseReason.MemoryPressure, Decide(facts));
        Assert.Equal(CloseReason.None, Decide(facts with { Pressure = CloseReason.None }));
    }

    private static CloseReason Decide(in KeepAliveFacts facts) => KeepAliveVerdict.Decide(facts, Settings);
}
