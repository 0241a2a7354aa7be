using System.Linq;
using NativeProxy.Config;
using NativeProxy.Upstreams.Discovery;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting.Channels;

/// <summary>Settings with the servers that were discovered for them, and the addresses of all. Immutable.</summary>
/// <param name="Settings">The settings, discovered servers included.</param>
/// <param name="Found">The line of <see cref="DiscoveredServers"/> that was added.</param>
/// <param name="EndPoints">The addresses of all servers.</param>
internal sealed record ServersInForce(ProxySettings Settings, string Found, ServerEndPoints EndPoints)
{
    /// <summary>Reads both lines. False when they do not belong to these settings.</summary>
    /// <param name="settings">The settings of the file.</param>
    /// <param name="found">A line of <see cref="DiscoveredServers"/>.</param>
    /// <param name="endPoints">A line of <see cref="ServerEndPoints"/>.</param>
    /// <param name="servers">The result.</param>
    public static bool TryParse(in ProxySettings settings, string found, string endPoints, out ServersInForce servers)
    {
        ProxySettings whole = DiscoveredServers.TryParse(found, out DiscoveredServers discovered) ? discovered.AddTo(settings) : settings;
        bool isSound = ServerEndPoints.TryParse(endPoints, ServerCounts(whole), out ServerEndPoints addresses);
        servers = new ServersInForce(whole, found, addresses);
        return isSound;
    }

    private static int[] ServerCounts(in ProxySettings settings) => settings.Upstreams.Select(static upstream => upstream.Servers.Length).ToArray();
}
