namespace NativeProxy.Config;

/// <summary>`[route.rewrite]`: a path made of what a regular expression finds in the one that would be sent.</summary>
[SettingsTable(Doc = "The path that is sent, made of what a regular expression finds in it; where it finds nothing, the path stays.")]
internal readonly partial struct RouteRewriteSettings
{
    [Setting("regex", Default = "", Doc = "Regular expression that is found in the path, not anchored. Empty = no rewriting.")]
    public partial string Regex { get; init; }

    [Setting("to", Default = "", Pattern = "^$|^/",
        Doc = "The whole new path, such as \"/u/{2}/{1}\"; {1} to {9} are what the groups have "
        + "found. The query stays.")]
    public partial string To { get; init; }
}

/// <summary>`timeouts` of a route or a policy; "0s" leaves what the upstream or the listener says.</summary>
[SettingsTable(Doc = "Waits of these requests. \"0s\" = as the upstream or the listener says.")]
internal readonly partial struct RouteTimeoutSettings
{
    [Setting("response", Default = "0s", Max = "24h", Doc = "Longest silence of a server that must act. \"0s\" = that of the upstream.")]
    public partial long ResponseMs { get; init; }

    [Setting("connect", Default = "0s", Max = "1h", Doc = "Longest time to open a connection. \"0s\" = that of the upstream.")]
    public partial long ConnectMs { get; init; }

    [Setting("total", Default = "0s", Max = "24h",
        Doc = "Longest time from the head of a request to the end of its answer, tries and waits included: one that is not answered then gets 504, "
        + "an answer under way is cut. Not for tunnels, nor for answers without a server. \"0s\" = no limit.")]
    public partial long TotalMs { get; init; }

    [Setting("queue", Default = "0s", Max = "1h", Doc = "Longest wait for a server with room. \"0s\" = that of the upstream.")]
    public partial long QueueMs { get; init; }

    [Setting("tunnel", Default = "0s", Max = "720h", Doc = "Longest silence of a tunnel. \"0s\" = that of the listener.")]
    public partial long TunnelMs { get; init; }

    /// <summary>These where they say something, else the others.</summary>
    public RouteTimeoutSettings Over(in RouteTimeoutSettings outer) => new()
    {
        ResponseMs = ResponseMs > 0 ? ResponseMs : outer.ResponseMs,
        ConnectMs = ConnectMs > 0 ? ConnectMs : outer.ConnectMs,
        TotalMs = TotalMs > 0 ? TotalMs : outer.TotalMs,
        QueueMs = QueueMs > 0 ? QueueMs : outer.QueueMs,
        TunnelMs = TunnelMs > 0 ? TunnelMs : outer.TunnelMs,
    };
}

/// <summary>`limits` of a route or a policy; 0 leaves what the listener says.</summary>
[SettingsTable(Doc = "Limits of these requests. 0 = as the listener says.")]
internal readonly partial struct RouteLimitSettings
{
    [Setting("body_bytes", Default = 0, Doc = "Longest request body; a longer one is refused with 413. 0 = that of the listener.")]
    public partial long BodyBytes { get; init; }

    [Setting("response_body_bytes", Default = 0, Doc = "Longest response body. 0 = that of the listener.")]
    public partial long ResponseBodyBytes { get; init; }

    [Setting("max_concurrent", Default = 0, Max = 1_000_000,
        Doc = "Requests of a route under way at once, over all workers, tunnels and waiting ones included; further ones get 503 with "
        + "Retry-After. Each route of a policy has this number for itself. 0 = no limit.")]
    public partial int ConcurrentMax { get; init; }

    /// <summary>These where they say something, else the others.</summary>
    public RouteLimitSettings Over(in RouteLimitSettings outer) => new()
    {
        BodyBytes = BodyBytes > 0 ? BodyBytes : outer.BodyBytes,
        ResponseBodyBytes = ResponseBodyBytes > 0 ? ResponseBodyBytes : outer.ResponseBodyBytes,
        ConcurrentMax = ConcurrentMax > 0 ? ConcurrentMax : outer.ConcurrentMax,
    };
}
