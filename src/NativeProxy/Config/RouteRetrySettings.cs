using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>Which requests of a route are sent again where a server may have begun to serve them.</summary>
internal enum RouteRetryMethods
{
    [SettingChoice("upstream", Doc = "as the upstream says")]
    Upstream,

    [SettingChoice("idempotent", Doc = "those with an idempotent method (RFC 9110 9.2.2)")]
    Idempotent,

    [SettingChoice("safe", Doc = "those with a safe method: GET, HEAD, OPTIONS, TRACE")]
    Safe,

    [SettingChoice("all", Doc = "all, POST too: for servers that tell repeated requests apart")]
    All,
}

/// <summary>`[route.retry]`: when requests of a route are tried again, where that is another thing than for the others of their upstream.</summary>
[SettingsTable(Doc = "When requests of the route are tried again. What is left out is as the upstream says; retry.budget, redispatch and body_bytes "
    + "are the upstream's in any case.")]
internal readonly partial struct RouteRetrySettings
{
    [Setting("attempts", Default = 0, Max = 10, Doc = "Tries of one exchange in all; 1 = no retry, 0 = those of the upstream.")]
    public partial int Attempts { get; init; }

    [Setting("on", Default = new string[0],
        Doc = "When an exchange is tried again, in the words of upstream.retry.on. Empty = as the upstream says.")]
    public partial ImmutableArray<RetryCondition> On { get; init; }

    [Setting("methods", Default = "upstream", Doc = "Which requests are sent again where a server may have begun to serve them.")]
    public partial RouteRetryMethods Methods { get; init; }

    [Setting("per_try_timeout", Default = "0s", Max = "1h", Doc = "As upstream.retry.per_try_timeout. \"0s\" = that.")]
    public partial long PerTryTimeoutMs { get; init; }

    [Setting("backoff", Default = "0s", Max = "1m", Doc = "As upstream.retry.backoff. \"0s\" = that.")]
    public partial long BackoffMs { get; init; }

    /// <summary>Whether it says anything.</summary>
    public bool IsSet => Attempts > 0 || !On.IsDefaultOrEmpty || Methods != RouteRetryMethods.Upstream || PerTryTimeoutMs > 0 || BackoffMs > 0;

    /// <summary>What is said here, else by the upstream.</summary>
    public UpstreamRetrySettings Over(in UpstreamRetrySettings upstream) => upstream with
    {
        Attempts = Attempts > 0 ? Attempts : upstream.Attempts,
        On = On.IsDefaultOrEmpty ? upstream.On : On,
        Methods = Methods == RouteRetryMethods.Upstream ? upstream.Methods : (RetryMethods)(Methods - 1),
        PerTryTimeoutMs = PerTryTimeoutMs > 0 ? PerTryTimeoutMs : upstream.PerTryTimeoutMs,
        BackoffMs = BackoffMs > 0 ? BackoffMs : upstream.BackoffMs,
    };
}
