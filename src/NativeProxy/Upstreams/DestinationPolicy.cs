using System;
using System.Collections.Immutable;
using System.Net;
using NativeProxy.Config;

namespace NativeProxy.Upstreams;

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
/// name leads around the rules. Immutable; pure.
/// </summary>
internal sealed class DestinationPolicy(in ForwardSettings settings)
{
    private readonly IPNetwork[] _clients = Networks(settings.Clients);
    private readonly IPNetwork[] _allow = Networks(settings.Allow);
    private readonly IPNetwork[] _deny = Networks(settings.Deny);
    private readonly PortRange[] _connectPorts = Ports(settings.ConnectPorts);
    private readonly PortRange[] _httpPorts = Ports(settings.HttpPorts);
    private readonly bool _localAccess = settings.LocalAccess;

    /// <summary>Whether this client may use the proxy at all.</summary>
    public bool AdmitsClient(IPAddress? client) => client is not null && Contains(_clients, Plain(client));

    /// <summary>What a client may reach at a port, with CONNECT or with an http:// target.</summary>
    public DestinationScope ScopeOf(IPAddress? client, bool isConnect, int port)
    {
        bool isLocal = _localAccess && client is not null && IPAddress.IsLoopback(Plain(client));
        if (Contains(isConnect ? _connectPorts : _httpPorts, port))
            return isLocal ? DestinationScope.PermittedOrLocal : DestinationScope.Permitted;
        return isLocal ? DestinationScope.LocalOnly : DestinationScope.Refused;
    }

    /// <summary>Whether an address may be connected to.</summary>
    public bool Admits(IPAddress address, DestinationScope scope)
    {
        address = Plain(address);
        bool isLocal = IPAddress.IsLoopback(address);
        return scope switch
        {
            DestinationScope.LocalOnly => isLocal,
            DestinationScope.PermittedOrLocal => isLocal || IsPermitted(address),
            DestinationScope.Permitted => IsPermitted(address),
            _ => false,
        };
    }

    private bool IsPermitted(IPAddress address) => Contains(_allow, address) || !Contains(_deny, address);

    /// <summary>A mapped IPv4 address is the IPv4 address: it leads to the same host.</summary>
    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static bool Contains(IPNetwork[] networks, IPAddress address)
    {
        foreach (IPNetwork network in networks)
        {
            if (network.Contains(address))
                return true;
        }
        return false;
    }

    private static bool Contains(PortRange[] ranges, int port)
    {
        foreach (PortRange range in ranges)
        {
            if (range.Contains(port))
                return true;
        }
        return false;
    }

    private static IPNetwork[] Networks(ImmutableArray<string> texts)
    {
        var networks = new IPNetwork[texts.Length];
        for (int i = 0; i < networks.Length; i++)
            NetworkText.TryParse(texts[i], out networks[i]);
        return networks;
    }

    private static PortRange[] Ports(ImmutableArray<string> texts)
    {
        var ranges = new PortRange[texts.Length];
        for (int i = 0; i < ranges.Length; i++)
            PortText.TryParse(texts[i], out ranges[i]);
        return ranges;
    }
}
