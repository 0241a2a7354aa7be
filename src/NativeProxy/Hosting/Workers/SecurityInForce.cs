using System;
using System.Collections.Generic;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Securing;
using NativeProxy.Listeners;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Transport.Tls;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// How the listeners and servers of a worker are secured now: policies, the keys of session tickets, counts of handshakes. What a reload does not
/// change stays the same object. Owner: a <see cref="TrafficPlan"/>; thread: the loop.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="counters">Of the worker.</param>
/// <param name="always">What secures connections whatever the settings say; goes before them.</param>
internal sealed class SecurityInForce(EventLoop loop, LoopCounters counters, TrafficSecurity always)
{
    private readonly Dictionary<string, HandshakeLimit> _handshakes = new(StringComparer.Ordinal);
    private TlsPolicies _policies = TlsPolicies.None;
    private TicketRings _rings = TicketRings.None;

    /// <summary>Goes over to other policies.</summary>
    public void Take(TlsPolicies policies)
    {
        _policies = policies;
        _policies.Take(_rings);
    }

    /// <summary>Session tickets are sealed and opened with these keys from now on.</summary>
    public void Take(TicketRings rings)
    {
        _rings = rings;
        _policies.Take(rings);
    }

    /// <summary>What secures the connections of a listener from their first byte on; null = nothing, or its policy.</summary>
    public ConnectionSecurity? OfSocket(in ListenerSettings listener) => always.OfListener(listener);

    /// <summary>How a listener is secured; null = not, which it then does not ask for.</summary>
    public TlsServerPolicy? OfListener(in ListenerSettings listener)
    {
        TlsServerPolicy? policy = _policies.OfListener(listener.Name);
        Check.That(policy is not null == listener.Tls.Enabled, "a listener that speaks TLS would speak plain text");
        return policy;
    }

    /// <summary>The handshakes of a listener; null where there are none.</summary>
    /// <param name="listener">Its settings.</param>
    /// <param name="roomAgain">Called when there was no room for another one, and there is again.</param>
    public HandshakeLimit? HandshakesOf(in ListenerSettings listener, Action roomAgain)
    {
        if (!listener.Tls.Enabled)
            return null;
        if (!_handshakes.TryGetValue(listener.Name, out HandshakeLimit? limit))
            _handshakes.Add(listener.Name, limit = new HandshakeLimit(loop, counters) { RoomAgain = roomAgain });
        limit.Apply(listener.Limits);
        return limit;
    }

    /// <summary>How connections to a server are secured; null = not, which its upstream then does not ask for.</summary>
    public ConnectionSecurity? OfServer(in UpstreamSettings upstream, in UpstreamServerSettings server)
    {
        UpstreamPolicies? policies = _policies.OfUpstream(upstream.Name);
        Check.That(policies is not null == upstream.Tls.Enabled, "an upstream that speaks TLS would speak plain text");
        return always.OfServer(upstream, server) ?? policies?.Of(upstream, server);
    }

    /// <summary>Identities by the host of the request, for one server; null where its TLS name is always the same.</summary>
    public HostIdentities? HostsOf(in UpstreamSettings upstream) =>
        upstream.Tls.Sni == ServerNameChoice.Host ? _policies.OfUpstream(upstream.Name)?.ByHost() : null;
}
