using NativeProxy.Foundation;
using NativeProxy.Http1;

namespace NativeProxy.Sessions;

/// <summary>What decides whether an exchange may be sent again.</summary>
internal readonly struct RetryFacts
{
    public required HttpMethod Method { get; init; }

    /// <summary>The connection had carried an earlier exchange, so the server may have closed it before our request came.</summary>
    public required bool ConnectionWasReused { get; init; }

    /// <summary>The client had authenticated on the connection: on another one the same request would be somebody else's.</summary>
    public required bool ConnectionIsPinned { get; init; }

    /// <summary>True when the kernel refused the request's very first byte: the server cannot have seen any of it.</summary>
    public required bool NothingWasSent { get; init; }

    /// <summary>
    /// The server shut its side of a reused connection before any byte of this request had reached its machine; only set where the upstream
    /// wants that to count.
    /// </summary>
    public required bool NothingWasAcknowledged { get; init; }

    /// <summary>The whole request can be sent again.</summary>
    public required bool RequestIsHeld { get; init; }

    /// <summary>Tries so far, the failed one included.</summary>
    public required int Attempts { get; init; }

    public required int AttemptsMax { get; init; }

    /// <summary>A stale connection has been replaced once already.</summary>
    public required bool StaleRetryUsed { get; init; }

    public required bool StaleRetryAllowed { get; init; }
}

/// <summary>
/// May this exchange be sent again after that error? Pure. A method that is not idempotent is only sent again when no byte of it can
/// have reached a server (RFC 9110 9.2.2); an answer that has begun is never replaced.
/// </summary>
internal static class RetryPolicy
{
    /// <summary>
    /// Could this exchange be sent again after bytes of it went out on its connection, if that turned out closed? If not, nobody needs a
    /// copy of its body.
    /// </summary>
    /// <param name="facts">As if the request was held, and unacknowledged where that counts.</param>
    public static bool MayFollowStale(in RetryFacts facts) => MayRetry(ProxyError.ServerClosedBeforeResponse, facts);

    public static bool MayRetry(ProxyError error, in RetryFacts facts)
    {
        if (facts.ConnectionIsPinned || !facts.RequestIsHeld || facts.Attempts >= facts.AttemptsMax)
            return false;
        return ProxyErrors.Of(error).Retry switch
        {
            RetryRule.NothingWasSent => true,
            RetryRule.IfReusedConnection => facts.ConnectionWasReused && facts.StaleRetryAllowed && !facts.StaleRetryUsed
                && (facts.NothingWasSent || facts.NothingWasAcknowledged || facts.Method.IsIdempotent()),
            _ => false,
        };
    }
}
