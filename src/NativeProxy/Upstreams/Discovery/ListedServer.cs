using System;
using System.Collections.Generic;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Upstreams.Naming;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Upstreams.Discovery;

/// <summary>A server as a list names it: the host may be a name, all whose addresses are servers then. Immutable.</summary>
/// <param name="Host">An address or a name.</param>
/// <param name="Port">From 1.</param>
/// <param name="Weight">Its share.</param>
/// <param name="Priority">Its level, 0 first.</param>
internal sealed record ListedServer(string Host, int Port, int Weight, int Priority = 0)
{
    /// <summary>Finds the addresses of a list, its names beside each other. Names without an answer leave the list partial.</summary>
    /// <param name="finder">Looks names up.</param>
    /// <param name="listed">The list.</param>
    /// <param name="settings">How many, and of which family.</param>
    /// <param name="holdsMs">When to look again at the latest; an answer that holds shorter shortens it.</param>
    /// <param name="why">Where the list comes from.</param>
    public static async Task<SourceAnswer> FindAll(
        NameFinder finder, IReadOnlyList<ListedServer> listed, UpstreamDiscoverySettings settings, long holdsMs, string why)
    {
        var asked = new Dictionary<string, Task<NameAnswer>>(StringComparer.OrdinalIgnoreCase);
        foreach (ListedServer one in listed)
            asked.TryAdd(one.Host, finder.Find(one.Host, ServerSource.FoundMax, settings.Family));
        var servers = new List<FoundServer>();
        bool isPartial = false;
        string problem = "";
        foreach (ListedServer one in listed)
        {
            NameAnswer answer = await asked[one.Host];
            if (answer.Outcome != NameOutcome.Found)
                problem = $"\"{one.Host}\": {answer.Why}";
            isPartial |= answer.Outcome != NameOutcome.Found || answer.IsPartial;
            holdsMs = Math.Min(holdsMs, answer.TtlMs);
            foreach (IPAddress address in DnsSource.Of(settings.Family, answer.Addresses))
            {
                var endPoint = new IPEndPoint(address, one.Port);
                if (servers.Count < settings.ServersMax && !servers.Exists(server => server.EndPoint.Equals(endPoint)))
                    servers.Add(new FoundServer(endPoint, one.Weight, one.Priority));
            }
        }
        return servers.Count > 0
            ? new SourceAnswer([.. servers], holdsMs, why) { IsPartial = isPartial }
            : SourceAnswer.Failed(problem.Length > 0 ? problem : "it has no address of the wanted family");
    }
}
