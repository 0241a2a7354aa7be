using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Upstreams.Naming;

namespace NativeProxy.Hosting.Replaying;

/// <summary>
/// The settings by which a replay serves: those of a file, without all that needs more than bytes, or some that fit the record. Pure.
/// </summary>
internal static class ReplaySettings
{
    /// <summary>Settings as they are, but that TLS and PROXY headers are taken off already: a record has the bytes behind them.</summary>
    public static ProxySettings Plain(ProxySettings settings) => settings with
    {
        Listeners =
        [
            .. settings.Listeners.Where(static listener => listener.Mode == ListenerMode.Http).Select(static listener => listener with
            {
                Tls = listener.Tls with { Enabled = false }, ProxyProtocolTrusted = ImmutableArray<string>.Empty,
            }),
        ],
        Upstreams =
        [
            .. settings.Upstreams.Select(static upstream => upstream with { Tls = upstream.Tls with { Enabled = false } }),
        ],
        Recorder = settings.Recorder with { Messages = 64, Redact = false },
    };

    /// <summary>Settings with the listeners and servers that a record names.</summary>
    /// <param name="listeners">Names, each with the upstream that its requests went to.</param>
    /// <param name="servers">Upstream and server.</param>
    public static ProxySettings Of(IReadOnlyDictionary<string, string> listeners, IEnumerable<(string Upstream, string Server)> servers)
    {
        var text = new StringBuilder();
        int port = 1;
        foreach ((string name, string upstream) in listeners)
        {
            text.Append(CultureInfo.InvariantCulture, $"[[listener]]\nname = \"{name}\"\nbind = [\"127.0.0.1:{port++}\"]\n");
            text.Append(CultureInfo.InvariantCulture, $"upstream = \"{upstream}\"\n");
        }
        foreach (IGrouping<string, (string Upstream, string Server)> group in servers.GroupBy(static one => one.Upstream))
        {
            text.Append(CultureInfo.InvariantCulture, $"[[upstream]]\nname = \"{group.Key}\"\n");
            foreach (string server in group.Select(static one => one.Server).Distinct())
                text.Append(CultureInfo.InvariantCulture, $"[[upstream.server]]\nname = \"{server}\"\naddress = \"127.0.0.1:{port++}\"\n");
        }
        return Plain(SettingsFile.Parse("replay", Encoding.ASCII.GetBytes(text.ToString())).Settings);
    }

    /// <summary>An address for each server, by which it is known again; nobody connects to it.</summary>
    public static ServerEndPoints EndPointsOf(in ProxySettings settings) => new(
        [.. settings.Upstreams.Select(static (upstream, i) => upstream.Servers.Select((_, j) => new EndPoint[] { AddressOf(i, j) }).ToArray())]);

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
