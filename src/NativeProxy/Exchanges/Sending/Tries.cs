using System.Runtime.CompilerServices;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// The tries of one exchange: how many, why, and what they have used of what there is for them. Part of a <see cref="ServerLink"/> (a mutable struct:
/// keep it in a field, never copy it); thread: the loop. Never asks a server and never decides (<see cref="RetryPolicy"/> does).
/// </summary>
internal struct Tries
{
    private RetryRules? _rules;
    private bool _isStaleRetryUsed;

    /// <summary>The exchange has taken its place in the budget of second tries.</summary>
    private bool _isInBudget;

    /// <summary>When there are further ones.</summary>
    public readonly RetryRules Rules => _rules!;

    /// <summary>Tries so far.</summary>
    public int Count { get; set; }

    /// <summary>Why the last one was made.</summary>
    public RetryCause Cause { get; private set; }

    /// <summary>Another exchange begins.</summary>
    public void Begin(RetryRules rules)
    {
        if (_rules != rules)
            _rules = rules;
        Count = 0;
        Cause = RetryCause.None;
        _isStaleRetryUsed = _isInBudget = false;
    }

    /// <summary>A try beside those of another link, for the same exchange.</summary>
    public void BeginBeside(in Tries first)
    {
        Begin(first.Rules);
        Count = first.Count;
        Cause = RetryCause.Hedge;
        _isInBudget = first._isInBudget;
    }

    /// <summary>There will be another try.</summary>
    public void Again(RetryCause cause, LoopCounters counters, UpstreamServer server)
    {
        Cause = cause;
        server.Load.Tally?.Count(Tally.Retried);
        counters.Add(ServerFailures.CounterOf(cause));
        _isStaleRetryUsed |= cause is RetryCause.StaleReuse or RetryCause.Unacknowledged;
    }

    /// <summary>Takes a place in the budget; one is enough for all tries of an exchange.</summary>
    public bool TryTakeBudget(UpstreamGroup group, long nowMs, LoopCounters counters) =>
        group.RetryBudget.TryTake(ref _isInBudget, nowMs, Rules.Settings, counters);

    /// <summary>How long the next one may take: as the settings say if another may follow, else, as 0 says, as long as the answer may.</summary>
    /// <param name="method">Of the request.</param>
    /// <param name="stream">On which it goes out.</param>
    /// <param name="isOnPin">On the connection on which its client has authenticated.</param>
    /// <param name="hasOtherServer">A server other than the one that is asked takes requests.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public readonly long TimeoutMsOf(HttpMethod method, ServerStream stream, bool isOnPin, bool hasOtherServer) =>
        RetryPolicy.MayFollowSilence(FactsOf(method, stream, isOnPin, hasOtherServer, SendProof.Unknown, isHeld: true)) ? Rules.PerTryTimeoutMs : 0;

    /// <summary>What decides whether there may be another one.</summary>
    /// <param name="method">Of the request.</param>
    /// <param name="stream">On which it went out.</param>
    /// <param name="isOnPin">On the connection on which its client has authenticated.</param>
    /// <param name="hasOtherServer">A server other than the present one takes requests.</param>
    /// <param name="proof">How far it came.</param>
    /// <param name="isHeld">The whole request can be sent again.</param>
    public readonly RetryFacts FactsOf(
        HttpMethod method, ServerStream stream, bool isOnPin, bool hasOtherServer, SendProof proof, bool isHeld) => new()
    {
        Method = method,
        ConnectionWasReused = stream.IsReused,
        ConnectionIsPinned = isOnPin,
        Proof = proof,
        RequestIsHeld = isHeld,
        Attempts = Count,
        StaleRetryUsed = _isStaleRetryUsed,
        HasAnotherServer = hasOtherServer,
        Rules = Rules,
    };
}
