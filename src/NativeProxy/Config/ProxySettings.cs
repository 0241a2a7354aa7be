using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace NativeProxy.Config;

/// <summary>
/// The whole settings file, read once and never changed. Made by the generated binder only; a default value of this struct is not usable.
/// </summary>
[SettingsTable(IsRoot = true, Doc = "NativeProxy settings.")]
internal readonly partial struct ProxySettings
{
    /// <summary>Followed by <see cref="IncludeReader"/>, before anything is bound.</summary>
    [Setting(IncludeReader.Key, Default = new string[0], Pattern = "^.+$",
        Doc = "Files that belong to this one: paths, or patterns with * and ? in their last part, from the directory of this file. Arrays of tables "
        + "([[listener]] and the like) add up, this file's first, then in the order of the list and of the names; every other table stands in one "
        + "file only. Stands at the top, before all tables.")]
    public partial ImmutableArray<string> Include { get; init; }

    [Setting("runtime")]
    public partial RuntimeSettings Runtime { get; init; }

    [Setting("admin")]
    public partial AdminSettings Admin { get; init; }

    [Setting("log")]
    public partial LogSettings Log { get; init; }

    [Setting("recorder")]
    public partial RecorderSettings Recorder { get; init; }

    [Setting("resolver")]
    public partial ResolverSettings Resolver { get; init; }

    [Setting("listener", Required = true)]
    public partial ImmutableArray<ListenerSettings> Listeners { get; init; }

    [Setting("rate_limit")]
    public partial ImmutableArray<RateLimitSettings> RateLimits { get; init; }

    [Setting("route")]
    public partial ImmutableArray<RouteSettings> Routes { get; init; }

    [Setting("policy")]
    public partial ImmutableArray<PolicySettings> Policies { get; init; }

    [Setting("upstream", Required = true, Conditional = true)]
    public partial ImmutableArray<UpstreamSettings> Upstreams { get; init; }

    /// <summary>With the only upstream in each listener that names none, if there is just one and no route; else as they are.</summary>
    public ProxySettings WithOnlyUpstream()
    {
        if (Upstreams.Length != 1 || !Routes.IsEmpty)
            return this;
        string only = Upstreams[0].Name;
        return this with
        {
            Listeners = [.. Listeners.Select(listener =>
                listener is { Mode: not ListenerMode.Forward, Upstream.Length: 0 } ? listener with { Upstream = only } : listener)],
        };
    }

    /// <summary>With a table for each server that a short list names.</summary>
    public ProxySettings WithShortServers() => this with { Upstreams = [.. Upstreams.Select(static upstream => ShortServers.WithTables(upstream))] };

    /// <summary>The listeners for whose requests a policy holds, perhaps by a route.</summary>
    public IEnumerable<ListenerSettings> ListenersOf(PolicySettings policy)
    {
        ProxySettings all = this;
        string[] ofRoutes = [.. Routes.Where(route => route.Policies.Contains(policy.Name))
            .SelectMany(route => all.ListenersOf(route)).Select(static listener => listener.Name)];
        return Listeners.Where(listener => listener.Policies.Contains(policy.Name) || ofRoutes.Contains(listener.Name));
    }

    /// <summary>With each address that is listened on by itself, where the file says several in short.</summary>
    public ProxySettings WithEachBind() => this with
    {
        Listeners =
        [
            .. Listeners.Select(static listener => listener with { Bind = [.. listener.Bind.SelectMany(static bind => BindText.Expand(bind))] }),
        ],
    };

    /// <summary>The listeners whose requests, or connections, a route looks at.</summary>
    public IEnumerable<ListenerSettings> ListenersOf(RouteSettings route)
    {
        ListenerMode mode = ModeOf(route);
        return Listeners.Where(listener => route.Listeners.IsEmpty
            ? listener.Mode == mode
            : listener.Mode != ListenerMode.Forward && route.Listeners.Contains(listener.Name));
    }

    /// <summary>
    /// The mode of the listeners of a route that names none: what is for requests must not take connections that happen to be there, too.
    /// </summary>
    private ListenerMode ModeOf(in RouteSettings route) =>
        route.LooksAtConnections || !Listeners.Any(static listener => listener.Mode == ListenerMode.Http) ? ListenerMode.Tcp : ListenerMode.Http;
}

/// <summary>Which transport engine moves the bytes.</summary>
internal enum EngineKind
{
    [SettingChoice("saea", Doc = "SocketAsyncEventArgs; runs everywhere")]
    Saea,

    [SettingChoice("epoll", Doc = "direct system calls; Linux; the fastest")]
    Epoll,
}

