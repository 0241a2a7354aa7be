using System;
using System.Collections.Immutable;
using NativeProxy.Config;
using NativeProxy.Foundation;

namespace NativeProxy.Upstreams.Origins;

/// <summary>Which addresses a client of a forward proxy may reach at one port.</summary>
internal enum DestinationScope : byte
{
    /// <summary>None.</summary>
    Refused,

    /// <summary>Those that the settings permit.</summary>
    Permitted,

    /// <summary>Those that the settings permit, and loopback: the client is on this machine.</summary>
    PermittedOrLocal,

    /// <summary>Loopback only: the client is on this machine, and the port is one that nobody else may use.</summary>
    LocalOnly,
}

/// <summary>
/// Where a forward proxy connects to. Judged twice: client and port when the request comes, each address when it is known, so that no
/// name leads around the rules. An IPv6 address that carries an IPv4 address is judged by both: it may lead to the IPv4 host. Immutable, but for what
/// is known of this machine's own addresses.
/// </summary>
internal sealed class DestinationPolicy(in ForwardSettings settings, OwnAddresses own)
{
    private readonly AddressNetwork[] _clients = NetworkText.NetworksOf(settings.Clients);
    private readonly AddressNetwork[] _allow = NetworkText.NetworksOf(settings.Allow);
    private readonly AddressNetwork[] _deny = NetworkText.NetworksOf(settings.Deny);
    private readonly PortRange[] _connectPorts = Ports(settings.ConnectPorts);
    private readonly PortRange[] _httpPorts = Ports(settings.HttpPorts);
    private readonly bool _localAccess = settings.LocalAccess;
    private readonly OwnAddresses? _denied = settings.DenyOwnAddresses ? own : null;

    /// <summary>Whether this client may use the proxy at all.</summary>
    public bool AdmitsClient(PeerAddress client) => AddressNetwork.AnyContains(_clients, client);

    /// <summary>What a client may reach at a port, with CONNECT or with an http:// target.</summary>
    public DestinationScope ScopeOf(PeerAddress client, bool isConnect, int port)
    {
        bool isLocal = _localAccess && client.IsLoopback;
        if (Contains(isConnect ? _connectPorts : _httpPorts, port))
            return isLocal ? DestinationScope.PermittedOrLocal : DestinationScope.Permitted;
        return isLocal ? DestinationScope.LocalOnly : DestinationScope.Refused;
    }

    /// <summary>Whether an address may be connected to. A mapped IPv4 address is the IPv4 address: it leads to the same host.</summary>
    public bool Admits(PeerAddress address, DestinationScope scope) => scope switch
    {
        DestinationScope.LocalOnly => address.IsLoopback,
        DestinationScope.PermittedOrLocal => address.IsLoopback || IsOwn(address) || IsPermitted(address),
        DestinationScope.Permitted => IsPermitted(address),
        _ => false,
    };

    private bool IsPermitted(PeerAddress address)
    {
        if (AddressNetwork.AnyContains(_allow, address))
            return true;
        if (AddressNetwork.AnyContains(_deny, address) || IsOwn(address))
            return false;
        Span<PeerAddress> inner = stackalloc PeerAddress[EmbeddedIpv4.ReadingsMax];
        foreach (PeerAddress one in inner[..EmbeddedIpv4.Read(address, inner)])
        {
            if (!IsPermitted(one))
                return false;
        }
        return true;
    }

    private bool IsOwn(PeerAddress address) => _denied is { } own && own.Contains(address);

    private static bool Contains(PortRange[] ranges, int port)
    {
        foreach (PortRange range in ranges)
        {
            if (range.Contains(port))
                return true;
        }
        return false;
    }

    private static PortRange[] Ports(ImmutableArray<string> texts)
    {
        var ranges = new PortRange[texts.Length];
        for (int i = 0; i < ranges.Length; i++)
            PortText.TryParse(texts[i], out ranges[i]);
        return ranges;
    }
}
