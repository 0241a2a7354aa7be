using System;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using NativeProxy.Clients;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Routing.Limiting;
using NativeProxy.Routing.Matching;
using NativeProxy.Upstreams.Balancing;
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
    private readonly UpgradeProtocols _upgrades;
    private readonly string _listener;
    private readonly LimitPlan? _limits;

    /// <summary>Gives the number under which the log knows a name; null when nothing is logged.</summary>
    private readonly Func<string, int>? _register;

    /// <summary>Longest body where no `[[route]]` says another; 0 = no limit.</summary>
    private readonly long _ownBodyBytesMax;

    /// <summary>What holds where no `[[route]]` adds its own.</summary>
    private readonly RouteModifiers _ownModifiers;

    /// <summary>The listener's own; null on a forward proxy.</summary>
    private readonly Route? _own;

    /// <summary>Null where every request takes the listener's own route.</summary>
    private readonly RouteMap? _map;

    /// <summary>Null where nobody probes.</summary>
    private readonly NodeMonitor? _monitor;

    /// <summary>Where rules and redirects write: one request is worked on at a time. Made when one of them does.</summary>
    private byte[]? _room;
    private PathRewriteRoom? _rewriteRoom;

    /// <param name="settings">Those of the listener.</param>
    /// <param name="upstream">Where requests go that no route takes; null on a forward proxy, or where they are answered with a status.</param>
    /// <param name="origins">The destinations of a forward proxy; null on a reverse proxy.</param>
    /// <param name="rules">The routes; null when the listener has none.</param>
    /// <param name="limits">Makes the limits of routes; null where there are none.</param>
    public RouteTable(in ListenerSettings settings, UpstreamGroup? upstream, OriginTable? origins, RoutePlan? rules = null,
        LimitPlan? limits = null)
    {
        _forwarding = new Forwarding(settings);
        _upgrades = new UpgradeProtocols(settings.Upgrade);
        _listener = settings.Name;
        _limits = limits;
        Origins = origins;
        _register = rules?.Register;
        _ownModifiers = new RouteModifiers(settings, rules?.Policies ?? [], default, rules?.Shared ?? new SharedRules());
        _ownBodyBytesMax = _ownModifiers.Limits.BodyBytes;
        OwnErrorPages = _ownModifiers.ErrorPagesWith(HeaderRules.ForResponses(_ownModifiers.ResponseHeaders, new RuleNames(_listener, "", "")));
        var own = new RouteParts(_ownModifiers, "", rules?.NoUpstream);
        _own = upstream is null ? null : RouteTo(upstream, own);
        if (rules is null)
            return;
        _map = MapOf(settings, rules, own);
        _monitor = NodeMonitor.Of(
            settings.Monitor, rules.Upstreams, answer => RouteTo(rules.NoUpstream, own with { Answer = answer, IsProbe = true }));
    }

    /// <summary>The destinations of a forward proxy; null on a reverse proxy. At a reload the successor takes them over.</summary>
    public OriginTable? Origins { get; }

    /// <summary>What the file says of the proxy's own errors where no route is chosen; null when it says nothing.</summary>
    public ErrorPages? OwnErrorPages { get; }

    /// <summary>The route of a request, or null with the reason when there is none.</summary>
    /// <param name="bytes">The head.</param>
    /// <param name="head">What was read of it.</param>
    /// <param name="client">Whose request it is.</param>
    /// <param name="refusal">Why it is refused, or None.</param>
    /// <param name="detail">The rule of syntax that it broke, or None.</param>
    public Route? Find(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, out ProxyError refusal, out RejectReason detail)
    {
        head.ForgetRoute();
        detail = RejectReason.None;
        refusal = ProxyError.None;
        if (_monitor is not null && _monitor.Find(bytes, head, client) is { } probe)
            return probe;
        bool isConnect = head.MethodKind == HttpMethod.Connect;
        if (Origins is null && isConnect)
        {
            refusal = IsTooLong(head, _ownBodyBytesMax) ? ProxyError.RequestBodyTooLarge : ProxyError.MethodNotAllowed;
            return null;
        }
        if (_map is not null)
            return FindInMap(bytes, head, client, out refusal, out detail);
        if (IsTooLong(head, _ownBodyBytesMax))
        {
            refusal = ProxyError.RequestBodyTooLarge;
            return null;
        }
        return _own ?? FindOrigin(bytes, head, client, isConnect, out refusal, out detail);
    }

    /// <summary>Of a forward proxy.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Route? FindOrigin(
        ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, bool isConnect, out ProxyError refusal, out RejectReason detail)
    {
        ForwardTarget target = ForwardTarget.Read(bytes, head);
        refusal = target.Refusal;
        detail = target.Detail;
        if (refusal != ProxyError.None || target.FindIn(Origins!, client, isConnect, out refusal) is not { } origin)
            return null;

        // After a reload an origin still has the route of the table before.
        if (origin.Route is not Route route || route.Forwarding != _forwarding)
            origin.Route = route = RouteTo(origin.Group, new RouteParts(_ownModifiers, "", null));
        return route;
    }

    private static bool IsTooLong(RequestHead head, long bytesMax) => bytesMax > 0 && head.Body.Bytes > bytesMax;

    private Route? FindInMap(ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, out ProxyError refusal, out RejectReason detail)
    {
        Route? route = _map!.Find(bytes, head, client, out detail);
        if (route is { Rewrite: { } rewrite } && detail == RejectReason.None)
            detail = rewrite.Apply(bytes, head, client);
        refusal = detail != RejectReason.None || route is null ? ProxyError.BadRequest : ProxyError.None;
        if (refusal != ProxyError.None)
            return null;
        return route!.Refusing.OfTooLong is { } other && IsTooLong(head, route.Bodies.RequestBytesMax) ? other : route;
    }

    private RouteMap MapOf(in ListenerSettings settings, RoutePlan rules, in RouteParts own)
    {
        Route unmatched = _own ?? RouteTo(rules.NoUpstream, settings.Unmatched == 0
            ? own with { Refusal = ProxyError.ClosedByRoute }
            : own with { Answer = _ownModifiers.AnswerWith(settings.Unmatched) });
        var conditions = new RouteConditions[rules.Routes.Length];
        var ends = new RouteEnd[conditions.Length];
        for (int i = 0; i < conditions.Length; i++)
        {
            conditions[i] = new RouteConditions(rules.Routes[i].Settings);
            ends[i] = EndOf(settings, rules, rules.Routes[i], conditions[i].Path, unmatched);
        }
        var judge = new PathJudge(
            new RouteIndex(conditions), PathJudge.NormalizationOf(settings.PathNormalization, conditions), settings.AmbiguousPath);
        return new RouteMap(judge, ends, unmatched, rules.Room, _rewriteRoom?.OfRoute);
    }

    private RouteEnd EndOf(in ListenerSettings listener, RoutePlan rules, in NamedRoute named, PathTest path, Route unmatched)
    {
        RouteSettings route = named.Settings;
        var modifiers = new RouteModifiers(listener, rules.Policies, named, rules.Shared);
        var parts = new RouteParts(modifiers, named.Name, rules.NoUpstream)
        {
            QueuePriority = route.QueuePriority,
            Retry = route.Retry,
            HostHeader = route.HostHeader.Length == 0 ? null : Encoding.ASCII.GetBytes(route.HostHeader),
            Latency = rules.Latency?.Invoke(named.Name),
            Upgrades = route.Upgrade.IsEmpty ? null : new UpgradeProtocols(route.Upgrade),
            IsQuiet = !route.Log,
        };
        if (CaptureTexts.GroupsOf(route) > 0)
            parts = parts with { Captures = path };
        if (route.Rewrites || parts.Captures is not null)
            _rewriteRoom ??= new PathRewriteRoom(rules.Room.BytesMax);
        if (route.Deny < 0)
            return RouteEnd.To(RouteTo(rules.NoUpstream, parts with { Refusal = ProxyError.ClosedByRoute }));
        if (route.Deny > 0)
            return RouteEnd.To(RouteTo(rules.NoUpstream, parts with { Answer = modifiers.AnswerWith(route.Deny) }));
        if (route.Respond.Status > 0)
            return RouteEnd.To(RouteTo(rules.NoUpstream, parts with { Answer = FixedAnswer.Of(route.Respond) }));
        if (route.Redirect.Length > 0 && TemplateText.TryParse(route.Redirect, out ImmutableArray<TemplatePart> texts, out _))
        {
            var redirect = new Redirect(route.RedirectStatus, new RequestTemplate(texts, listener.Name, named.Name), Room);
            return RouteEnd.To(RouteTo(rules.NoUpstream, parts with { Redirect = redirect }));
        }
        if (_rewriteRoom is not null)
            parts = parts with { Rewrite = PathRewrite.Of(route, listener.Name, named.Name, _rewriteRoom) };
        if (route.Mirror.Upstream.Length > 0)
            parts = parts with { Mirror = new MirrorRule(RouteTo(rules.Upstreams(route.Mirror.Upstream), parts), route.Mirror) };
        if (!route.Split.IsEmpty)
            return SplitEnd(rules, route, parts);
        if (route.Upstream.Length > 0)
            return RouteEnd.To(RouteTo(rules.Upstreams(route.Upstream), parts));
        return RouteEnd.To(RouteTo(unmatched.Upstream, parts with { Answer = unmatched.Answer }));
    }

    private RouteEnd SplitEnd(RoutePlan rules, in RouteSettings route, RouteParts parts)
    {
        UpstreamGroup[] groups = Array.ConvertAll([.. route.Split], share => rules.Upstreams(share.Name));
        SplitCookie? cookie = route.SplitCookie.Length == 0 ? null : new SplitCookie(route.SplitCookie, Array.ConvertAll(groups, one => one.Name));
        var firstWays = new Route[cookie is null ? 0 : groups.Length];
        for (int i = 0; i < firstWays.Length; i++)
            firstWays[i] = RouteTo(groups[i], parts with { WayLines = cookie!.LinesFor(i) });
        return new RouteEnd(Array.ConvertAll(groups, one => RouteTo(one, parts)), Array.ConvertAll([.. route.Split], static share => share.Weight))
        {
            Key = route.SplitKey.Length == 0 ? null : new RequestKey(route.SplitKey),
            Cookie = cookie,
            FirstWays = firstWays,
        };
    }

    private byte[] Room => _room ??= new byte[RoomBytes];

    private Route RouteTo(UpstreamGroup upstream, in RouteParts parts)
    {
        RouteModifiers modifiers = parts.Modifiers;
        HeaderRuleSettings[] ofRequests = modifiers.RequestHeaders;
        var names = new RuleNames(_listener, parts.Name, upstream == parts.NoUpstream ? "" : upstream.Name);
        HeaderRules? ofResponses = HeaderRules.ForResponses(modifiers.ResponseHeaders, names);
        string stripped = parts.Rewrite is null ? "" : Encoding.ASCII.GetString(parts.Rewrite.Stripped);

        // Who must not ask at all hears nothing of the length of a body.
        bool letsIn = !parts.IsProbe && parts.Refusal is (ProxyError.None or ProxyError.RequestBodyTooLarge);
        return new Route
        {
            Upstream = upstream,
            LogIds = new RouteLogIds(LogIdOf(parts.Name), parts.RefusalLogId, parts.Name, parts.IsQuiet),
            Refusal = parts.Refusal,
            Access = modifiers.Access,
            Refusing = parts.NoUpstream is null || parts.Refusal is ProxyError.AccessDenied or ProxyError.RequestBodyTooLarge
                ? default
                : new RefusingRoutes(RoutesOfOthers(parts, parts.NoUpstream), OfTooLong(parts)),
            Rewrite = parts.Rewrite,
            Captures = parts.Captures,
            RequestHeaders = ofRequests.Length == 0 && stripped.Length == 0
                ? null
                : HeaderRules.ForRequests(ofRequests, stripped, names, Room),
            ResponseHeaders = ofResponses,
            ErrorPages = modifiers.ErrorPagesWith(ofResponses),
            Limits = letsIn ? LimitsOf(modifiers, parts.Name) : null,
            Answer = parts.Answer,
            Redirect = parts.Redirect,
            Forwarding = _forwarding,
            Upgrades = parts.Upgrades ?? _upgrades,
            Bodies = new BodyLimits(modifiers.Limits.BodyBytes, modifiers.Limits.ResponseBodyBytes),
            Retry = parts.Retry.IsSet ? new RetryRules(parts.Retry.Over(upstream.Rules.Retry.Settings)) : null,
            Timeouts = new RouteTimeouts(modifiers.Timeouts),
            QueuePriority = parts.QueuePriority,
            HostHeader = parts.HostHeader,
            WayLines = parts.WayLines,
            Mirror = parts.Mirror,
            Compression = modifiers.CompressionRule,
            Login = letsIn ? modifiers.Login : null,
            CrossOrigin = parts.IsProbe ? null : modifiers.CrossOrigin,
            Latency = parts.Latency,
            IsProbe = parts.IsProbe,
        };
    }

    private int LogIdOf(string name) => name.Length == 0 ? 0 : _register?.Invoke(name) ?? 0;

    private Route[] RoutesOfOthers(RouteParts parts, UpstreamGroup noUpstream) => Array.ConvertAll(
        parts.Modifiers.Access ?? [],
        list => RouteTo(noUpstream, new RouteParts(parts.Modifiers, parts.Name, noUpstream)
        {
            Refusal = ProxyError.AccessDenied,
            RefusalLogId = LogIdOf("access_denied:" + list.Name),
            IsQuiet = parts.IsQuiet,
        }));

    private Route? OfTooLong(in RouteParts parts)
    {
        if (parts.Refusal != ProxyError.None || parts.IsProbe || parts.Modifiers.Limits.BodyBytes == 0)
            return null;
        return RouteTo(parts.NoUpstream!, new RouteParts(parts.Modifiers, parts.Name, parts.NoUpstream)
        {
            Refusal = ProxyError.RequestBodyTooLarge,
            IsQuiet = parts.IsQuiet,
        });
    }

    private RouteLimits? LimitsOf(RouteModifiers modifiers, string route) =>
        _limits?.Of(modifiers.RateLimits, modifiers.Limits.ConcurrentMax, route, _listener);

    /// <summary>What a route is made of besides its upstream.</summary>
    private readonly record struct RouteParts(RouteModifiers Modifiers, string Name, UpstreamGroup? NoUpstream)
    {
        public ProxyError Refusal { get; init; }

        public int RefusalLogId { get; init; }

        public FixedAnswer? Answer { get; init; }

        public Redirect? Redirect { get; init; }

        public PathRewrite? Rewrite { get; init; }

        public PathTest? Captures { get; init; }

        public int QueuePriority { get; init; }

        public RouteRetrySettings Retry { get; init; }

        public byte[]? HostHeader { get; init; }

        public byte[]? WayLines { get; init; }

        public MirrorRule? Mirror { get; init; }

        public LatencyRow? Latency { get; init; }

        public UpgradeProtocols? Upgrades { get; init; }

        public bool IsQuiet { get; init; }

        public bool IsProbe { get; init; }
    }
}
