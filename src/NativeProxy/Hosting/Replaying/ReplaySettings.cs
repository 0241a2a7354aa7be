using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Recording;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting.Replaying;

/// <summary>
/// The settings by which a replay serves: those of a file, without all that needs more than bytes, or some that fit the record. Pure.
/// </summary>
internal static class ReplaySettings
{
    /// <summary>Settings as they are, but that TLS and PROXY headers are taken off already: a record has the bytes behind them.</summary>
    public static ProxySettings Plain(in ProxySettings settings)
    {
        ImmutableArray<ListenerSettings>.Builder listeners = ImmutableArray.CreateBuilder<ListenerSettings>();
        foreach (ListenerSettings listener in settings.Listeners)
        {
            if (listener.Mode != ListenerMode.Forward)
                listeners.Add(listener with { Tls = listener.Tls with { Enabled = false }, ProxyProtocol = false, ProxyProtocolTrusted = [] });
        }
        ImmutableArray<UpstreamSettings>.Builder upstreams = ImmutableArray.CreateBuilder<UpstreamSettings>();
        foreach (UpstreamSettings upstream in settings.Upstreams)
            upstreams.Add(upstream with { Tls = upstream.Tls with { Enabled = false } });
        return settings with
        {
            Listeners = listeners.ToImmutable(),
            Upstreams = upstreams.ToImmutable(),
            Recorder = settings.Recorder with { Messages = MessageRing.CapacityMax, Redact = false },
        };
    }

    /// <summary>Settings with the listeners and servers that a record names.</summary>
    /// <param name="listeners">Names, each with the upstream that its requests went to.</param>
    /// <param name="relays">Those of them whose connections are passed through unread.</param>
    /// <param name="servers">Names of upstreams, each with those of its servers.</param>
    public static ProxySettings Of(
        Dictionary<string, string> listeners, HashSet<string> relays, Dictionary<string, List<string>> servers)
    {
        var text = new StringBuilder();
        int port = 1;
        foreach ((string name, string upstream) in listeners)
        {
            text.Append(CultureInfo.InvariantCulture, $"[[listener]]\nname = \"{name}\"\nbind = [\"127.0.0.1:{port++}\"]\n");
            text.Append(CultureInfo.InvariantCulture, $"upstream = \"{upstream}\"\n");
            text.Append(relays.Contains(name) ? "mode = \"tcp\"\n" : "");
        }
        foreach ((string upstream, List<string> names) in servers)
        {
            text.Append(CultureInfo.InvariantCulture, $"[[upstream]]\nname = \"{upstream}\"\n");
            foreach (string server in names)
                text.Append(CultureInfo.InvariantCulture, $"[[upstream.server]]\nname = \"{server}\"\naddress = \"127.0.0.1:{port++}\"\n");
        }
        var part = new SettingsPart("replay", Encoding.ASCII.GetBytes(text.ToString()));
        return Plain(SettingsFile.Parse(new SettingsText([part], CanBeReadAgain: false)).Settings);
    }

    /// <summary>An address for each server, by which it is known again; nobody connects to it.</summary>
    public static ServerEndPoints EndPointsOf(in ProxySettings settings)
    {
        var byServer = new EndPoint[settings.Upstreams.Length][][];
        for (int i = 0; i < byServer.Length; i++)
        {
            byServer[i] = new EndPoint[settings.Upstreams[i].Servers.Length][];
            for (int j = 0; j < byServer[i].Length; j++)
                byServer[i][j] = [AddressOf(i, j)];
        }
        return new ServerEndPoints(byServer);
    }

    /// <summary>The names of the server that has this address.</summary>
    public static (string Upstream, string Server) ServerAt(in ProxySettings settings, EndPoint address)
    {
        for (int i = 0; i < settings.Upstreams.Length; i++)
        {
            for (int j = 0; j < settings.Upstreams[i].Servers.Length; j++)
            {
                if (AddressOf(i, j).Equals(address))
                    return (settings.Upstreams[i].Name, settings.Upstreams[i].Servers[j].Name);
            }
        }
        return ("", "");
    }

    private static IPEndPoint AddressOf(int upstream, int server) => new(new IPAddress([10, 0, (byte)(upstream >> 8), (byte)upstream]), 1 + server);
}
