using System.Collections.Generic;
using NativeProxy.Listeners;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// Shows how many connections and waiting requests one worker has, by server, upstream and listener: once a second, so that no request pays for it.
/// Stateless; thread: the loop.
/// </summary>
internal static class TallyView
{
    public static void Show(IReadOnlyList<UpstreamGroup> groups, IReadOnlyList<Listener> listeners)
    {
        foreach (UpstreamGroup group in groups)
        {
            group.Load.Tally?.Show(Tally.Queued, group.Queue.Count);
            foreach (UpstreamServer server in group.Servers)
            {
                server.Load.Tally?.Show(Tally.Active, server.LentCount);
                server.Load.Tally?.Show(Tally.Idle, server.Idle.Count);
                server.Load.Tally?.Show(Tally.Queued, server.Limit.Queue.Count);
            }
        }
        foreach (Listener listener in listeners)
            listener.Frontend.Tally?.Show(Tally.Active, OfName(listeners, listener.Settings.Name));
    }

    /// <summary>A reload may leave connections with the listener of that name that was there before.</summary>
    private static int OfName(IReadOnlyList<Listener> listeners, string name)
    {
        int count = 0;
        foreach (Listener listener in listeners)
            count += listener.Settings.Name == name ? listener.ConnectionCount : 0;
        return count;
    }
}
