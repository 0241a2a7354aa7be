using System;
using System.Buffers;
using System.Collections.Generic;
using NativeProxy.Config;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Admin;

/// <summary>
/// Writes what is counted of each listener, upstream and server in the Prometheus text exposition format, summed over the workers. Stateless; any
/// thread. Allocates: it runs when an operator asks. Names hold no sign that would have to be escaped (`Config/NameText.cs`).
/// </summary>
internal static class TallyMetricsText
{
    private static readonly (Tally Kind, string Label)[] Classes =
    [
        (Tally.Responses2xx, "code=\"2xx\""), (Tally.Responses3xx, "code=\"3xx\""), (Tally.Responses4xx, "code=\"4xx\""),
        (Tally.Responses5xx, "code=\"5xx\""),
    ];

    public static void Write(AdminBoards boards, in ProxySettings settings, IBufferWriter<byte> output)
    {
        var servers = new List<(string Labels, TallySum Tally)>();
        foreach (ServerSlot server in boards.Servers.Current)
        {
            if (TallySum.Of(boards.Latencies, TallyNames.OfServer(server.Upstream, server.Server)) is { } tally)
                servers.Add(($"upstream=\"{server.Upstream}\",server=\"{server.Server}\"", tally));
        }
        WriteServers(output, servers);
        var waiting = new List<(string Labels, TallySum Tally)>();
        foreach (UpstreamSettings upstream in settings.Upstreams)
        {
            if (TallySum.Of(boards.Latencies, TallyNames.OfUpstream(upstream.Name)) is { } tally)
                waiting.Add(($"upstream=\"{upstream.Name}\"", tally));
        }
        Family(output, waiting, "nativeproxy_upstream_queue", "Requests that wait for any server of an upstream.", isCounter: false, Tally.Queued);
        var listeners = new List<(string Labels, TallySum Tally)>();
        foreach (ListenerSettings listener in settings.Listeners)
        {
            if (TallySum.Of(boards.Latencies, TallyNames.OfListener(listener.Name)) is { } tally)
                listeners.Add(($"listener=\"{listener.Name}\"", tally));
        }
        WriteListeners(output, listeners);
    }

    private static void WriteServers(IBufferWriter<byte> output, List<(string Labels, TallySum Tally)> servers)
    {
        ByClass(output, servers, "nativeproxy_server_responses_total",
            "Final answers to clients that came from a server, by the class of their status.");
        Family(output, servers, "nativeproxy_server_failed_total", "Requests that were at a server, and to which it has given no answer.",
            isCounter: true, Tally.Failed);
        Family(output, servers, "nativeproxy_server_retried_total", "Requests that were tried again after they were at a server.", isCounter: true,
            Tally.Retried);
        Family(output, servers, "nativeproxy_server_connections_active", "Connections to a server that are in use.", isCounter: false,
            Tally.Active);
        Family(output, servers, "nativeproxy_server_connections_unused", "Connections to a server that nobody uses.", isCounter: false, Tally.Idle);
        Family(output, servers, "nativeproxy_server_queue", "Requests that wait for this server and no other.", isCounter: false, Tally.Queued);
    }

    private static void WriteListeners(IBufferWriter<byte> output, List<(string Labels, TallySum Tally)> listeners)
    {
        Family(output, listeners, "nativeproxy_listener_accepted_total", "Client connections that a listener took.", isCounter: true,
            Tally.Accepted);
        Family(output, listeners, "nativeproxy_listener_refused_total", "Client connections that limits or access list of a listener refused.",
            isCounter: true, Tally.Refused);
        Family(output, listeners, "nativeproxy_listener_connections", "Client connections of a listener.", isCounter: false, Tally.Active);
        ByClass(output, listeners, "nativeproxy_listener_responses_total", "Answers to the clients of a listener, by the class of their status.");
    }

    private static void ByClass(IBufferWriter<byte> output, List<(string Labels, TallySum Tally)> all, string name, string help)
    {
        if (all.Count == 0)
            return;
        Exposition.Head(output, name, help, isCounter: true);
        foreach ((string labels, TallySum tally) in all)
        {
            foreach ((Tally kind, string label) in Classes)
                Exposition.Sample(output, name, $"{labels},{label}", tally[kind]);
        }
    }

    private static void Family(
        IBufferWriter<byte> output, List<(string Labels, TallySum Tally)> all, string name, string help, bool isCounter, Tally kind)
    {
        if (all.Count == 0)
            return;
        Exposition.Head(output, name, help, isCounter);
        foreach ((string labels, TallySum tally) in all)
            Exposition.Sample(output, name, labels, tally[kind]);
    }
}
