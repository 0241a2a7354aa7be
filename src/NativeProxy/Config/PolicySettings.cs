using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>`[[policy]]`: a named set of modifiers that listeners and routes share (Traefik's middlewares).</summary>
[SettingsTable(Doc = "A named set of modifiers for listeners and routes. Header rules and access lists add up; of all else the innermost wins: "
    + "listener, its policies, the route's policies in their order, route.")]
internal readonly partial struct PolicySettings
{
    [Setting("name", Required = true, Example = "secure", Pattern = NameText.Pattern, Doc = "Name by which listeners and routes use it.")]
    public partial string Name { get; init; }

    [Setting("request_headers")]
    public partial HeaderRuleSettings RequestHeaders { get; init; }

    [Setting("response_headers")]
    public partial HeaderRuleSettings ResponseHeaders { get; init; }

    [Setting("rate_limit", Default = new string[0], Pattern = NameText.Pattern, Doc = "Names of the [[rate_limit]]s that hold, too.")]
    public partial ImmutableArray<string> RateLimits { get; init; }

    [Setting("access")]
    public partial AccessSettings Access { get; init; }

    [Setting("basic_auth")]
    public partial BasicAuthSettings BasicAuth { get; init; }

    [Setting("compression")]
    public partial CompressionSettings Compression { get; init; }

    [Setting("cors")]
    public partial CorsSettings Cors { get; init; }

    [Setting("timeouts")]
    public partial RouteTimeoutSettings Timeouts { get; init; }

    [Setting("limits")]
    public partial RouteLimitSettings Limits { get; init; }
}
