using System.Collections.Generic;
using NativeProxy.Admin;
using NativeProxy.Config;
using NativeProxy.Metrics;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// Of what there are histograms of times, under the names that /metrics shows: by choice, since each of a thousand routes is a dozen lines; and of
/// what there are tallies, under names of their own (<see cref="TallyNames"/>). Pure. Names hold no sign that would have to be escaped
/// (`Config/NameText.cs`).
/// </summary>
internal static class LatencyNames
{
    /// <summary>All that the settings ask for; nothing where nobody can look at them.</summary>
    public static List<string> Of(in ProxySettings settings)
    {
        var names = new List<string>();
        if (settings.Admin.Bind.Length == 0)
            return names;
        if (settings.Admin.Histograms.Contains(AdminSettings.ByUpstream))
        {
            foreach (UpstreamSettings upstream in settings.Upstreams)
                names.Add(OfUpstream(upstream.Name));
        }
        if (settings.Admin.Histograms.Contains(AdminSettings.ByRoute))
        {
            for (int i = 0; i < settings.Routes.Length; i++)
                names.Add(OfRoute(settings.Routes[i].NameAt(i)));
        }
        foreach (ListenerSettings listener in settings.Listeners)
            names.Add(TallyNames.OfListener(listener.Name));
        foreach (UpstreamSettings upstream in settings.Upstreams)
        {
            names.Add(TallyNames.OfUpstream(upstream.Name));
            foreach (UpstreamServerSettings server in upstream.Servers)
                names.Add(TallyNames.OfServer(upstream.Name, server.Name));
        }
        return names;
    }

    public static string OfUpstream(string name) => $"{LatencyMetricsText.UpstreamLabel}\"{name}\"";

    public static string OfRoute(string name) => $"{LatencyMetricsText.RouteLabel}\"{name}\"";
}
