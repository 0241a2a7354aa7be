using System;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Balancing;

/// <summary>
/// Takes the first server in the order of the file that has room, so that the last ones stay empty and can be switched off at quiet
/// times (HAProxy's "first"). Pure; thread: the loop.
/// </summary>
internal static class FirstBalancer
{
    /// <summary>Picks a server, not <paramref name="except"/> unless there is no other; null when none takes requests or has room.</summary>
    public static UpstreamServer? Pick(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except)
    {
        foreach (UpstreamServer server in servers)
        {
            if (server.CanTakeNow && server != except)
                return server;
        }
        return except is { CanTakeNow: true } ? except : null;
    }
}
