using System;
using System.Linq;
using NativeProxy.Foundation;
using NativeProxy.Http1;
using NativeProxy.Sessions;
using Xunit;

namespace NativeProxy.Tests.Sessions;

public class RetryPolicyTests
{
    /// <summary>A GET on a reused connection, first try, everything else in favour of a retry.</summary>
    private static readonly RetryFacts Stale = new()
    {
        Method = HttpMethod.Get,
        ConnectionWasReused = true,
        ConnectionIsPinned = false,
        NothingWasSent = false,
        RequestIsHeld = true,
        Attempts = 1,
        AttemptsMax = 3,
        StaleRetryUsed = false,
        StaleRetryAllowed = true,
    };

    [Fact]
    public void StaleConnection_RetriesAnIdempotentRequest() => Assert.True(RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, Stale));

    [Theory]
    [InlineData(HttpMethod.Get, true)]
    [InlineData(HttpMethod.Head, true)]
    [InlineData(HttpMethod.Options, true)]
    [InlineData(HttpMethod.Trace, true)]
    [InlineData(HttpMethod.Put, true)]
    [InlineData(HttpMethod.Delete, true)]
    [InlineData(HttpMethod.Post, false)]
    [InlineData(HttpMethod.Patch, false)]
    [InlineData(HttpMethod.Connect, false)]
    [InlineData(HttpMethod.Other, false)]
    public void StaleConnection_RetriesByMethod(object method, bool expected) =>
        Assert.Equal(expected, RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, Stale with { Method = (HttpMethod)method }));

    [Theory]
    [InlineData(HttpMethod.Post)]
    [InlineData(HttpMethod.Other)]
    public void StaleConnectionThatTookNoByte_RetriesEveryMethod(object method) =>
        Assert.True(RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, Stale with { Method = (HttpMethod)method, NothingWasSent = true }));

    [Theory]
    [Trait("promise", "S4.12")]
    [InlineData(false)]
    [InlineData(true)]
    public void StaleConnectionOnWhichTheClientHadAuthenticated_IsNotReplaced(bool nothingWasSent) =>
        Assert.False(RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, Stale with { ConnectionIsPinned = true, NothingWasSent = nothingWasSent }));

    [Fact]
    public void FreshConnection_IsNotRetried() =>
        Assert.False(RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, Stale with { ConnectionWasReused = false }));

    [Fact]
    public void FreshConnectionThatTookNoByte_IsNotRetriedEither() =>
        Assert.False(RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, Stale with { ConnectionWasReused = false, NothingWasSent = true }));

    [Fact]
    public void SecondStaleConnection_IsNotRetried() =>
        Assert.False(RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, Stale with { StaleRetryUsed = true, Attempts = 2 }));

    [Fact]
    public void StaleRetrySwitchedOff_IsNotRetried() =>
        Assert.False(RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, Stale with { StaleRetryAllowed = false }));

    [Theory]
    [InlineData(ProxyError.ServerConnectFailed)]
    [InlineData(ProxyError.ServerConnectTimeout)]
    public void FailedConnect_RetriesEveryMethodWhateverTheConnectionWas(object error)
    {
        RetryFacts facts = Stale with { Method = HttpMethod.Post, ConnectionWasReused = false, StaleRetryAllowed = false, StaleRetryUsed = true };

        Assert.True(RetryPolicy.MayRetry((ProxyError)error, facts));
    }

    [Theory]
    [InlineData(2, 3, true)]
    [InlineData(3, 3, false)]
    [InlineData(1, 1, false)]
    public void Attempts_AreBounded(int attempts, int attemptsMax, bool expected) =>
        Assert.Equal(expected, RetryPolicy.MayRetry(ProxyError.ServerConnectFailed, Stale with { Attempts = attempts, AttemptsMax = attemptsMax }));

    [Theory]
    [InlineData(ProxyError.ServerConnectFailed)]
    [InlineData(ProxyError.ServerClosedBeforeResponse)]
    public void RequestThatIsNoLongerHeld_IsNotRetried(object error) =>
        Assert.False(RetryPolicy.MayRetry((ProxyError)error, Stale with { RequestIsHeld = false }));

    [Fact]
    public void EveryOtherError_IsNeverRetried()
    {
        ProxyError[] retried = [ProxyError.ServerConnectFailed, ProxyError.ServerConnectTimeout, ProxyError.ServerClosedBeforeResponse];
        RetryFacts best = Stale with { NothingWasSent = true };

        Assert.All(Enum.GetValues<ProxyError>(), error => Assert.Equal(retried.Contains(error), RetryPolicy.MayRetry(error, best)));
    }
}
