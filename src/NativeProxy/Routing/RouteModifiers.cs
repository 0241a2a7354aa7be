using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text;
using NativeProxy.Clients;
using NativeProxy.Compression;
using NativeProxy.Config;
using NativeProxy.Credentials;

namespace NativeProxy.Routing;

/// <summary>
/// What holds for the requests of one route besides where they go, as the file says it in several places: on the listener, in the policies of the
/// listener, in those of the route, on the route. Lists add up in this order; of single values the last one wins. Used while routes are made.
/// </summary>
internal sealed class RouteModifiers
{
    private readonly List<HeaderRuleSettings> _requestHeaders = [];
    private readonly List<HeaderRuleSettings> _responseHeaders = [];
    private readonly List<AccessList> _access = [];
    private readonly Dictionary<string, ErrorPage> _pages = [];
    private readonly List<string> _rateLimits = [];
    private readonly SharedRules _shared;
    private CompressionSettings _compression;
    private BasicAuthSettings _login;

    /// <param name="listener">The listener.</param>
    /// <param name="policies">Those of the file.</param>
    /// <param name="named">The route; default for what no route takes.</param>
    /// <param name="shared">Rules that other routes have, too.</param>
    public RouteModifiers(in ListenerSettings listener, ImmutableArray<PolicySettings> policies, in NamedRoute named, SharedRules shared)
    {
        _shared = shared;
        RouteSettings route = named.Settings;
        Limits = new RouteLimitSettings { BodyBytes = listener.Limits.BodyBytes, ResponseBodyBytes = listener.Limits.ResponseBodyBytes };
        Timeouts = new RouteTimeoutSettings { TunnelMs = listener.Timeouts.TunnelMs };
        _compression = listener.Compression;
        AddHeaders(listener.RequestHeaders, listener.ResponseHeaders);
        AddRateLimits(listener.RateLimits);
        AddPolicies(listener.Policies, policies);
        AddPolicies(route.Policies, policies);
        AddHeaders(route.RequestHeaders, route.ResponseHeaders);
        AddAccess(route.Access, named.Name);
        Add(route.Timeouts, route.Limits);
        AddRateLimits(route.RateLimits);
        AddInnermost(route.BasicAuth, route.Cors, route.Compression);
        AddPages(listener.ErrorPages);
        AddPages(route.ErrorPages);
    }

    public RouteTimeoutSettings Timeouts { get; private set; }

    public RouteLimitSettings Limits { get; private set; }

    /// <summary>Which answers are compressed; null when none is.</summary>
    public CompressionRule? CompressionRule => _compression.IsOn ? _shared.CompressionBy(_compression) : null;

    /// <summary>Who may ask; null when everybody may.</summary>
    public LoginRule? Login => HasLogin ? _shared.LoginBy(_login) : null;

    /// <summary>Not everybody may ask.</summary>
    public bool HasLogin => !_login.IsEmpty;

    /// <summary>What pages of other sites may do; null when nothing is said of them.</summary>
    public CrossOrigin? CrossOrigin { get; private set; }

    /// <summary>Names of rate limits, each once, in the order in which they are asked.</summary>
    public List<string> RateLimits => _rateLimits;

    /// <summary>Header rules for requests, the outermost first.</summary>
    public HeaderRuleSettings[] RequestHeaders => [.. _requestHeaders];

    /// <summary>Header rules for responses, the outermost first.</summary>
    public HeaderRuleSettings[] ResponseHeaders => [.. _responseHeaders];

    /// <summary>What the file says of the proxy's own errors; null when it says nothing.</summary>
    /// <param name="responses">The rules on header fields of responses, which hold for them, too.</param>
    public ErrorPages? ErrorPagesWith(HeaderRules? responses) => _pages.Count == 0 && responses is null
        ? null
        : new ErrorPages(_pages, responses?.OwnLines() ?? [], typeIsSet: Writes(responses, "content-type"u8),
            cachingIsSet: Writes(responses, "cache-control"u8), retryIsSet: Writes(responses, "retry-after"u8));

    /// <summary>What is answered with a status that the file says for some requests.</summary>
    public FixedAnswer AnswerWith(int statusCode) => new(statusCode, ErrorPagesWith(responses: null)?.Of(statusCode));

    /// <summary>Who is served; null when everybody is.</summary>
    public AccessList[]? Access => _access.Count == 0 ? null : [.. _access];

    private static bool Writes(HeaderRules? rules, ReadOnlySpan<byte> name) => rules is not null && rules.WritesToErrors(name);

    private void AddRateLimits(ImmutableArray<string> names)
    {
        for (int i = 0; !names.IsDefault && i < names.Length; i++)
        {
            if (!_rateLimits.Contains(names[i]))
                _rateLimits.Add(names[i]);
        }
    }

    private void AddPolicies(ImmutableArray<string> names, ImmutableArray<PolicySettings> policies)
    {
        if (names.IsDefaultOrEmpty)
            return;
        foreach (string name in names)
        {
            foreach (PolicySettings policy in policies)
            {
                if (policy.Name != name)
                    continue;
                AddHeaders(policy.RequestHeaders, policy.ResponseHeaders);
                AddRateLimits(policy.RateLimits);
                AddAccess(policy.Access, policy.Name);
                Add(policy.Timeouts, policy.Limits);
                AddInnermost(policy.BasicAuth, policy.Cors, policy.Compression);
            }
        }
    }

    /// <summary>Of tables, or of each of their keys, the innermost counts.</summary>
    private void AddInnermost(in BasicAuthSettings auth, in CorsSettings cors, in CompressionSettings compression)
    {
        _compression = compression.Over(_compression);
        if (!auth.IsEmpty)
            _login = auth;
        if (!cors.IsEmpty)
            CrossOrigin = new CrossOrigin(cors);
    }

    private void AddHeaders(in HeaderRuleSettings ofRequests, in HeaderRuleSettings ofResponses)
    {
        if (!ofRequests.IsEmpty)
            _requestHeaders.Add(ofRequests);
        if (!ofResponses.IsEmpty)
            _responseHeaders.Add(ofResponses);
    }

    /// <summary>A file that cannot be read any more leaves the plain text in place: a reload has checked it a moment ago.</summary>
    private void AddPages(ImmutableArray<NamedText> pages)
    {
        if (pages.IsDefaultOrEmpty)
            return;
        foreach (NamedText page in pages)
        {
            if (ErrorPageText.TryRead(page.Text, out byte[] content, out string type, out _))
                _pages[page.Name] = new ErrorPage(Encoding.ASCII.GetBytes(type), content);
        }
    }

    private void AddAccess(in AccessSettings access, string name)
    {
        if (!access.IsEmpty)
            _access.Add(new AccessList(access, name));
    }

    private void Add(in RouteTimeoutSettings timeouts, in RouteLimitSettings limits)
    {
        Timeouts = timeouts.Over(Timeouts);
        Limits = limits.Over(Limits);
    }
}
