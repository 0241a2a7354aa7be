using System;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Tests.Config;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

public class RetryPolicyTests
{
    /// <summary>A GET on a reused connection, first try, everything else in favour of a retry.</summary>
    private static readonly RetryFacts Stale = new()
    {
        Method = HttpMethod.Get,
        ConnectionWasReused = true,
        ConnectionIsPinned = false,
        Proof = SendProof.Unknown,
        RequestIsHeld = true,
        Attempts = 1,
        StaleRetryUsed = false,
        HasAnotherServer = false,
        Rules = Wanted(RetryCondition.ConnectFailure, RetryCondition.Stale, RetryCondition.EmptyResponse, RetryCondition.ResponseTimeout),
    };

    /// <summary>The same on a fresh connection, with another server at hand.</summary>
    private static RetryFacts Fresh => Stale with { ConnectionWasReused = false, HasAnotherServer = true };

    [Theory]
    [InlineData(503, HttpMethod.Get, true)]
    [InlineData(502, HttpMethod.Get, false)]
    [InlineData(200, HttpMethod.Get, false)]
    [InlineData(503, HttpMethod.Post, false)]
    public void Status_RetriesWhereItIsListed_AndTheMethodMayBeRepeated(int status, object method, bool expected) =>
        Assert.Equal(expected ? RetryCause.Status : RetryCause.None,
            RetryPolicy.JudgeStatus(status, Listed with { Method = (HttpMethod)method }));

    [Fact]
    public void Status_KeepsAllOtherBounds()
    {
        Assert.Equal(RetryCause.None, RetryPolicy.JudgeStatus(503, Listed with { RequestIsHeld = false }));
        Assert.Equal(RetryCause.None, RetryPolicy.JudgeStatus(503, Listed with { ConnectionIsPinned = true }));
        Assert.Equal(RetryCause.None, RetryPolicy.JudgeStatus(503, Listed with { HasAnotherServer = false }));
        Assert.Equal(RetryCause.None, RetryPolicy.JudgeStatus(503, Listed with { Attempts = 3 }));
        Assert.True(RetryPolicy.IsOfBudget(RetryCause.Status));
        Assert.True(RetryPolicy.MayFollowSend(Listed));
        Assert.False(RetryPolicy.MayFollowSend(Listed with { Method = HttpMethod.Post }));
    }

    [Theory]
    [InlineData(RetryMethods.Idempotent, HttpMethod.Put, true)]
    [InlineData(RetryMethods.Safe, HttpMethod.Put, false)]
    [InlineData(RetryMethods.Safe, HttpMethod.Head, true)]
    [InlineData(RetryMethods.All, HttpMethod.Post, true)]
    [InlineData(RetryMethods.All, HttpMethod.Connect, false)]
    public void Methods_SayWhichRequestsMayBeServedTwice(object methods, object method, bool expected) => Assert.Equal(expected, (Fresh with
    {
        Method = (HttpMethod)method, Rules = new RetryRules(Fresh.Rules.Settings with { Methods = (RetryMethods)methods }),
    }).MayBeServedTwice);

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public void LastTry_IsNotEndedBeforeTheResponseTimeout(int attempts, bool expected) =>
        Assert.Equal(expected, RetryPolicy.MayFollowSilence(Fresh with { Attempts = attempts }));

    /// <summary>A GET that was answered with 503.</summary>
    private static RetryFacts Listed => Fresh with { Rules = Wanted(RetryCondition.Status503) };

    [Fact]
    public void StaleConnection_RetriesAnIdempotentRequest() => Assert.True(MayRetry(ProxyError.ServerClosedBeforeResponse, Stale));

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
        Assert.Equal(expected, MayRetry(ProxyError.ServerClosedBeforeResponse, Stale with { Method = (HttpMethod)method }));

    [Theory]
    [InlineData(HttpMethod.Post)]
    [InlineData(HttpMethod.Other)]
    public void StaleConnectionThatTookNoByte_RetriesEveryMethod(object method) =>
        Assert.True(MayRetry(ProxyError.ServerClosedBeforeResponse, Stale with { Method = (HttpMethod)method, Proof = SendProof.NothingSent }));

