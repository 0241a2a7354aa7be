using System;
using NativeProxy.Tests.Transport.Tls;
using NativeProxy.Transport;
using NativeProxy.Transport.Tls;

namespace NativeProxy.Tests.Layers;

/// <summary>What speaks at the two ends of a <see cref="LayerLink"/>.</summary>
internal sealed class LinkEnds
{
    private readonly Func<int> _lentCount;

    private LinkEnds(ConnectionSecurity security, Func<int> lentCount, LayerPeer peer) => (Security, _lentCount, Peer) = (security, lentCount, peer);

    /// <summary>That of the connection under test.</summary>
    public ConnectionSecurity Security { get; }

    /// <summary>The other end.</summary>
    public LayerPeer Peer { get; }

    /// <summary>Layers that are lent; 0 when every connection has given its own back.</summary>
    public int LentCount => _lentCount();

    /// <summary>What a kind of link speaks by default.</summary>
    public static LinkEnds For(LinkKind kind, bool isServer, RecordOptions options)
    {
        RecordOptions ofPeer = options with { Seed = options.Seed + 1000 };
        if (kind.TlsVersion() != 0)
            return Tls(TlsTesting.Policy(isServer), TlsTesting.Peer(kind.TlsVersion(), isServer, ofPeer));
        var security = new RecordSecurity(options);
        return new LinkEnds(security, () => security.LentCount, new RecordSession(!isServer, ofPeer));
    }

    /// <summary>TLS between a policy of the product and an end of the tests.</summary>
    public static LinkEnds Tls(ConnectionSecurity policy, LayerPeer peer)
    {
        var security = new WatchedSecurity(policy);
        return new LinkEnds(security, () => security.LentCount, peer);
    }

    /// <summary>A policy of which it is known whether its layers have come back.</summary>
    private sealed class WatchedSecurity(ConnectionSecurity policy) : ConnectionSecurity
    {
        private TlsLayer? _layer;

        /// <summary>
        /// A layer that is not in use knows no policy. One that came back may have gone to another link already: loops of the portable engine that
        /// run in one process share their threads, and with them the layers.
        /// </summary>
        public int LentCount => _layer is not null && ReferenceEquals(_layer.IsServer ? _layer.Server : _layer.Client, policy) ? 1 : 0;

        public override ConnectionLayer LendLayer(EventLoop loop, bool isServer)
        {
            _layer = (TlsLayer)policy.LendLayer(loop, isServer);
            return _layer;
        }
    }
}
