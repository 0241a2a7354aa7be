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
        NothingWasAcknowledged = false,
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

    [Theory]
    [Trait("promise", "B2")]
    [InlineData(HttpMethod.Post, true)]
    [InlineData(HttpMethod.Post, false)]
    [InlineData(HttpMethod.Patch, true)]
    [InlineData(HttpMethod.Patch, false)]
    [InlineData(HttpMethod.Other, true)]
    [InlineData(HttpMethod.Other, false)]
    public void StaleConnectionThatAcknowledgedNoByte_RetriesEveryMethod_OneThatDidNot(object method, bool nothingWasAcknowledged) =>
        Assert.Equal(
            nothingWasAcknowledged,
            RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, Stale with { Method = (HttpMethod)method, NothingWasAcknowledged = nothingWasAcknowledged }));

    [Fact]
    [Trait("promise", "B2")]
    public void UnacknowledgedRequest_KeepsAllOtherBounds()
    {
        RetryFacts best = Stale with { Method = HttpMethod.Post, NothingWasAcknowledged = true };

        Assert.True(RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, best));
        Assert.False(RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, best with { ConnectionWasReused = false }));
        Assert.False(RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, best with { RequestIsHeld = false }));
        Assert.False(RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, best with { StaleRetryUsed = true }));
        Assert.False(RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, best with { StaleRetryAllowed = false }));
        Assert.False(RetryPolicy.MayRetry(ProxyError.ServerClosedBeforeResponse, best with { Attempts = 3 }));
        Assert.False(RetryPolicy.MayRetry(ProxyError.ServerBadResponse, best));
        Assert.False(RetryPolicy.MayRetry(ProxyError.ServerResponseTimeout, best));
    }

    [Theory]
    [Trait("promise", "B12")]
    [InlineData(HttpMethod.Put, true, false, true)]
    [InlineData(HttpMethod.Delete, true, false, true)]
    [InlineData(HttpMethod.Put, false, false, false)]
    [InlineData(HttpMethod.Post, true, false, false)]
    [InlineData(HttpMethod.Post, true, true, true)]
    [InlineData(HttpMethod.Post, false, true, false)]
    public void ACopyOfTheBody_IsOfUseExactlyWhenARetryCouldFollow(object method, bool isReused, bool countsUnacknowledged, bool expected) =>
        Assert.Equal(expected, RetryPolicy.MayFollowStale(
            Stale with { Method = (HttpMethod)method, ConnectionWasReused = isReused, NothingWasAcknowledged = countsUnacknowledged }));

    [Fact]
    [Trait("promise", "B12")]
    public void ACopyOfTheBody_IsOfNoUseInTheLastTry()
    {
        Assert.True(RetryPolicy.MayFollowStale(Stale with { Method = HttpMethod.Put, Attempts = 2 }));
        Assert.False(RetryPolicy.MayFollowStale(Stale with { Method = HttpMethod.Put, Attempts = 3 }));
        Assert.False(RetryPolicy.MayFollowStale(Stale with { Method = HttpMethod.Put, StaleRetryUsed = true }));
    }

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
