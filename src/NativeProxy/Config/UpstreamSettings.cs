using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>How a server is chosen for a request.</summary>
internal enum BalanceKind
{
    [SettingChoice("round_robin", Doc = "one after the other, in proportion to their weights")]
    RoundRobin,

    [SettingChoice("least_connections", Doc = "the one with the fewest running requests for its weight; equals take turns")]
    LeastConnections,

    [SettingChoice("source_hash", Doc = "by the client's address, which stays with its server while that one is up")]
    SourceHash,

    [SettingChoice("random_two", Doc = "of two drawn by weight, the one with fewer running requests for its weight")]
    RandomTwo,

    [SettingChoice("first", Doc = "the first in the file that has room under its max_connections")]
    First,
}

/// <summary>Which server has the first turn after a start.</summary>
internal enum FirstTurn
{
    [SettingChoice("random", Doc = "one drawn at random, so that proxies that start at the same time do not all begin with the same server")]
    Random,

    [SettingChoice("first", Doc = "the first in the file, for set-ups that must behave the same at each start")]
    First,
}

/// <summary>`[[upstream]]`: a group of servers with the same content.</summary>
[SettingsTable(Doc = "A group of servers with the same content. Repeat the table for more groups.")]
internal readonly partial struct UpstreamSettings
{
    /// <summary>Servers of all upstreams together, which is what the board shared by the processes holds.</summary>
    public const int ServersMax = 4096;

    [Setting("name", Required = true, Example = "app", Pattern = NameText.Pattern, Doc = "Name that listeners refer to; letters, digits and . _ : -")]
    public partial string Name { get; init; }

    [Setting("balance", Default = "round_robin", Doc = "How a server is chosen for a request.")]
    public partial BalanceKind Balance { get; init; }

    [Setting("first_turn", Default = "random", Doc = "Which server has the first turn after a start, where servers take turns.")]
    public partial FirstTurn FirstTurn { get; init; }

    [Setting("prefer_last_server", Default = false,
        Doc = "Whether further requests of a client connection go to the server of its previous one while that is up and has room, before the "
        + "balancing is asked; a stickiness cookie still wins. HAProxy's option prefer-last-server.")]
    public partial bool PreferLastServer { get; init; }

    [Setting("keepalive")]
    public partial UpstreamKeepaliveSettings Keepalive { get; init; }

    [Setting("tcp_keepalive")]
    public partial TcpKeepaliveSettings TcpKeepalive { get; init; }

    [Setting("timeouts")]
    public partial UpstreamTimeoutSettings Timeouts { get; init; }

    [Setting("retry")]
    public partial UpstreamRetrySettings Retry { get; init; }

    [Setting("health")]
    public partial UpstreamHealthSettings Health { get; init; }

    [Setting("passive")]
    public partial UpstreamPassiveSettings Passive { get; init; }

    [Setting("cookie")]
    public partial UpstreamCookieSettings Cookie { get; init; }

    [Setting("cache")]
    public partial UpstreamCacheSettings Cache { get; init; }

    [Setting("discovery")]
    public partial UpstreamDiscoverySettings Discovery { get; init; }

    [Setting("server", Required = true, Conditional = true)]
    public partial ImmutableArray<UpstreamServerSettings> Servers { get; init; }
}

/// <summary>Which requests may travel on a connection that has served another one before.</summary>
internal enum ReusePolicy
{
    [SettingChoice("always", Doc = "every request")]
    Always,

    [SettingChoice("idempotent", Doc = "requests with an idempotent method; others get a fresh connection")]
    Idempotent,

    [SettingChoice("safe", Doc = "requests with a safe method (GET, HEAD, OPTIONS, TRACE); others get a fresh connection")]
    Safe,

    [SettingChoice("never", Doc = "none: each request has its own connection")]
    Never,
}

