using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Upstreams.Naming;
using NativeProxy.Upstreams.Origins;

namespace NativeProxy.Upstreams.Discovery;

/// <summary>
/// The targets of the SRV records of a name (RFC 2782), with their ports and weights. Those of the lowest priority number alone; a target of "."
/// says that there is no server. Immutable; control plane.
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

    /// <summary>The servers of the records; weights beyond ours are scaled down, none to nothing.</summary>
    internal static List<ListedServer> TargetsOf(IReadOnlyList<DnsService> services, int serversMax)
    {
        List<DnsService> first = [.. services.Where(static service => service.Target.Length > 0 && service.Port > 0)
            .GroupBy(static service => service.Priority)
            .OrderBy(static group => group.Key)
            .Take(1)
            .SelectMany(static group => group)
            .Take(serversMax)];
        int heaviest = first.Count == 0 ? 0 : first.Max(static service => service.Weight);
        int Scaled(int weight) => Math.Max(1, heaviest <= FoundServer.WeightMax ? weight : weight * FoundServer.WeightMax / heaviest);
        return [.. first.Select(service => new ListedServer(service.Target, service.Port, Scaled(service.Weight)))];
    }
}