    [Theory]
    [Trait("promise", "S4.12")]
    [InlineData(false)]
    [InlineData(true)]
    public void StaleConnectionOnWhichTheClientHadAuthenticated_IsNotReplaced(bool nothingWasSent) =>
        Assert.False(MayRetry(ProxyError.ServerClosedBeforeResponse, Stale with { ConnectionIsPinned = true, Proof = ProofOf(nothingWasSent) }));

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
            MayRetry(ProxyError.ServerClosedBeforeResponse,
                Stale with { Method = (HttpMethod)method, Proof = nothingWasAcknowledged ? SendProof.Unacknowledged : SendProof.Unknown }));

    [Fact]
    [Trait("promise", "B2")]
    public void UnacknowledgedRequest_KeepsAllOtherBounds()
    {
        RetryFacts best = Stale with { Method = HttpMethod.Post, Proof = SendProof.Unacknowledged };

        Assert.True(MayRetry(ProxyError.ServerClosedBeforeResponse, best));
        Assert.False(MayRetry(ProxyError.ServerClosedBeforeResponse, best with { ConnectionWasReused = false }));
        Assert.False(MayRetry(ProxyError.ServerClosedBeforeResponse, best with { RequestIsHeld = false }));
        Assert.False(MayRetry(ProxyError.ServerClosedBeforeResponse, best with { StaleRetryUsed = true }));
        Assert.False(MayRetry(ProxyError.ServerClosedBeforeResponse, best with { Rules = Wanted(RetryCondition.ConnectFailure) }));
        Assert.False(MayRetry(ProxyError.ServerClosedBeforeResponse, best with { Attempts = 3 }));
        Assert.False(MayRetry(ProxyError.ServerBadResponse, best));
        Assert.False(MayRetry(ProxyError.ServerResponseTimeout, best));
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
        Assert.Equal(expected, RetryPolicy.MayFollowSend(
            Stale with
            {
                Method = (HttpMethod)method,
                ConnectionWasReused = isReused,
                Proof = countsUnacknowledged ? SendProof.Unacknowledged : SendProof.Unknown,
            }));

    [Fact]
    [Trait("promise", "B12")]
    public void ACopyOfTheBody_IsOfNoUseInTheLastTry()
    {
        Assert.True(RetryPolicy.MayFollowSend(Stale with { Method = HttpMethod.Put, Attempts = 2 }));
        Assert.False(RetryPolicy.MayFollowSend(Stale with { Method = HttpMethod.Put, Attempts = 3 }));
        Assert.False(RetryPolicy.MayFollowSend(Stale with { Method = HttpMethod.Put, StaleRetryUsed = true }));
    }

    [Theory]
    [Trait("promise", "B2")]
    [InlineData(HttpMethod.Get, false, true)]
    [InlineData(HttpMethod.Put, false, true)]
    [InlineData(HttpMethod.Post, false, false)]
    [InlineData(HttpMethod.Post, true, true)]
    [InlineData(HttpMethod.Other, false, false)]
    [InlineData(HttpMethod.Other, true, true)]
    public void FreshConnectionWithoutAnAnswer_IsTriedElsewhereByMethod(object method, bool nothingWasSent, bool expected) =>
        Assert.Equal(
            expected ? RetryCause.EmptyResponse : RetryCause.None,
            RetryPolicy.Judge(ProxyError.ServerClosedBeforeResponse, Fresh with { Method = (HttpMethod)method, Proof = ProofOf(nothingWasSent) }));

    [Fact]
    [Trait("promise", "B2")]
    public void SilentServer_IsLeftByIdempotentRequestsAlone()
    {
        Assert.Equal(RetryCause.ResponseTimeout, RetryPolicy.Judge(ProxyError.ServerResponseTimeout, Fresh));
        Assert.Equal(RetryCause.None, RetryPolicy.Judge(ProxyError.ServerResponseTimeout, Fresh with { Method = HttpMethod.Post }));
        Assert.Equal(RetryCause.None,
            RetryPolicy.Judge(ProxyError.ServerResponseTimeout, Fresh with { Rules = Wanted(RetryCondition.EmptyResponse) }));
    }

    [Theory]
    [InlineData(ProxyError.ServerClosedBeforeResponse)]
    [InlineData(ProxyError.ServerResponseTimeout)]
    public void WithoutAnotherServer_AFreshConnectionIsTheLast(object error) =>
        Assert.False(MayRetry((ProxyError)error, Fresh with { HasAnotherServer = false, Proof = SendProof.NothingSent }));

    [Fact]
    public void FreshConnection_IsNotRetriedWhereThatIsNotWanted() =>
        Assert.False(MayRetry(ProxyError.ServerClosedBeforeResponse,
            Fresh with { Rules = Wanted(RetryCondition.ConnectFailure, RetryCondition.Stale) }));

    [Fact]
    public void FailedConnect_IsNotRetriedWhereThatIsNotWanted() =>
        Assert.False(MayRetry(ProxyError.ServerConnectFailed, Fresh with { Rules = Wanted(RetryCondition.Stale) }));

    [Fact]
    public void SecondStaleConnection_IsTriedElsewhere() =>
        Assert.Equal(
            RetryCause.EmptyResponse,
            RetryPolicy.Judge(ProxyError.ServerClosedBeforeResponse, Stale with { StaleRetryUsed = true, Attempts = 2, HasAnotherServer = true }));

    [Theory]
    [InlineData(RetryCause.ConnectFailure, false)]
    [InlineData(RetryCause.StaleReuse, false)]
    [InlineData(RetryCause.Unacknowledged, false)]
    [InlineData(RetryCause.EmptyResponse, true)]
    [InlineData(RetryCause.ResponseTimeout, true)]
    public void TheBudget_IsForWhatAServerMayHaveBegun(object cause, bool expected) =>
        Assert.Equal(expected, RetryPolicy.IsOfBudget((RetryCause)cause));

    [Fact]
    public void SecondStaleConnection_IsNotRetried() =>
        Assert.False(MayRetry(ProxyError.ServerClosedBeforeResponse, Stale with { StaleRetryUsed = true, Attempts = 2 }));

    [Fact]
    public void StaleRetrySwitchedOff_IsNotRetried() =>
        Assert.False(MayRetry(ProxyError.ServerClosedBeforeResponse, Stale with { Rules = Wanted(RetryCondition.ConnectFailure) }));

    [Theory]
    [InlineData(ProxyError.ServerConnectFailed)]
    [InlineData(ProxyError.ServerConnectTimeout)]
    [InlineData(ProxyError.NoSourcePort)]
    public void FailedConnect_RetriesEveryMethodWhateverTheConnectionWas(object error)
    {
        RetryFacts facts = Stale with { Method = HttpMethod.Post, ConnectionWasReused = false, Rules = Wanted(RetryCondition.ConnectFailure),
            StaleRetryUsed = true };

        Assert.True(MayRetry((ProxyError)error, facts));
    }

    [Theory]
    [InlineData(2, 3, true)]
    [InlineData(3, 3, false)]
    [InlineData(1, 1, false)]
    public void Attempts_AreBounded(int attempts, int attemptsMax, bool expected) =>
        Assert.Equal(expected,
            MayRetry(
                ProxyError.ServerConnectFailed,
                Stale with { Attempts = attempts, Rules = new RetryRules(Stale.Rules.Settings with { Attempts = attemptsMax }) }));

    [Theory]
    [InlineData(ProxyError.ServerConnectFailed)]
    [InlineData(ProxyError.ServerClosedBeforeResponse)]
    public void RequestThatIsNoLongerHeld_IsNotRetried(object error) =>
        Assert.False(MayRetry((ProxyError)error, Stale with { RequestIsHeld = false }));

    [Fact]
    public void EveryOtherError_IsNeverRetried()
    {
        ProxyError[] retried =
        [
            ProxyError.ServerConnectFailed, ProxyError.ServerConnectTimeout, ProxyError.ServerNotSecure, ProxyError.NoSourcePort,
            ProxyError.ServerClosedBeforeResponse,
        ];
        RetryFacts best = Stale with { Proof = SendProof.NothingSent };

        Assert.All(Enum.GetValues<ProxyError>(), error => Assert.Equal(retried.Contains(error), MayRetry(error, best)));
    }

    private static SendProof ProofOf(bool nothingWasSent) => nothingWasSent ? SendProof.NothingSent : SendProof.Unknown;

    private static bool MayRetry(ProxyError error, in RetryFacts facts) => RetryPolicy.Judge(error, facts) != RetryCause.None;

    private static RetryRules Wanted(params RetryCondition[] on) =>
        new(SettingsTrial.Parse(SettingsTrial.Minimal).Settings.Upstreams[0].Retry with { On = [.. on] });
}
