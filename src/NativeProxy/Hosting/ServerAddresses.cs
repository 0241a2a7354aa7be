using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using NativeProxy.Config;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting;

/// <summary>Resolves the addresses of the servers once, at start or reload. Blocks; never used on a loop thread.</summary>
internal static class ServerAddresses
{
    /// <summary>End points in the order of the settings, per upstream. Problems go to <paramref name="errors"/>, one line each.</summary>
    public static ServerEndPoints Resolve(in ProxySettings settings, List<string> errors)
    {
        var groups = new IPEndPoint[settings.Upstreams.Length][][];
        for (int group = 0; group < groups.Length; group++)
        {
            UpstreamSettings upstream = settings.Upstreams[group];
            groups[group] = new IPEndPoint[upstream.Servers.Length][];
            for (int server = 0; server < upstream.Servers.Length; server++)
                groups[group][server] = [ResolveOne(upstream.Name, upstream.Servers[server], errors)];
        }
        return new ServerEndPoints(groups);
    }

    private static IPEndPoint ResolveOne(string upstream, in UpstreamServerSettings server, List<string> errors)
    {
        if (!AddressText.TryParse(server.Address, AddressUse.Server, out HostPort address, out string problem))
        {
            errors.Add($"server \"{server.Name}\" of upstream \"{upstream}\": {problem}");
            return new IPEndPoint(IPAddress.None, 0);
        }
        if (address.Ip is not null)
            return new IPEndPoint(address.Ip, address.Port);
        try
        {
            IPAddress[] found = Dns.GetHostAddresses(address.Host);
            if (found.Length > 0)
                return new IPEndPoint(Preferred(found), address.Port);
            errors.Add($"server \"{server.Name}\" of upstream \"{upstream}\": the name \"{address.Host}\" has no address");
        }
        catch (SocketException e)
        {
            errors.Add($"server \"{server.Name}\" of upstream \"{upstream}\": the name \"{address.Host}\" cannot be resolved ({e.Message}); use an IP address or a name that the system knows");
        }
        return new IPEndPoint(IPAddress.None, address.Port);
    }

    /// <summary>IPv4 first: a name such as localhost has both, and servers that listen on one only mostly take that.</summary>
    private static IPAddress Preferred(IPAddress[] found)
    {
        foreach (IPAddress address in found)
        {
            if (address.AddressFamily == AddressFamily.InterNetwork)
                return address;
        }
        return found[0];
    }
}
