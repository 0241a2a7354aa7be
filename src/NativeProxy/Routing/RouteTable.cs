using System;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Routing;

/// <summary>
/// Which route a request takes: the listener's own, or, on a forward proxy, the one to the origin that its target names. Owner: what serves the
/// requests of one listener; thread: the loop. Never touches a connection.
/// </summary>
internal sealed class RouteTable
{
    private readonly Forwarding _forwarding;
    private readonly long _requestBodyBytesMax;
    private readonly long _responseBodyBytesMax;
    private readonly long _tunnelTimeoutMs;
    private readonly bool _dropsTrailers;
    private readonly Route? _only;

    /// <param name="settings">Those of the listener.</param>
    /// <param name="upstream">Where requests go; null on a forward proxy.</param>
    /// <param name="origins">The destinations of a forward proxy; null on a reverse proxy.</param>
    public RouteTable(in ListenerSettings settings, UpstreamGroup? upstream, OriginTable? origins)
    {
        _forwarding = new Forwarding(settings);
        _requestBodyBytesMax = settings.Limits.BodyBytes;
        _responseBodyBytesMax = settings.Limits.ResponseBodyBytes;
        _tunnelTimeoutMs = settings.Timeouts.TunnelMs;
        _dropsTrailers = settings.Trailers == TrailerPolicy.Drop;
        Origins = origins;
        _only = upstream is null ? null : RouteTo(upstream);
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
        detail = RejectReason.None;
        refusal = ProxyError.None;
        bool isConnect = head.MethodKind == HttpMethod.Connect;
        if (_requestBodyBytesMax > 0 && head.Body.Bytes > _requestBodyBytesMax)
            refusal = ProxyError.RequestBodyTooLarge;
        else if (_only is not null && isConnect)
            refusal = ProxyError.MethodNotAllowed;
        if (refusal != ProxyError.None || _only is not null)
            return refusal == ProxyError.None ? _only : null;
        ForwardTarget target = ForwardTarget.Read(bytes, head);
        refusal = target.Refusal;
        detail = target.Detail;
        if (refusal != ProxyError.None || target.FindIn(Origins!, client, isConnect, out refusal) is not { } origin)
            return null;

        // After a reload an origin still has the route of the table before.
        if (origin.Route is not Route route || route.Forwarding != _forwarding)
            origin.Route = route = RouteTo(origin.Group);
        return route;
    }

    private Route RouteTo(UpstreamGroup upstream) => new()
    {
        Upstream = upstream,
        Forwarding = _forwarding,
        RequestBodyBytesMax = _requestBodyBytesMax,
        ResponseBodyBytesMax = _responseBodyBytesMax,
        DropsTrailers = _dropsTrailers,
        TunnelTimeoutMs = _tunnelTimeoutMs,
    };
}
