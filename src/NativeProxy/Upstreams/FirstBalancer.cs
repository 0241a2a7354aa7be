using System;

namespace NativeProxy.Upstreams;

/// <summary>
/// The first server that can be used, in their order: for the addresses of one name, which are the same server by different ways.
/// Connections then gather in one pool. Pure; thread: the loop.
/// </summary>
internal static class FirstBalancer
{
    /// <summary>Picks a server, not <paramref name="except"/> unless there is no other; null when none can be used.</summary>
    public static UpstreamServer? Pick(ReadOnlySpan<UpstreamServer> servers, UpstreamServer? except)
    {
        foreach (UpstreamServer server in servers)
        {
            if (server != except && server is { Weight: > 0, HasRoom: true })
                return server;
        }
        return except is { Weight: > 0, HasRoom: true } ? except : null;
    }
}
