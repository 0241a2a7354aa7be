using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Upstreams.Naming;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Upstreams.Discovery;

/// <summary>
/// The targets of the SRV records of a name (RFC 2782), with their ports and weights; each priority number is a level, the lowest first. A target of
/// "." says that there is no server. Immutable; control plane.
/// </summary>
/// <param name="finder">Looks names up.</param>
/// <param name="settings">What to look for.</param>
internal sealed class SrvSource(NameFinder finder, UpstreamDiscoverySettings settings) : ServerSource
{
    public override string Name => $"the SRV records of \"{settings.Name}\"";

    /// <inheritdoc/>
    public override async Task<SourceAnswer> Find()
    {
        ServiceAnswer answer = await finder.FindServices(settings.Name);
        if (answer.Outcome != NameOutcome.Found)
            return SourceAnswer.Failed(answer.Why);
        List<ListedServer> listed = TargetsOf(answer.Services, settings.ServersMax);
        return listed.Count == 0
            ? new SourceAnswer([], answer.TtlMs, "DNS says that there is none")
            : await ListedServer.FindAll(finder, listed, settings, answer.TtlMs, answer.Why);
    }

    /// <summary>
    /// The servers of the records; weights of a level that go beyond ours are scaled down, none to nothing. Of too many the same ones are taken each
    /// time: name servers turn their records.
    /// </summary>
    internal static List<ListedServer> TargetsOf(IReadOnlyList<DnsService> services, int serversMax)
    {
        DnsService[] offered = [.. services.Where(static service => service.Target.Length > 0 && service.Port > 0)
            .OrderBy(static service => service.Priority)
            .ThenByDescending(static service => service.Weight)
            .ThenBy(static service => service.Target, StringComparer.OrdinalIgnoreCase)
            .ThenBy(static service => service.Port)
            .Take(serversMax)];
        int[] levels = [.. offered.Select(static service => service.Priority).Distinct()];
        return [.. offered.Select(service =>
        {
            int heaviest = offered.Where(other => other.Priority == service.Priority).Max(static other => other.Weight);
            int weight = heaviest <= FoundServer.WeightMax ? service.Weight : service.Weight * FoundServer.WeightMax / heaviest;
            int level = Math.Min(FoundServer.PriorityMax, Array.IndexOf(levels, service.Priority));
            return new ListedServer(service.Target, service.Port, Math.Max(1, weight), level);
        })];
    }
}
