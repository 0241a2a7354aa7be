using NativeProxy.Clients;
using NativeProxy.Compression;
using NativeProxy.Credentials;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Routing.Limiting;
using NativeProxy.Routing.Matching;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Routing;

/// <summary>
/// Where a request goes, and what holds for it on its way and for the answer: all that an exchange knows of the listener by which it came.
/// Immutable; one object for all requests that go there. Thread: the loop.
/// </summary>
internal sealed class Route
{
    /// <summary>Whose servers are asked, and whose cache. Of a route that answers by itself one without servers, for the log.</summary>
    public required UpstreamGroup Upstream { get; init; }

    /// <summary>Under which the log knows it.</summary>
    public RouteLogIds LogIds { get; init; }

    /// <summary>Why its requests are refused; None when they are served.</summary>
    public ProxyError Refusal { get; init => EndsHere |= (field = value) != ProxyError.None; }

    /// <summary>Who is served; null when everybody is. Whom one of them does not serve takes one of <see cref="Refusing"/>.</summary>
    public AccessList[]? Access { get; init; }

    /// <summary>Where its requests go that it refuses, so that they are told so in its words.</summary>
    public RefusingRoutes Refusing { get; init; }

    /// <summary>What is made of the paths that are sent; null when nothing is.</summary>
    public PathRewrite? Rewrite { get; init; }

    /// <summary>Finds what the texts of the route name of the path; null when they name nothing.</summary>
    public PathTest? Captures { get; init; }

    /// <summary>What is answered without a server; null when one is asked.</summary>
    public FixedAnswer? Answer { get; init => EndsHere |= (field = value) is not null; }

    /// <summary>Where the client is sent instead; null when it is not.</summary>
    public Redirect? Redirect { get; init => EndsHere |= (field = value) is not null; }

    /// <summary>What servers get as Host; null when that is what the upstream says.</summary>
    public byte[]? HostHeader { get; init; }

    /// <summary>It answers a probe, which nobody wants to see in the log.</summary>
    public bool IsProbe { get; init; }

    /// <summary>What rules make of the fields of requests; null when there are none.</summary>
    public HeaderRules? RequestHeaders { get; init; }

    /// <summary>What rules make of the fields of responses; null when there are none.</summary>
    public HeaderRules? ResponseHeaders { get; init => AltersResponses |= (field = value) is not null; }

    /// <summary>Fields for the answers of servers that say which way the request has taken, as lines; null when the client is not told.</summary>
    public byte[]? WayLines { get; init => AltersResponses |= (field = value) is not null; }

    /// <summary>Where copies of its requests go; null when none are made.</summary>
    public MirrorRule? Mirror { get; init; }

    /// <summary>Which answers are compressed; null when none is.</summary>
    public CompressionRule? Compression { get; init => AltersResponses |= (field = value) is not null; }

    /// <summary>Who may ask; null when everybody may.</summary>
    public LoginRule? Login { get; init => HasAdmission |= (field = value) is not null; }

    /// <summary>What pages of other sites may do; null when nothing is said of them.</summary>
    public CrossOrigin? CrossOrigin { get; init => HasAdmission |= (field = value) is not null; }

    /// <summary>What limits its requests; null when nothing does.</summary>
    public RouteLimits? Limits { get; init => HasAdmission |= (field = value) is not null; }

    /// <summary>How long its requests took; null when nobody wants to know.</summary>
    public LatencyRow? Latency { get; init; }

    /// <summary>What the file says of the proxy's own errors; null when it says nothing.</summary>
    public ErrorPages? ErrorPages { get; init; }

    /// <summary>What becomes of the heads that pass.</summary>
    public required Forwarding Forwarding { get; init; }

    /// <summary>Which protocols its requests may switch to.</summary>
    public required UpgradeProtocols Upgrades { get; init; }

    /// <summary>How long bodies may be.</summary>
    public required BodyLimits Bodies { get; init; }

    /// <summary>When its requests are sent again; null = as the upstream says.</summary>
    public RetryRules? Retry { get; init; }

    /// <summary>How long its requests may wait for what.</summary>
    public required RouteTimeouts Timeouts { get; init; }

    /// <summary>Where its requests stand when they wait for a server; lower is sooner.</summary>
    public int QueuePriority { get; init; }

    /// <summary>True when its requests have to be let in.</summary>
    public bool HasAdmission { get; private init => AltersResponses |= field = value; }

    /// <summary>True when no request goes further: it is refused or answered.</summary>
    public bool EndsHere { get; private init; }

    /// <summary>True when something of the route is said, or done, in responses.</summary>
    public bool AltersResponses { get; private init; }
}

/// <summary>The routes of requests that another one refuses.</summary>
/// <param name="OfOthers">Of those who are not served, one for each list of <see cref="Route.Access"/>.</param>
/// <param name="OfTooLong">Of bodies whose length shows that they are too long; null when there is no limit.</param>
internal readonly record struct RefusingRoutes(Route[] OfOthers, Route? OfTooLong);

/// <summary>Under which numbers the log knows a route, and its name.</summary>
/// <param name="Route">Itself; 0 = it is the listener's own, or there is no log.</param>
/// <param name="Refusal">What refuses its requests, where that has a name; 0 = none.</param>
/// <param name="Name">As the file names it; null or empty for what no [[route]] takes.</param>
/// <param name="IsQuiet">Its requests get no lines of the access log.</param>
internal readonly record struct RouteLogIds(int Route, int Refusal, string? Name, bool IsQuiet);

/// <summary>The longest bodies that pass; 0 = no limit.</summary>
/// <param name="RequestBytesMax">Of a request.</param>
/// <param name="ResponseBytesMax">Of a response.</param>
internal readonly record struct BodyLimits(long RequestBytesMax, long ResponseBytesMax);
