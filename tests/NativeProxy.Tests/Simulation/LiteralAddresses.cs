using System.Linq;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Tests.Simulation;

/// <summary>The addresses of servers whose settings name no names: nobody has to be asked.</summary>
internal static class LiteralAddresses
{
    public static ServerEndPoints Of(ProxySettings settings) => new(settings.Upstreams
        .Select(static upstream => upstream.Servers.Select(static server => new[] { IPEndPoint.Parse(server.Address) }).ToArray()).ToArray());
}