/// <summary>`[runtime]`: the process and its workers.</summary>
[SettingsTable(Doc = "The process and its workers.")]
internal readonly partial struct RuntimeSettings
{
    /// <summary>0 = one per core.</summary>
    [Setting("workers", Auto = true, Default = "auto", Min = 1, Max = 256,
        Doc = "Worker processes, each with one event loop on one core. \"auto\" = one per core.")]
    public partial int Workers { get; init; }

    [Setting("engine", Default = "saea", Doc = "How sockets are driven.")]
    public partial EngineKind Engine { get; init; }

    [Setting("max_connections", Default = 20000, Min = 1, Max = 1_000_000,
        Doc = "Client connections that one worker holds at most, over all listeners; never more than half of the descriptors that it may open, "
        + "because each may need one to a server.")]
    public partial int MaxConnections { get; init; }

    [Setting("replay_bytes", Default = "16MiB", Max = "1GiB",
        Doc = "Memory of one worker for request bodies that are kept to be sent again (retry.body_bytes), all together. When it is full, further "
        + "requests are served without a copy. 0 = none are kept.")]
    public partial long ReplayBytes { get; init; }

    /// <summary>0 = computed from <see cref="MaxConnections"/>.</summary>
    [Setting("buffer_bytes", Default = 0, Max = "64GiB",
        Doc = "Memory for buffers that one worker takes at most, from 1MiB. 0 = 48KiB per connection of max_connections, between 64MiB and 2GiB. "
        + "A change needs a restart.")]
    public partial long BufferBytes { get; init; }

    [Setting("shed_idle_at", Default = 90, Max = 100,
        Doc = "Percent of the connections, descriptors or buffers that a worker may have, from which on it closes idle connections, oldest first, "
        + "and lets responses say close, until a tenth less is in use. 0 = off.")]
    public partial int ShedIdleAtPercent { get; init; }

    [Setting("drain_delay", Default = "0s", Max = "1h",
        Doc = "Time from SIGTERM, when /health begins to say 503, to when no connections are taken any more: for balancers in front to notice. "
        + "Until then everything is served as before.")]
    public partial long DrainDelayMs { get; init; }

    [Setting("drain_timeout", Default = "30s", Max = "24h", Doc = "Longest time that SIGTERM waits for running exchanges before it cuts them.")]
    public partial long DrainTimeoutMs { get; init; }

    [Setting("upgrade_timeout", Default = "1h", Min = "1s", Max = "168h",
        Doc = "Longest time that a process which has been replaced by an upgrade waits for what runs on it, such as tunnels, before it cuts it.")]
    public partial long UpgradeTimeoutMs { get; init; }

    /// <summary>0 = off.</summary>
    [Setting("worker_hang_timeout", Default = "10s", Max = "1h",
        Doc = "A worker whose event loop shows no sign of life for this long is killed and replaced. \"0s\" = never.")]
    public partial long WorkerHangTimeoutMs { get; init; }

    [Setting("user", Default = "",
        Doc = "User that workers run as, where the proxy is started as root; the supervisor stays root, for privileged ports and keys at a reload. "
        + "Empty = who started it. A change needs a restart.")]
    public partial string User { get; init; }

    [Setting("group", Default = "", Doc = "Group of that user. Empty = its own. A change needs a restart.")]
    public partial string Group { get; init; }

    [Setting("pid_file", Default = "", Doc = "File that receives the process id. Empty = none.")]
    public partial string PidFile { get; init; }
}

/// <summary>`[admin]`: the operator's endpoint.</summary>
[SettingsTable(Doc = "The operator's endpoint: health, status, metrics.")]
internal readonly partial struct AdminSettings
{
    /// <summary>Histograms of upstreams.</summary>
    public const string ByUpstream = "upstream";

    /// <summary>Histograms of routes.</summary>
    public const string ByRoute = "route";

    [Setting("bind", Default = "", Pattern = "^$|^unix:/|" + AddressText.BindPattern,
        Doc = "Address to listen on, such as \"127.0.0.1:9901\", or a Unix socket, \"unix:/path\". Empty = no admin endpoint.")]
    public partial string Bind { get; init; }

    /// <summary>Changes with a restart only, as <see cref="Bind"/> does.</summary>
    [Setting("unix")]
    public partial ListenerUnixSettings Unix { get; init; }

    [Setting("certificate", Default = "",
        Doc = "PEM file with the certificate and those between it and the root; the private key may be there, too. With it TLS is spoken at this "
        + "address, and only then is /api served to other machines, never without a token. Read at start and reload. Empty = no TLS.")]
    public partial string Certificate { get; init; }

    [Setting("key", Default = "", Doc = "PEM file with its private key (RSA or ECDSA), without a password. Empty = it is in \"certificate\".")]
    public partial string Key { get; init; }

    /// <summary>TLS is spoken. Over a Unix socket it never is, though a reload may bring a certificate to one.</summary>
    public bool IsSecured => Certificate.Length > 0 && Bind.Length > 0 && !UnixAddressText.IsUnix(Bind);

    /// <summary>See <see cref="WriteTokenFile"/>.</summary>
    [Setting("read_token_file", Default = "",
        Doc = "File with the token that whoever reads anything but /health must show (Authorization: Bearer). Empty = nobody needs one.")]
    public partial string ReadTokenFile { get; init; }

    /// <summary>Read at each question: no reload is needed for another token.</summary>
    [Setting("write_token_file", Default = "",
        Doc = "File with the token that whoever changes something by /api must show; 16 visible characters at least. Empty = nobody may.")]
    public partial string WriteTokenFile { get; init; }

    /// <summary>Each is <see cref="ByUpstream"/> or <see cref="ByRoute"/>.</summary>
    [Setting("histograms", Default = new string[0], Pattern = "^(" + ByUpstream + "|" + ByRoute + ")$",
        Doc = "Of what /metrics has histograms of times: \"upstream\", \"route\". Each upstream or route is 14 lines. "
        + "Empty = none.")]
    public partial ImmutableArray<string> Histograms { get; init; }
}
