using System.Collections.Immutable;

namespace NativeProxy.Config;

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

    [Setting("hash_key", Default = "client_ip", Pattern = RequestKeyText.Pattern,
        Doc = "With balance \"hash\": the part of a request that decides: client_ip, uri (path and query), path, host, header:NAME, cookie:NAME "
        + "or query:NAME. Requests without it are balanced by turns.")]
    public partial string HashKey { get; init; }

    [Setting("hash_type", Default = "ring", Doc = "With balance \"hash\": what becomes of keys when servers come and go. Names of servers count, "
        + "their order in the file does not.")]
    public partial HashType HashType { get; init; }

    [Setting("hash_load_factor", Default = 0, Max = 1000,
        Doc = "With balance \"hash\": percent of the mean load for its weight that a server may have, from 125; beyond it, or at its "
        + "max_connections, a request goes to the next server for its key. 0 = off: a request waits for its server.")]
    public partial int HashLoadFactorPercent { get; init; }

    [Setting("first_turn", Default = "random", Doc = "Which server has the first turn after a start, where servers take turns.")]
    public partial FirstTurn FirstTurn { get; init; }

    [Setting("slow_start", Default = "0s", Max = "24h",
        Doc = "Time in which the share of the requests, and max_connections, of a server that came up or was added grow from a tenth to all of "
        + "it. \"0s\" = off.")]
    public partial long SlowStartMs { get; init; }

    [Setting("all_backups", Default = false,
        Doc = "Whether all servers with backup = true serve when no other is up, instead of the first usable one.")]
    public partial bool AllBackups { get; init; }

    [Setting("failover_below", Default = 0, Max = 100,
        Doc = "Percent of a priority level's servers: with fewer of them up the next level joins in; backups never do. "
        + "0 = only when none is up.")]
    public partial int FailoverBelowPercent { get; init; }

    [Setting("when_all_down", Default = "503", Doc = "What becomes of requests when all servers are down.")]
    public partial WhenAllDown WhenAllDown { get; init; }

    [Setting("panic_below", Default = 0, Max = 100,
        Doc = "Percent of the servers: with fewer of them up all are used, as the checks are then more likely wrong than the servers. 0 = never.")]
    public partial int PanicBelowPercent { get; init; }

    [Setting("max_requests", Default = 0, Max = 1_000_000,
        Doc = "Requests in flight at most, at servers or waiting for one, over all workers; beyond it they are answered with status 503. "
        + "0 = no limit.")]
    public partial int MaxRequests { get; init; }

    [Setting("max_queue", Default = 0, Max = 1_000_000,
        Doc = "Requests that wait for whichever server has room first, over all workers; beyond it they are answered with status 503. Also that of "
        + "its servers, unless they have their own. 0 = no limit but timeouts.queue.")]
    public partial int MaxQueue { get; init; }

    [Setting("full_load", Default = 0, Max = 10_000_000,
        Doc = "Requests in flight at which servers with min_connections may have max_connections of them. 0 = a tenth of the client connections that "
        + "all workers together may hold.")]
    public partial int FullLoad { get; init; }

    [Setting("prefer_last_server", Default = false,
        Doc = "Whether further requests of a client connection go to the server of its previous one while that is up and has room, before the "
        + "balancing is asked; a stickiness cookie still wins. HAProxy's option prefer-last-server.")]
    public partial bool PreferLastServer { get; init; }

    [Setting("host_header", Default = "",
        Doc = "What the servers get as Host, such as \"internal.example\". "
        + "\"{server_name}\" = the server's own, from its address. Empty = what the client sent.")]
    public partial string HostHeader { get; init; }

    [Setting("proxy_protocol", Default = "off",
        Doc = "Whether the first bytes of a connection to a server tell it who the client is, and what it connected to. The servers must expect it. "
        + "A connection then carries the requests of one client connection only, and ends with it.")]
    public partial ProxyHeaderVersion ProxyProtocol { get; init; }

    [Setting("source_address", Default = "", Pattern = SourceAddressText.Pattern,
        Doc = "Address of this machine that connections to the servers come from, for those of its family; with ports (\"10.0.0.5:10000-20000\", "
        + "\"[2001:db8::5]:10000-20000\") from one of these. Empty = the system chooses.")]
    public partial string SourceAddress { get; init; }

    [Setting("tls")]
    public partial UpstreamTlsSettings Tls { get; init; }

    [Setting("keepalive")]
    public partial UpstreamKeepaliveSettings Keepalive { get; init; }

    [Setting("tcp_keepalive")]
    public partial TcpKeepaliveSettings TcpKeepalive { get; init; }

    [Setting("timeouts")]
    public partial UpstreamTimeoutSettings Timeouts { get; init; }

    [Setting("retry")]
    public partial UpstreamRetrySettings Retry { get; init; }

    [Setting("hedge")]
    public partial UpstreamHedgeSettings Hedge { get; init; }

    [Setting("health")]
    public partial UpstreamHealthSettings Health { get; init; }

    [Setting("passive")]
    public partial UpstreamPassiveSettings Passive { get; init; }

    [Setting("cookie")]
    public partial UpstreamCookieSettings Cookie { get; init; }

    [Setting("stick")]
    public partial UpstreamStickSettings Stick { get; init; }

    [Setting("cache")]
    public partial UpstreamCacheSettings Cache { get; init; }

    [Setting("discovery")]
    public partial UpstreamDiscoverySettings Discovery { get; init; }

    [Setting("servers", Default = new string[0], Pattern = ServerAddressText.Pattern,
        Doc = "Addresses of the servers, where nothing else is to be said of them: short for [[upstream.server]]. Their names are s1, s2 and so on.")]
    public partial ImmutableArray<string> ServerAddresses { get; init; }

    [Setting("server", Required = true, Conditional = true)]
    public partial ImmutableArray<UpstreamServerSettings> Servers { get; init; }

    /// <summary>With the <see cref="FullLoad"/> that follows from how many client connections there may be, unless the file says one.</summary>
    public UpstreamSettings WithFullLoad(long clientConnectionsMax) =>
        FullLoad > 0 ? this : this with { FullLoad = (int)System.Math.Clamp(clientConnectionsMax / 10, 1, int.MaxValue) };
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

    [Setting("min_idle", Default = 0, Max = 1000,
        Doc = "Idle connections that each worker opens ahead to each server that gets requests, so that these need not wait for a connect; more, "
        + "up to max_idle, while requests come so fast that they are used up before another one is there. Of max_connections a worker takes no "
        + "more than its part for them. 0 = none.")]
    public partial int MinIdle { get; init; }

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

    [SettingChoice("junk_response", Doc = "what came is no head of an answer, or only a part of one; another server")]
    JunkResponse,

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

    [Setting("backoff", Default = "0s", Max = "1m",
        Doc = "Pause before the same server is asked again, because there is no other or redispatch is false: so long after the first try, twice as "
        + "long after the second and so on, less up to half of it by chance. Another server is asked at once. \"0s\" = none.")]
    public partial long BackoffMs { get; init; }

    [Setting("redispatch", Default = true, Doc = "Whether another try goes to another server. Else the same one gets it.")]
    public partial bool Redispatch { get; init; }

    [Setting("budget", Default = 20, Max = 100,
        Doc = "Percent of the requests of the last five to ten seconds of a worker that may be tried again after empty_response, "
        + "response_timeout, junk_response and a status, where the first server may have begun to work, or hedged; beyond it they fail, or wait.")]
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
