using System;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Upstreams.Naming;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Upstreams.Discovery;

/// <summary>Each address of a name is a server, all at one port. Immutable; control plane.</summary>
/// <param name="finder">Looks names up.</param>
/// <param name="settings">What to look for.</param>
internal sealed class DnsSource(NameFinder finder, UpstreamDiscoverySettings settings) : ServerSource
{
    public override string Name => $"the name \"{settings.Name}\"";

    /// <inheritdoc/>
    public override async Task<SourceAnswer> Find()
    {
        NameAnswer answer = await finder.Find(settings.Name, FoundMax, settings.Family);
        IPAddress[] addresses = Of(settings.Family, answer.Addresses);
        if (addresses.Length == 0)
            return SourceAnswer.Failed(answer.Outcome == NameOutcome.Found ? "it has no address of the wanted family" : answer.Why);
        FoundServer[] servers = Array.ConvertAll(addresses, address => new FoundServer(new IPEndPoint(address, settings.Port), Weight: 1));
        return new SourceAnswer(servers, answer.TtlMs, answer.Why) { IsPartial = answer.IsPartial };
    }

    /// <summary>The addresses of a family.</summary>
    public static IPAddress[] Of(AddressKind family, IPAddress[] addresses) => family switch
    {
        AddressKind.Ipv4 => Array.FindAll(addresses, static address => address.AddressFamily == AddressFamily.InterNetwork),
        AddressKind.Ipv6 => Array.FindAll(addresses, static address => address.AddressFamily == AddressFamily.InterNetworkV6),
        _ => addresses,
    };
}
