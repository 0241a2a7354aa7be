using System.Collections.Generic;
using System.IO;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Http;

namespace NativeProxy.Hosting.Explaining;

/// <summary>
/// What `check --explain` prints: the times of both sides drawn against each other, those that stand in the wrong order, what becomes of a GET and a
/// POST when a server closes, and the limits against this machine. Stateless; for people, so its words may change.
/// </summary>
internal static class Explanation
{
    /// <summary>Prints it.</summary>
    /// <param name="output">Takes the lines.</param>
    /// <param name="settings">Valid settings.</param>
    /// <param name="workers">How many there will be.</param>
    public static void Write(TextWriter output, in ProxySettings settings, int workers)
    {
        var chart = new TimerChart(output);
        foreach (ListenerSettings listener in settings.Listeners)
        {
            output.WriteLine($"listener \"{listener.Name}\" ({Addresses(listener)}): the client's connection");
            ClientTimers.Draw(chart, listener);
            WriteList(output, TimerFindings.OfListener(listener));
        }
        foreach (UpstreamSettings upstream in settings.Upstreams)
        {
            bool hasRequests = HasRequests(settings, upstream.Name);
            output.WriteLine($"upstream \"{upstream.Name}\" ({Count(upstream.Servers.Length)}): connections to it");
            ServerTimers.Draw(chart, upstream, hasRequests);
            WriteList(output, hasRequests ? TimerFindings.OfUpstream(upstream).Concat(TimerFindings.OfRequest(settings, upstream)) : []);
            if (hasRequests)
                WriteTroubles(output, settings, upstream);
        }
        output.WriteLine("limits");
        WriteList(output, Capacity.Here(settings, workers));
    }

    /// <summary>A route may have rules of its own.</summary>
    private static void WriteTroubles(TextWriter output, in ProxySettings settings, in UpstreamSettings upstream)
    {
        WriteTrouble(output, upstream, "");
        for (int i = 0; i < settings.Routes.Length; i++)
        {
            RouteSettings route = settings.Routes[i];
            if (route.Retry.IsSet && (route.Upstream == upstream.Name || Shares(route, upstream.Name)))
                WriteTrouble(output, upstream with { Retry = route.Retry.Over(upstream.Retry) }, $" by route \"{route.NameAt(i)}\"");
        }
    }

    private static void WriteTrouble(TextWriter output, in UpstreamSettings upstream, string way)
    {
        foreach (HttpMethod method in new[] { HttpMethod.Get, HttpMethod.Post })
        {
            output.WriteLine($"a {(method == HttpMethod.Get ? "GET" : "POST")} to \"{upstream.Name}\"{way}, when its server");
            WriteList(output, new ServerTrouble(upstream).Of(method));
        }
    }

    private static bool HasRequests(in ProxySettings settings, string upstream)
    {
        foreach (ListenerSettings listener in settings.Listeners)
        {
            if (listener.Mode == ListenerMode.Http && listener.Upstream == upstream)
                return true;
        }
        foreach (RouteSettings route in settings.Routes)
        {
            if ((route.Upstream == upstream || route.Mirror.Upstream == upstream || Shares(route, upstream)) && SeesRequests(settings, route))
                return true;
        }
        return false;
    }

    private static bool SeesRequests(in ProxySettings settings, in RouteSettings route)
    {
        foreach (ListenerSettings listener in settings.ListenersOf(route))
        {
            if (listener.Mode == ListenerMode.Http)
                return true;
        }
        return false;
    }

    private static bool Shares(in RouteSettings route, string upstream)
    {
        foreach (ShareSettings share in route.Split)
        {
            if (share.Name == upstream)
                return true;
        }
        return false;
    }

    private static void WriteList(TextWriter output, IEnumerable<string> lines)
    {
        foreach (string line in lines)
            output.WriteLine("  - " + line);
        output.WriteLine();
    }

    private static string Addresses(in ListenerSettings listener) =>
        listener.Bind.Length > 2 ? $"{listener.Bind[0]} and {listener.Bind.Length - 1} more" : string.Join(", ", listener.Bind);

    private static string Count(int servers) => servers == 1 ? "1 server" : $"{servers} servers";
}