/// <summary>`[upstream.keepalive]`: the pool of idle connections to servers.</summary>
[SettingsTable(Doc = "Persistent connections to servers, pooled while idle.")]
internal readonly partial struct UpstreamKeepaliveSettings
{
    [Setting("enabled", Default = true, Doc = "Whether connections are kept for later requests.")]
    public partial bool Enabled { get; init; }

    [Setting("reuse", Default = "always", Doc = "Which requests may use a pooled connection.")]
    public partial ReusePolicy Reuse { get; init; }

    [Setting("max_idle", Default = 256, Max = 1_000_000, Doc = "Idle connections kept per server and worker. 0 = keep none.")]
    public partial int MaxIdle { get; init; }

    [Setting("idle_timeout", Default = "30s", Max = "24h",
        Doc = "Idle time after which a pooled connection is closed; should be shorter than the server's own. \"0s\" = off.")]
    public partial long IdleTimeoutMs { get; init; }

    [Setting("learn_idle_timeout", Default = true,
        Doc = "Whether idle connections are closed a second before the server would, as its \"Keep-Alive: timeout=\" and its own closes tell.")]
    public partial bool LearnIdleTimeout { get; init; }

    [Setting("pipelining", Default = 1, Min = 1, Max = 32,
        Doc = "GET requests of one client that may be under way on one server connection, where listener.pipelining has them in flight at once. "
        + "Only for servers that frame every answer strictly and answer in order. 1 = off.")]
    public partial int Pipelining { get; init; }

    [Setting("max_age", Default = "1h", Max = "720h", Doc = "Age from which a connection is not pooled again. \"0s\" = off.")]
    public partial long MaxAgeMs { get; init; }

    [Setting("max_requests", Default = 0, Max = 1_000_000_000, Doc = "Requests after which a connection is not pooled again. 0 = no limit.")]
    public partial int MaxRequests { get; init; }
}

/// <summary>What may have happened to an exchange so that it is tried again.</summary>
internal enum RetryCondition
{
    [SettingChoice("connect_failure", Doc = "no connection came about; any method, another server")]
    ConnectFailure,

    [SettingChoice("stale", Doc = "a reused connection turned out to be closed by the server; once, on a fresh one")]
    Stale,

    [SettingChoice("empty_response", Doc = "the connection ended before a byte of the answer; another server")]
    EmptyResponse,

    [SettingChoice("response_timeout", Doc = "no byte of the answer came in timeouts.response or per_try_timeout; another server")]
    ResponseTimeout,

    [SettingChoice("429", Doc = "the answer has this status; another server")]
    Status429,

    [SettingChoice("502", Doc = "the same")]
    Status502,

    [SettingChoice("503", Doc = "the same")]
    Status503,

    [SettingChoice("504", Doc = "the same")]
    Status504,
}

/// <summary>Which requests are sent again where a server may have begun to serve them.</summary>
internal enum RetryMethods
{
    [SettingChoice("idempotent", Doc = "those with an idempotent method (RFC 9110 9.2.2)")]
    Idempotent,

    [SettingChoice("safe", Doc = "those with a safe method: GET, HEAD, OPTIONS, TRACE")]
    Safe,

    [SettingChoice("all", Doc = "all, POST too: for servers that tell repeated requests apart")]
    All,
}

