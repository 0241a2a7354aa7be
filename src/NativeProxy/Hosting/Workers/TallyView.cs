using System.Collections.Generic;
using NativeProxy.Listeners;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Hosting.Workers;

/// <summary>
/// Shows how many connections and waiting requests one worker has, by server, upstream and listener: once a second, so that no request pays for it.
/// Only who serves now writes a row: that of one who has left may be another's by now. Stateless; thread: the loop.
/// </summary>
internal static class TallyView
{
    /// <param name="groups">The upstreams.</param>
    /// <param name="listeners">Those that accept.</param>
    /// <param name="retired">Those before them: their connections count with the listener that has their name.</param>
    public static void Show(IReadOnlyList<UpstreamGroup> groups, IReadOnlyList<Listener> listeners, IReadOnlyList<Listener> retired)
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
            listener.Frontend.Tally?.Show(Tally.Active, listener.ConnectionCount + OfName(retired, listener.Settings.Name));
    }

    private static int OfName(IReadOnlyList<Listener> retired, string name)
    {
        int count = 0;
        foreach (Listener listener in retired)
            count += listener.Settings.Name == name ? listener.ConnectionCount : 0;
        return count;
    }
}
