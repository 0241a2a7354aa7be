using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text;
using NativeProxy.Clients;
using NativeProxy.Config;

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

    /// <param name="listener">The listener.</param>
    /// <param name="policies">Those of the file.</param>
    /// <param name="route">The route; default for what no route takes.</param>
    public RouteModifiers(in ListenerSettings listener, ImmutableArray<PolicySettings> policies, in RouteSettings route)
    {
        Limits = new RouteLimitSettings { BodyBytes = listener.Limits.BodyBytes, ResponseBodyBytes = listener.Limits.ResponseBodyBytes };
        Timeouts = new RouteTimeoutSettings { TunnelMs = listener.Timeouts.TunnelMs };
        AddHeaders(listener.RequestHeaders, listener.ResponseHeaders);
        AddRateLimits(listener.RateLimits);
        AddPolicies(listener.Policies, policies);
        AddPolicies(route.Policies, policies);
        AddHeaders(route.RequestHeaders, route.ResponseHeaders);
        Add(route.Access, route.Timeouts, route.Limits);
        AddRateLimits(route.RateLimits);
        if (!route.Cors.IsEmpty)
            CrossOrigin = new CrossOrigin(route.Cors);
        AddPages(listener.ErrorPages);
        AddPages(route.ErrorPages);
    }

    public RouteTimeoutSettings Timeouts { get; private set; }

    public RouteLimitSettings Limits { get; private set; }

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
        : new ErrorPages(
            _pages, responses?.OwnLines() ?? [], responses?.Writes("content-type"u8) == true, responses?.Writes("cache-control"u8) == true);

    /// <summary>Who is served; null when everybody is.</summary>
    public AccessList[]? Access => _access.Count == 0 ? null : [.. _access];

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
                Add(policy.Access, policy.Timeouts, policy.Limits);
                if (!policy.Cors.IsEmpty)
                    CrossOrigin = new CrossOrigin(policy.Cors);
            }
        }
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

    private void Add(in AccessSettings access, in RouteTimeoutSettings timeouts, in RouteLimitSettings limits)
    {
        if (!access.IsEmpty)
            _access.Add(new AccessList(access));
        Timeouts = timeouts.Over(Timeouts);
        Limits = limits.Over(Limits);
    }
}
