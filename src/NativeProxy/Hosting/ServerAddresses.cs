using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using NativeProxy.Config;

namespace NativeProxy.Hosting;

/// <summary>Resolves the addresses of the servers once, at start or reload. Blocks; never used on a loop thread.</summary>
internal static class ServerAddresses
{
    /// <summary>End points in the order of the settings, per upstream. Problems go to <paramref name="errors"/>, one line each.</summary>
    public static IPEndPoint[][] Resolve(in ProxySettings settings, List<string> errors)
    {
        var groups = new IPEndPoint[settings.Upstreams.Length][];
        for (int group = 0; group < groups.Length; group++)
        {
            UpstreamSettings upstream = settings.Upstreams[group];
            groups[group] = new IPEndPoint[upstream.Servers.Length];
            for (int server = 0; server < upstream.Servers.Length; server++)
                groups[group][server] = ResolveOne(upstream.Name, upstream.Servers[server], errors);
        }
        return groups;
    }

    private static IPEndPoint ResolveOne(string upstream, in UpstreamServerSettings server, List<string> errors)
    {
        (string host, int port) = SplitAddress(server.Address);
        if (IPAddress.TryParse(host, out IPAddress? address))
            return new IPEndPoint(address, port);
        try
        {
            IPAddress[] found = Dns.GetHostAddresses(host);
            if (found.Length > 0)
                return new IPEndPoint(Preferred(found), port);
            errors.Add($"server \"{server.Name}\" of upstream \"{upstream}\": the name \"{host}\" has no address");
        }
        catch (SocketException e)
        {
            errors.Add($"server \"{server.Name}\" of upstream \"{upstream}\": the name \"{host}\" cannot be resolved ({e.Message}); use an IP address or a name that the system knows");
        }
        return new IPEndPoint(IPAddress.None, port);
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

    /// <summary>Splits "host:port" or "[v6]:port"; the settings rules have checked the shape.</summary>
    internal static (string Host, int Port) SplitAddress(string address)
    {
        int colon = address.LastIndexOf(':');
        string host = address[..colon].Trim('[', ']');
        return (host, int.Parse(address.AsSpan(colon + 1), provider: System.Globalization.CultureInfo.InvariantCulture));
    }
}
