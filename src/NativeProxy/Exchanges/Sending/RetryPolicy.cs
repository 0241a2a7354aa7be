using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges.Sending;

/// <summary>What decides whether an exchange may be sent again.</summary>
internal readonly struct RetryFacts
{
    public required HttpMethod Method { get; init; }

    /// <summary>The connection had carried an earlier exchange, so the server may have closed it before our request came.</summary>
    public required bool ConnectionWasReused { get; init; }

    /// <summary>The client had authenticated on the connection: on another one the same request would be somebody else's.</summary>
    public required bool ConnectionIsPinned { get; init; }

    /// <summary>
    /// What is known of how far the request came; <see cref="SendProof.Unacknowledged"/> only where the upstream wants that to count.
    /// </summary>
    public required SendProof Proof { get; init; }

    /// <summary>The kernel refused the request's very first byte: the server cannot have seen any of it.</summary>
    public bool NothingWasSent => Proof == SendProof.NothingSent;

    /// <summary>The whole request can be sent again.</summary>
    public required bool RequestIsHeld { get; init; }

    /// <summary>Tries so far, the failed one included.</summary>
    public required int Attempts { get; init; }

    /// <summary>A stale connection has been replaced once already.</summary>
    public required bool StaleRetryUsed { get; init; }

    /// <summary>A server other than the one that has failed takes requests.</summary>
    public required bool HasAnotherServer { get; init; }

    /// <summary>What the upstream wants.</summary>
    public required RetryRules Rules { get; init; }

    /// <summary>A server may serve such a request twice.</summary>
    public bool MayBeServedTwice => Rules.Settings.Methods switch
    {
        RetryMethods.All => Method != HttpMethod.Connect,
        RetryMethods.Safe => Method.IsSafe(),
        _ => Method.IsIdempotent(),
    };

    /// <summary>There is somebody for another try.</summary>
    public bool HasServerForIt => HasAnotherServer || !Rules.Settings.Redispatch;
}

/// <summary>
/// May this exchange be sent again after that error? Pure. A method that is not idempotent is only sent again when no byte of it can
/// have reached a server (RFC 9110 9.2.2); an answer that has begun is never replaced.
/// </summary>
internal static class RetryPolicy
{
    /// <summary>
    /// Could this exchange be sent again after bytes of it went out on its connection? If not, nobody needs a copy of its body.
    /// </summary>
    /// <param name="facts">As if the request was held, and unacknowledged where that counts.</param>
    public static bool MayFollowSend(in RetryFacts facts) =>
        MayFollow(facts) && (JudgeEmptyResponse(facts) != RetryCause.None || MayGoElsewhere(RetryCondition.ResponseTimeout, facts)
            || MayGoElsewhere(RetryCondition.JunkResponse, facts) || (facts.Rules.HasStatus && MayFollowStatus(facts)));

    /// <summary>Whether the exchange is sent again instead of passing an answer with this status on, of which nothing was passed on yet.</summary>
    public static RetryCause JudgeStatus(int status, in RetryFacts facts) =>
        facts.Rules.IsOnStatus(status) && MayFollowStatus(facts) ? RetryCause.Status : RetryCause.None;

    /// <summary>Could another server be asked in time after a silent try?</summary>
    /// <param name="facts">Before the try, as if the request was held.</param>
    public static bool MayFollowSilence(in RetryFacts facts) =>
        !facts.ConnectionIsPinned && facts.Attempts + 1 < facts.Rules.Settings.Attempts && MayGoElsewhere(RetryCondition.ResponseTimeout, facts);

    /// <summary>Why the exchange is sent again after this error, before any byte of an answer; None when it is not.</summary>
    public static RetryCause Judge(ProxyError error, in RetryFacts facts)
    {
        if (!MayFollow(facts))
            return RetryCause.None;
        return ProxyErrors.Of(error).Retry switch
        {
            RetryRule.NothingWasSent => facts.Rules.IsOn(RetryCondition.ConnectFailure) ? RetryCause.ConnectFailure : RetryCause.None,
            RetryRule.BeforeAnswer => JudgeEmptyResponse(facts),
            RetryRule.AfterJunk => MayGoElsewhere(RetryCondition.JunkResponse, facts) ? RetryCause.JunkResponse : RetryCause.None,
            RetryRule.AfterSilence => MayGoElsewhere(RetryCondition.ResponseTimeout, facts) ? RetryCause.ResponseTimeout : RetryCause.None,
            _ => RetryCause.None,
        };
    }

    /// <summary>True when a server may have begun to serve what is sent again, so that it costs of the <c>budget</c>.</summary>
    public static bool IsOfBudget(RetryCause cause) =>
        cause is RetryCause.EmptyResponse or RetryCause.ResponseTimeout or RetryCause.JunkResponse or RetryCause.Status;

    /// <summary>The connection has ended: it was stale, or its server fell or did not want to answer.</summary>
    private static RetryCause JudgeEmptyResponse(in RetryFacts facts)
    {
        bool isStale = facts.ConnectionWasReused && facts.Rules.IsOn(RetryCondition.Stale) && !facts.StaleRetryUsed;
        if (isStale && (facts.NothingWasSent || facts.MayBeServedTwice))
            return RetryCause.StaleReuse;
        if (isStale && facts.Proof == SendProof.Unacknowledged)
            return RetryCause.Unacknowledged;
        return MayGoElsewhere(RetryCondition.EmptyResponse, facts) ? RetryCause.EmptyResponse : RetryCause.None;
    }

    /// <summary>Another server gets it: the one that has failed may have failed by this request.</summary>
    private static bool MayGoElsewhere(RetryCondition condition, in RetryFacts facts) =>
        facts.HasServerForIt && facts.Rules.IsOn(condition) && (facts.NothingWasSent || facts.MayBeServedTwice);

    private static bool MayFollowStatus(in RetryFacts facts) =>
        MayFollow(facts) && facts.HasServerForIt && facts.MayBeServedTwice;

    /// <summary>True when there may be another try at all.</summary>
    private static bool MayFollow(in RetryFacts facts) =>
        !facts.ConnectionIsPinned && facts.RequestIsHeld && facts.Attempts < facts.Rules.Settings.Attempts;
}
