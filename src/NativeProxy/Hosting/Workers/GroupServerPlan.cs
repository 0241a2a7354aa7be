using NativeProxy.Config;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Hosting.Channels;
using NativeProxy.Ledger;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// The servers of a worker's groups, as the settings say. One with the same name, address and security as before is the same server and keeps its
/// connections. Owner: a <see cref="TrafficPlan"/>; thread: the loop.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="place">Which worker it is.</param>
/// <param name="counters">Of the worker.</param>
/// <param name="boards">What the workers agree on.</param>
/// <param name="security">How connections are secured.</param>
/// <param name="accessLog">Null when none is written.</param>
/// <param name="ledger">Takes every close.</param>
/// <param name="recorder">Keeps what is refused; null when nobody does.</param>
internal sealed class GroupServerPlan(EventLoop loop, WorkerPlace place, LoopCounters counters, SharedBoards boards, SecurityInForce security,
    ExchangeLog? accessLog, CloseLedger ledger, Recorder? recorder)
{
    /// <summary>The servers of a group.</summary>
    /// <param name="group">It, with the servers that it has had.</param>
    /// <param name="upstream">What its settings say.</param>
    /// <param name="endPoints">Addresses of all servers.</param>
    /// <param name="index">Of the upstream in the settings.</param>
    public UpstreamServer[] Of(UpstreamGroup group, in UpstreamSettings upstream, ServerEndPoints endPoints, int index)
    {
        var servers = new UpstreamServer[upstream.Servers.Length];
        for (int i = 0; i < servers.Length; i++)
        {
            UpstreamServerSettings server = upstream.Servers[i];
            ConnectionSecurity? secured = security.OfServer(upstream, server);
            HostIdentities? hosts = security.HostsOf(upstream);
            servers[i] = Find(group, server, secured, hosts is not null)
                ?? new UpstreamServer(loop, counters, server.Name)
                {
                    Words = new ServerWords(server.Address, HostHeaderText.NameOf(server.Address, upstream.Tls.Enabled, upstream.Name)),
                    Identity = ConnectionIdentity.With(secured, hosts),
                    LogId = accessLog?.Register(server.Name) ?? 0,
                    Page = ledger.ForServer(upstream.Name, server.Name),
                    Connections = { Recorder = recorder, Upstream = upstream.Name },
                };
            servers[i].Load.Tally = boards.Latencies.Find(TallyNames.OfServer(upstream.Name, server.Name), place.Row);
            servers[i].ChangeAddresses(endPoints.Of(index, i));
            servers[i].Apply(upstream, server, server.MaxConnections, boards.Servers.Find(upstream.Name, server.Name, server.Address, place.Row));
        }
        return servers;
    }

    private static UpstreamServer? Find(UpstreamGroup group, in UpstreamServerSettings settings, ConnectionSecurity? security, bool hasHosts)
    {
        foreach (UpstreamServer server in group.Servers)
        {
            bool isSame = server.Name == settings.Name && server.Words.Address == settings.Address && server.Identity.Security == security
                && server.Identity.Hosts is not null == hasHosts;
            if (isSame)
                return server;
        }
        return null;
    }
}
