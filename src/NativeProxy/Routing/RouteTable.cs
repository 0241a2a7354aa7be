using System;
using System.Collections.Immutable;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Routing.Matching;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Routing;

/// <summary>
/// Which route a request takes: that of the first `[[route]]` whose conditions hold, the listener's own, or, on a forward proxy, the one to the
/// origin that its target names. Owner: what serves the requests of one listener; thread: the loop. Never touches a connection.
/// </summary>
internal sealed class RouteTable
{
    /// <summary>Most bytes of the lines that rules add to a request. One with longer ones is refused.</summary>
    private const int RoomBytes = 16 * 1024;

    private readonly Forwarding _forwarding;
    private readonly long _requestBodyBytesMax;
    private readonly long _responseBodyBytesMax;
    private readonly long _tunnelTimeoutMs;
    private readonly bool _dropsTrailers;

    /// <summary>What the listener's rules make of the fields where no `[[route]]` adds its own.</summary>
    private readonly (HeaderRules? Requests, HeaderRules? Responses) _ownHeaders;

    /// <summary>The listener's own; null on a forward proxy.</summary>
    private readonly Route? _own;

    /// <summary>Where rules and redirects write: one request is worked on at a time.</summary>
    private readonly byte[] _room;

    /// <summary>Null where every request takes the listener's own route.</summary>
    private readonly RouteMap? _map;

    /// <summary>Null where nobody probes.</summary>
    private readonly NodeMonitor? _monitor;

    /// <param name="settings">Those of the listener.</param>
    /// <param name="upstream">Where requests go that no route takes; null on a forward proxy, or where they are answered with a status.</param>
    /// <param name="origins">The destinations of a forward proxy; null on a reverse proxy.</param>
    /// <param name="rules">The routes; null when the listener has none.</param>
    public RouteTable(in ListenerSettings settings, UpstreamGroup? upstream, OriginTable? origins, RoutePlan? rules = null)
    {
        _forwarding = new Forwarding(settings);
        _requestBodyBytesMax = settings.Limits.BodyBytes;
        _responseBodyBytesMax = settings.Limits.ResponseBodyBytes;
        _tunnelTimeoutMs = settings.Timeouts.TunnelMs;
        _dropsTrailers = settings.Trailers == TrailerPolicy.Drop;
        Origins = origins;
        _room = NeedsRoom(settings, rules) ? new byte[RoomBytes] : [];
        _ownHeaders = HeadersOf(settings, default);
        _own = upstream is null ? null : RouteTo(upstream, _ownHeaders);
        if (rules is null)
            return;
        _map = MapOf(settings, rules);
        _monitor = NodeMonitor.Of(settings.Monitor, rules.Upstreams, answer => RouteTo(rules.NoUpstream, default, answer, isProbe: true));
    }

    /// <summary>The destinations of a forward proxy; null on a reverse proxy. At a reload the successor takes them over.</summary>
    public OriginTable? Origins { get; }

    /// <summary>The route of a request, or null with the reason when there is none.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="client">Whose request it is.</param>
    /// <param name="refusal">Why it is refused, or None.</param>
    /// <param name="detail">The rule of syntax that it broke, or None.</param>
    public Route? Find(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, out ProxyError refusal, out RejectReason detail)
    {
        head.ForgetSentTarget();
        detail = RejectReason.None;
        refusal = ProxyError.None;
        if (_monitor is not null && _monitor.Find(bytes, head, client) is { } probe)
            return probe;
        bool isConnect = head.MethodKind == HttpMethod.Connect;
        if (_requestBodyBytesMax > 0 && head.Body.Bytes > _requestBodyBytesMax)
            refusal = ProxyError.RequestBodyTooLarge;
        else if (Origins is null && isConnect)
            refusal = ProxyError.MethodNotAllowed;
        if (refusal != ProxyError.None)
            return null;
        if (_map is not null)
            return FindInMap(bytes, head, client, out refusal, out detail);
        if (_own is not null)
            return _own;
        ForwardTarget target = ForwardTarget.Read(bytes, head);
        refusal = target.Refusal;
        detail = target.Detail;
        if (refusal != ProxyError.None || target.FindIn(Origins!, client, isConnect, out refusal) is not { } origin)
            return null;

        // After a reload an origin still has the route of the table before.
        if (origin.Route is not Route route || route.Forwarding != _forwarding)
            origin.Route = route = RouteTo(origin.Group, _ownHeaders);
        return route;
    }

    private static bool NeedsRoom(in ListenerSettings settings, RoutePlan? rules)
    {
        bool needsRoom = !settings.RequestHeaders.IsEmpty;
        for (int i = 0; i < rules?.Routes.Length; i++)
            needsRoom |= rules.Routes[i].Settings is not { RequestHeaders.IsEmpty: true, Redirect: "" };
        return needsRoom;
    }

