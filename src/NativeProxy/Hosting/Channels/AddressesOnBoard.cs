using NativeProxy.Config;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting.Channels;

/// <summary>Shows on the board which servers have no address, so that they count as down. Used by who publishes the servers; stateless.</summary>
internal static class AddressesOnBoard
{
    /// <param name="servers">The board, on which these settings have been published.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="endPoints">The addresses of their servers.</param>
    public static void Show(ServerBoard servers, in ProxySettings settings, ServerEndPoints endPoints)
    {
        for (int i = 0; i < settings.Upstreams.Length; i++)
        {
            UpstreamSettings upstream = settings.Upstreams[i];
            for (int j = 0; j < upstream.Servers.Length; j++)
            {
                if (servers.Find(upstream.Name, upstream.Servers[j].Name, upstream.Servers[j].Address) is { } slot)
                    slot.HasAddress = endPoints.Of(i, j).Length > 0;
            }
        }
    }
}
