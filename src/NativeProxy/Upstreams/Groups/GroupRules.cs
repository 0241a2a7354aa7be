using System;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Rewriting;
using NativeProxy.Upstreams.Balancing;

namespace NativeProxy.Upstreams.Groups;

/// <summary>What the settings of a group say about the exchanges with its servers. Immutable; a reload makes another one.</summary>
internal sealed class GroupRules(in UpstreamSettings settings)
{
    private readonly byte[] _hostHeader = Encoding.ASCII.GetBytes(settings.HostHeader ?? "");

    /// <summary>What the servers get as Host; empty when that is what the client sent.</summary>
    public ReadOnlySpan<byte> HostHeader => _hostHeader;

    /// <summary>The server of a client's last request is preferred.</summary>
    public bool PrefersLastServer { get; } = settings.PreferLastServer;

    /// <summary>The part of requests by which servers are chosen; null when none is.</summary>
    public RequestKey? HashKey { get; } = settings.Balance switch
    {
        BalanceKind.SourceHash => new RequestKey("client_ip"),
        BalanceKind.Hash => new RequestKey(settings.HashKey),
        _ => null,
    };

    /// <summary>True when a cookie or a table may name the server of a request.</summary>
    public bool IsSticky { get; private init; } = StickyCookie.Of(settings.Cookie) is not null;

    /// <summary>The cookie that names a server, or null.</summary>
    public StickyCookie? Cookie { get; } = StickyCookie.Of(settings.Cookie);

    /// <summary>The table that keeps requests with servers, or null.</summary>
    public StickRule? Stick
    {
        get;
        init
        {
            field = value;
            IsSticky |= value is not null;
        }
    }

    /// <summary>Something is decided by how many requests are in flight.</summary>
    public bool CountsRequests { get; init; }

    /// <summary>Which requests may go over a connection that was used before.</summary>
    public ReusePolicy Reuse { get; } = ReuseOf(settings.Keepalive);

    /// <summary>
    /// Requests of one client that may be under way on one server connection; 1 where none may be sent again, since a server may close behind
    /// any answer, nor where a request may be cut for another one that was answered first.
    /// </summary>
    public int Pipelining { get; } =
        settings.Hedge.AfterMs == 0 && new RetryRules(settings.Retry).AllowsPipelining && ReuseOf(settings.Keepalive) != ReusePolicy.Never
            ? settings.Keepalive.Pipelining
            : 1;

    /// <summary>When exchanges are tried again, unless their route says it.</summary>
    public RetryRules Retry { get; } = new(settings.Retry);

    /// <summary>After how long a second server is asked as well; 0 = never.</summary>
    public long HedgeAfterMs { get; } = settings.Hedge.AfterMs;

    /// <summary>Connections to backups end when another server comes up.</summary>
    public bool ClosesBackups { get; } = settings.Health.OnUp == UpAction.CloseBackups;

    /// <summary>Some server is told of each connection whose it is.</summary>
    public bool AnnouncesClients { get; } = AnyIsTold(settings);

    /// <summary>How long an exchange waits in line for room; 0 = without a limit.</summary>
    public long QueueTimeoutMs { get; } = settings.Timeouts.QueueMs;

    /// <summary>Names that servers are asked for in TLS, where these are the hosts of requests; null else.</summary>
    public HostNames? Hosts { get; } = settings.Tls is { Enabled: true, Sni: ServerNameChoice.Host } ? new HostNames() : null;

    /// <summary>How long a connect may take; 0 = without a limit.</summary>
    public long ConnectTimeoutMs { get; } = settings.Timeouts.ConnectMs;

    /// <summary>How long a server may take for its answer; 0 = without a limit.</summary>
    public long ResponseTimeoutMs { get; } = settings.Timeouts.ResponseMs;

    /// <summary>How long nothing may move where bytes are passed on as they are; 0 = as long as the listener says.</summary>
    public long IdleTimeoutMs { get; } = settings.Timeouts.IdleMs;

    private static ReusePolicy ReuseOf(UpstreamKeepaliveSettings keepalive) => keepalive.Enabled ? keepalive.Reuse : ReusePolicy.Never;

    private static bool AnyIsTold(in UpstreamSettings settings)
    {
        bool isAny = settings.ProxyProtocol != ProxyHeaderVersion.Off;
        foreach (UpstreamServerSettings server in settings.Servers.IsDefault ? [] : settings.Servers)
            isAny |= server.ProxyHeaderOf(settings) != ProxyHeaderVersion.Off;
        return isAny;
    }

    /// <summary>Whether a request of this method may use a connection that has served others.</summary>
    public bool MayReuse(HttpMethod method) => Reuse switch
    {
        ReusePolicy.Always => method != HttpMethod.Connect,
        ReusePolicy.Idempotent => method.IsIdempotent(),
        ReusePolicy.Safe => method.IsSafe(),
        _ => false,
    };
}
