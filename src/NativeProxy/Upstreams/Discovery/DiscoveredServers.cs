using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using NativeProxy.Config;

namespace NativeProxy.Upstreams.Discovery;

/// <summary>
/// The servers that were found for all upstreams at one moment, in the order of the settings. Made in the supervisor, sent to the workers as text.
/// Immutable.
/// </summary>
/// <param name="byUpstream">Upstream, server.</param>
internal sealed class DiscoveredServers(FoundServer[][] byUpstream)
{
    private const char GroupEnd = ';';
    private const char ServerEnd = ',';
    private const char Between = '|';

    /// <summary>Those of the first upstream.</summary>
    public FoundServer[] First => byUpstream.Length > 0 ? byUpstream[0] : [];

    /// <summary>The settings with these servers behind those of the file; no more in all than the board holds.</summary>
    public ProxySettings AddTo(in ProxySettings settings)
    {
        int room = UpstreamSettings.ServersMax;
        foreach (UpstreamSettings upstream in settings.Upstreams)
            room -= upstream.Servers.Length;
        var upstreams = new UpstreamSettings[settings.Upstreams.Length];
        for (int i = 0; i < upstreams.Length; i++)
        {
            upstreams[i] = settings.Upstreams[i];
            if (i < byUpstream.Length && byUpstream[i].Length > 0)
                upstreams[i] = upstreams[i] with { Servers = [.. Together(upstreams[i], byUpstream[i], ref room)] };
        }
        return settings with { Upstreams = [.. upstreams] };
    }

    /// <summary>As one line without blanks.</summary>
    public string ToLine() => string.Join(GroupEnd, Array.ConvertAll(byUpstream, static servers => string.Join(ServerEnd, Array.ConvertAll(servers,
        static server => string.Create(CultureInfo.InvariantCulture, $"{server.EndPoint}{Between}{server.Weight}{Between}{server.Priority}")))));

    /// <summary>Reads such a line. False when it is none.</summary>
    public static bool TryParse(string line, out DiscoveredServers servers)
    {
        string[] groups = line.Split(GroupEnd);
        var byUpstream = new FoundServer[groups.Length][];
        bool isSound = true;
        for (int i = 0; i < groups.Length; i++)
        {
            string[] texts = groups[i].Split(ServerEnd, StringSplitOptions.RemoveEmptyEntries);
            byUpstream[i] = new FoundServer[texts.Length];
            for (int j = 0; j < texts.Length && isSound; j++)
                isSound = TryParseOne(texts[j], out byUpstream[i][j]);
        }
        servers = new DiscoveredServers(isSound ? byUpstream : []);
        return isSound;
    }

    private static bool TryParseOne(string text, out FoundServer server)
    {
        string[] parts = text.Split(Between);
        (int weight, int priority) = (0, 0);
        IPEndPoint? endPoint = null;
        bool isSound = parts.Length == 3 && IPEndPoint.TryParse(parts[0], out endPoint)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out weight)
            && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out priority);
        server = new FoundServer(endPoint ?? new IPEndPoint(IPAddress.None, 0), weight, priority);
        return isSound;
    }

    /// <summary>One that the file names already is not there twice.</summary>
    private static List<UpstreamServerSettings> Together(in UpstreamSettings upstream, FoundServer[] found, ref int room)
    {
        var servers = new List<UpstreamServerSettings>(upstream.Servers);
        foreach (FoundServer one in found)
        {
            if (room <= 0 || servers.Exists(server => server.Name == one.Name || server.Address == one.Address))
                continue;
            servers.Add(UpstreamServerSettings.Found(one.Name, one.Address, one.Weight) with { Priority = one.Priority });
            room--;
        }
        return servers;
    }
}