/// <summary>`[upstream.retry]`: when an exchange is tried again.</summary>
[SettingsTable(Doc = "When a failed exchange is tried again.")]
internal readonly partial struct UpstreamRetrySettings
{
    [Setting("attempts", Default = 3, Min = 1, Max = 10, Doc = "Tries of one exchange in all; 1 = no retry.")]
    public partial int Attempts { get; init; }

    [Setting("on", Default = new[] { "connect_failure", "stale", "empty_response" },
        Doc = "When an exchange is tried again. Only while nothing of an answer has been passed on; a method that is not one of methods only when "
        + "nothing of the request can have reached a server.")]
    public partial ImmutableArray<RetryCondition> On { get; init; }

    [Setting("methods", Default = "idempotent", Doc = "Which requests are sent again where a server may have begun to serve them.")]
    public partial RetryMethods Methods { get; init; }

    [Setting("per_try_timeout", Default = "0s", Max = "1h",
        Doc = "Time in which the first byte of an answer must come while the exchange could go to another server after response_timeout; the last "
        + "try has timeouts.response. \"0s\" = as long as that for all.")]
    public partial long PerTryTimeoutMs { get; init; }

    [Setting("redispatch", Default = true, Doc = "Whether another try goes to another server. Else the same one gets it.")]
    public partial bool Redispatch { get; init; }

    [Setting("budget", Default = 20, Max = 100,
        Doc = "Percent of the requests of the last five to ten seconds of a worker that may be tried again after empty_response, "
        + "response_timeout and a status, where the first server may have begun to work; beyond it they fail.")]
    public partial int BudgetPercent { get; init; }

    [Setting("budget_min", Default = 3, Max = 1_000_000, Doc = "So many of them may be in any case.")]
    public partial int BudgetMin { get; init; }

    [Setting("body_bytes", Default = "64KiB", Max = "16MiB",
        Doc = "Bytes of a request body that are kept until the answer begins, so that the request can be sent again with it; with a longer body "
        + "it cannot. 0 = none.")]
    public partial int BodyBytes { get; init; }

    [Setting("unacknowledged", Default = false,
        Doc = "Replay also a request that is not idempotent (POST, PATCH) when the server shut a reused connection before a byte of the request "
        + "had reached it, as the kernel's acknowledgements prove. It relies on servers that do not serve what arrives after they have shut their "
        + "sending side.")]
    public partial bool Unacknowledged { get; init; }

    /// <summary>True when an exchange is tried again after an answer with some status.</summary>
    public bool HasStatus => Attempts > 1 && (IsOn(RetryCondition.Status429) || IsOn(RetryCondition.Status502) || IsOn(RetryCondition.Status503)
        || IsOn(RetryCondition.Status504));

    /// <summary>True when an exchange is tried again after an answer with this status.</summary>
    public bool IsOnStatus(int status) => status switch
    {
        429 => IsOn(RetryCondition.Status429),
        502 => IsOn(RetryCondition.Status502),
        503 => IsOn(RetryCondition.Status503),
        504 => IsOn(RetryCondition.Status504),
        _ => false,
    };

    /// <summary>True when an exchange is tried again after this.</summary>
    public bool IsOn(RetryCondition condition)
    {
        foreach (RetryCondition one in On)
        {
            if (one == condition)
                return true;
        }
        return false;
    }
}

/// <summary>`[[upstream.server]]`: one server of the group.</summary>
[SettingsTable(Doc = "One server of the group. Repeat the table for more servers.")]
internal readonly partial struct UpstreamServerSettings
{
    [Setting("name", Required = true, Example = "a", Pattern = NameText.Pattern, Doc = "Name in logs and metrics, unique in its upstream.")]
    public partial string Name { get; init; }

    [Setting("address", Required = true, Example = "127.0.0.1:9001", Pattern = AddressText.ServerPattern,
        Doc = "Where the server listens: \"host:port\" or \"[v6]:port\"; the host may be a name.")]
    public partial string Address { get; init; }

    [Setting("weight", Default = 1, Max = 256,
        Doc = "Share of the requests, in proportion to the other weights. 0 = no new requests; those whose cookie names the server still come.")]
    public partial int Weight { get; init; }

    [Setting("max_connections", Default = 0, Max = 1_000_000,
        Doc = "Connections to this server at most, idle ones included, over all workers; requests beyond it wait in a queue. 0 = no limit.")]
    public partial int MaxConnections { get; init; }

    [Setting("cookie", Default = "", Pattern = CookieText.ValuePattern,
        Doc = "Value in the stickiness cookie. Empty = the server's name. Servers that say the same value share its requests: the first usable "
        + "one takes them all, as with HAProxy's backup twins.")]
    public partial string Cookie { get; init; }

    [Setting("health", Default = true, Doc = "Whether the server is checked where its upstream has health checks; one that is not counts as up.")]
    public partial bool Health { get; init; }

    [Setting("health_port", Default = 0, Max = 65535, MayBeQuoted = true,
        Doc = "Port of the health checks of this server, such as that of the application behind a relay. 0 = health.port, else the server's own.")]
    public partial int HealthPort { get; init; }

    [Setting("health_address", Default = "", Pattern = "^[0-9A-Fa-f.:]*$",
        Doc = "IP address of the health checks of this server. Empty = health.address, else the server's own.")]
    public partial string HealthAddress { get; init; }

    /// <summary>A server that is not in the file.</summary>
    public static UpstreamServerSettings Found(string name, string address, int weight) =>
        ReadFrom(SettingsTableReader.Root(null, new SettingsErrors("", ""))) with { Name = name, Address = address, Weight = weight };

    /// <summary>The value in force.</summary>
    public string CookieValue => Cookie.Length > 0 ? Cookie : Name;
}