    private Route? FindInMap(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, out ProxyError refusal, out RejectReason detail)
    {
        Route? route = _map!.Find(bytes, head, client, out detail);
        refusal = route is null ? ProxyError.BadRequest : ProxyError.None;
        return route;
    }

    private RouteMap MapOf(in ListenerSettings settings, RoutePlan rules)
    {
        Route unmatched = _own ?? RouteTo(rules.NoUpstream, _ownHeaders, new FixedAnswer(settings.Unmatched));
        var conditions = new RouteConditions[rules.Routes.Length];
        var ends = new RouteEnd[conditions.Length];
        bool looksAtPaths = false;
        for (int i = 0; i < conditions.Length; i++)
        {
            conditions[i] = new RouteConditions(rules.Routes[i].Settings);
            ends[i] = EndOf(settings, rules, rules.Routes[i], unmatched);
            looksAtPaths |= conditions[i].Path.Exists;
        }
        PathNormalization normalization = settings.PathNormalization == PathNormalization.Auto
            ? looksAtPaths ? PathNormalization.On : PathNormalization.Off
            : settings.PathNormalization;
        var judge = new PathJudge(new RouteIndex(conditions), normalization, settings.AmbiguousPath);
        return new RouteMap(judge, ends, unmatched, rules.Room);
    }

    private RouteEnd EndOf(in ListenerSettings listener, RoutePlan rules, in NamedRoute named, Route unmatched)
    {
        RouteSettings route = named.Settings;
        (HeaderRules?, HeaderRules?) headers = HeadersOf(listener, named);
        byte[] host = Encoding.ASCII.GetBytes(route.HostHeader);
        if (route.Deny > 0)
            return RouteEnd.To(RouteTo(rules.NoUpstream, headers, new FixedAnswer(route.Deny)));
        if (route.Respond.Status > 0)
        {
            RouteRespondSettings respond = route.Respond;
            return RouteEnd.To(RouteTo(
                rules.NoUpstream, headers, new FixedAnswer(respond.Status, respond.Body, respond.ContentType, respond.RetryAfterMs)));
        }
        if (route.Redirect.Length > 0 && TemplateText.TryParse(route.Redirect, out ImmutableArray<TemplatePart> parts, out _))
        {
            var redirect = new Redirect(route.RedirectStatus, new RequestTemplate(parts, listener.Name, named.Name), _room);
            return RouteEnd.To(RouteTo(rules.NoUpstream, headers, redirect: redirect));
        }
        if (!route.Split.IsEmpty)
        {
            var ways = new Route[route.Split.Length];
            var shares = new int[ways.Length];
            for (int i = 0; i < ways.Length; i++)
            {
                ways[i] = RouteTo(rules.Upstreams(route.Split[i].Name), headers, queuePriority: route.QueuePriority, hostHeader: host);
                shares[i] = route.Split[i].Weight;
            }

            return new RouteEnd(ways, shares);
        }
        if (route.Upstream.Length > 0)
            return RouteEnd.To(RouteTo(rules.Upstreams(route.Upstream), headers, queuePriority: route.QueuePriority, hostHeader: host));
        return RouteEnd.To(RouteTo(unmatched.Upstream, headers, unmatched.Answer, queuePriority: route.QueuePriority, hostHeader: host));
    }

    private (HeaderRules? Requests, HeaderRules? Responses) HeadersOf(in ListenerSettings listener, in NamedRoute named) => (
        HeaderRules.ForRequests(listener.RequestHeaders, named.Settings.RequestHeaders, listener.Name, named.Name ?? "", _room),
        HeaderRules.ForResponses(listener.ResponseHeaders, named.Settings.ResponseHeaders, listener.Name, named.Name ?? ""));

    private Route RouteTo(
        UpstreamGroup upstream, (HeaderRules? Requests, HeaderRules? Responses) headers, FixedAnswer? answer = null,
        Redirect? redirect = null, int queuePriority = 0, byte[]? hostHeader = null, bool isProbe = false) => new()
    {
        Upstream = upstream,
        RequestHeaders = headers.Requests,
        ResponseHeaders = headers.Responses,
        HostHeader = hostHeader ?? [],
        IsProbe = isProbe,
        Answer = answer,
        Redirect = redirect,
        Forwarding = _forwarding,
        RequestBodyBytesMax = _requestBodyBytesMax,
        ResponseBodyBytesMax = _responseBodyBytesMax,
        DropsTrailers = _dropsTrailers,
        TunnelTimeoutMs = _tunnelTimeoutMs,
        QueuePriority = queuePriority,
    };
}
