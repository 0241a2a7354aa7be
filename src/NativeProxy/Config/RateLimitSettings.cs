using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>How a limit counts.</summary>
internal enum RateAlgorithm
{
    [SettingChoice("token_bucket", Doc = "\"burst\" at once, and then as many as come in by the rate")]
    TokenBucket,

    [SettingChoice("sliding_window", Doc = "no more than the rate's number in any of its times, to within a small error")]
    SlidingWindow,
}

/// <summary>What becomes of a request that is too many.</summary>
internal enum RateAction
{
    [SettingChoice("reject", Doc = "it is answered with \"status\"")]
    Reject,

    [SettingChoice("delay",
        Doc = "it waits until it is not too many any more, but not above timeouts.queue; else as reject")]
    Delay,

    [SettingChoice("log", Doc = "it passes; the access log names the limit")]
    Log,
}

/// <summary>Over what a limit counts.</summary>
internal enum RateScope
{
    [SettingChoice("node", Doc = "over all workers")]
    Node,

    [SettingChoice("worker", Doc = "in each worker for itself")]
    Worker,
}

/// <summary>`[[rate_limit]]`: how many requests may come in a time, from whom.</summary>
[SettingsTable(Doc = "How many requests may come in a time, counted for each value of a key. Repeat the table for more limits; listeners and routes "
    + "name those that hold for them.")]
internal readonly partial struct RateLimitSettings
{
    /// <summary>Most limits in one file.</summary>
    public const int CountMax = 256;

    [Setting("name", Required = true, Example = "per-client", Pattern = NameText.Pattern, Doc = "Name in logs; letters, digits and . _ : -")]
    public partial string Name { get; init; }

    [Setting("key", Default = "client_ip",
        Doc = "Whose requests are counted together: client_ip, header:NAME, cookie:NAME, query:NAME, path, host, route, all; several joined by "
        + "\"+\". Requests without such a field, cookie or parameter are counted together.")]
    public partial string Key { get; init; }

    [Setting("rate", Required = true, Example = "10/s", Pattern = RateText.Pattern, Doc = "How many in which time: \"10/s\", \"100/m\", \"1000/h\".")]
    public partial string Rate { get; init; }

    /// <summary>0 = the rate's number.</summary>
    [Setting("burst", Auto = true, Default = "auto", Min = 1, Max = RateText.CountMax,
        Doc = "How many at once, by token_bucket. \"auto\" = the rate's number.")]
    public partial int Burst { get; init; }

    [Setting("algorithm", Default = "token_bucket", Doc = "How it counts.")]
    public partial RateAlgorithm Algorithm { get; init; }

    [Setting("action", Default = "reject", Doc = "What becomes of a request that is too many.")]
    public partial RateAction Action { get; init; }

    [Setting("status", Default = 429, Min = 400, Max = 599, Doc = "Status of the answer to a request that is too many.")]
    public partial int Status { get; init; }

    [Setting("retry_after", Default = true, Doc = "Whether that answer says in Retry-After when the next one passes.")]
    public partial bool RetryAfter { get; init; }

    [Setting("headers", Default = false, Doc = "Whether answers say in RateLimit-Limit, -Remaining and -Reset how much is left.")]
    public partial bool Headers { get; init; }

    [Setting("count_status", Default = new string[0], Pattern = StatusText.Pattern,
        Doc = "Statuses of answers, such as [\"401\", \"500-599\"]: only requests that got one count, for example failed logins. Empty = all "
        + "requests count.")]
    public partial ImmutableArray<string> CountStatus { get; init; }

    [Setting("ipv6_prefix", Default = 64, Min = 1, Max = 128, Doc = "Bits of an IPv6 address that tell clients apart in client_ip.")]
    public partial int Ipv6Prefix { get; init; }

    [Setting("scope", Default = "node", Doc = "Over what it counts.")]
    public partial RateScope Scope { get; init; }

    [Setting("max_keys", Default = 100_000, Min = 1, Max = 1_000_000,
        Doc = "Values of the key that are remembered at least, in 16 bytes each; of more, those go that are nearest to being as new.")]
    public partial int KeysMax { get; init; }
}
