using System.Collections.Generic;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Hosting.Explaining;

/// <summary>
/// What becomes of a request when its server closes, falls or is silent: not told from the settings, but asked of what decides it for each request
/// (<see cref="RetryPolicy"/>), so that both say the same. Lives for one explanation.
/// </summary>
/// <param name="upstream">Whose servers.</param>
internal sealed class ServerTrouble(UpstreamSettings upstream)
{
    private readonly GroupRules _rules = new(upstream);

    /// <summary>There is somebody else to ask.</summary>
    public static bool HasAnother(in UpstreamSettings upstream) => upstream.Servers.Length > 1 || upstream.Discovery.Kind != DiscoveryKind.None;

    /// <summary>One line for each thing that may happen to a request of this method, which has no body, or one that is kept.</summary>
    /// <param name="method">The method.</param>
    public IEnumerable<string> Of(HttpMethod method)
    {
        if (!_rules.MayReuse(method) || !ServerTimers.KeepsIdle(upstream))
            yield return "closes an idle connection: nobody notices, this request has a connection of its own";
        else
            yield return "closes an idle connection while the request is on its way to it: " + AfterStale(method);
        yield return "does not take the connection: "
            + Fate(ProxyError.ServerConnectFailed, Facts(method, isReused: false, SendProof.NothingSent));
        yield return "takes the request on a fresh connection and ends it unanswered: "
            + Fate(ProxyError.ServerClosedBeforeResponse, Facts(method, isReused: false, SendProof.Unknown));
        if (upstream.Timeouts.ResponseMs > 0)
        {
            yield return $"is silent for {Units.FormatDuration(upstream.Timeouts.ResponseMs)}: "
                + Fate(ProxyError.ServerResponseTimeout, Facts(method, isReused: false, SendProof.Unknown));
        }
        int[] statuses = [.. new[] { 429, 502, 503, 504 }.Where(status =>
            RetryPolicy.JudgeStatus(status, Facts(method, isReused: false, SendProof.Unknown)) != RetryCause.None)];
        if (statuses.Length > 0)
            yield return $"answers {string.Join(", ", statuses)}: another server is asked, within the budget";
    }

    private string AfterStale(HttpMethod method)
    {
        string fate = Fate(ProxyError.ServerClosedBeforeResponse, Facts(method, isReused: true, SendProof.Unknown));
        bool isProofHeard = upstream.Retry.Unacknowledged
            && RetryPolicy.Judge(ProxyError.ServerClosedBeforeResponse, Facts(method, isReused: true, SendProof.Unacknowledged))
                == RetryCause.Unacknowledged;
        return isProofHeard ? "sent again if the kernel proves that none of it had arrived, else " + fate : fate;
    }

    private static string Fate(ProxyError error, in RetryFacts facts) => RetryPolicy.Judge(error, facts) switch
    {
        RetryCause.StaleReuse => "sent once more on a fresh connection, the client notices nothing",
        RetryCause.ConnectFailure => facts.HasAnotherServer && facts.Rules.Settings.Redispatch
            ? $"another one is tried, {facts.Rules.Settings.Attempts} tries in all"
            : $"tried again, {facts.Rules.Settings.Attempts} tries in all",
        RetryCause.None => $"the client gets {ProxyErrors.Of(error).Status}",
        _ => facts.Rules.Settings.Redispatch ? "another server is asked, within the budget" : "asked again, within the budget",
    };

    private RetryFacts Facts(HttpMethod method, bool isReused, SendProof proof) => new()
    {
        Method = method,
        ConnectionWasReused = isReused,
        ConnectionIsPinned = false,
        Proof = proof,
        RequestIsHeld = true,
        Attempts = 1,
        StaleRetryUsed = false,
        HasAnotherServer = HasAnother(upstream),
        Rules = _rules.Retry,
    };
}
