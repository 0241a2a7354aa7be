using System;
using System.Collections.Generic;
using System.Text.Json;
using NativeProxy.Config;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Admin;

/// <summary>
/// Listeners, routes and upstreams in the API, with what all workers have counted of them; counts since the start, what is there now to the second.
/// Any thread.
/// </summary>
internal sealed class TrafficApi(AdminBoards boards, ServiceState state) : ApiSubject
{
    public override IReadOnlyList<ApiPath> Paths { get; } =
    [
        new("GET", "/api/listeners", "all listeners: connections accepted, refused and open, responses"),
        new("GET", "/api/upstreams", "all upstreams: what their servers have together, who waits"),
        new("GET", "/api/routes", "all routes, in the order in which they are tried"),
        new("GET", "/api/counters", "what is counted of all traffic together, since the start"),
    ];

    public override SmallResponse? Respond(string path, in SmallRequest request) => path switch
    {
        "/api/listeners" => ApiAnswer.Read(request, WriteListeners),
        "/api/upstreams" => ApiAnswer.Read(request, WriteUpstreams),
        "/api/routes" => ApiAnswer.Read(request, WriteRoutes),
        "/api/counters" => ApiAnswer.Read(request, WriteCounters),
        _ => null,
    };

    private void WriteListeners(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("listeners");
        foreach (ListenerSettings listener in state.Running.Settings.Listeners)
        {
            json.WriteStartObject();
            json.WriteString("listener", listener.Name);
            json.WriteStartArray("bind");
            foreach (string bind in listener.Bind)
                json.WriteStringValue(bind);
            json.WriteEndArray();
            json.WriteString("mode", WordOf(listener.Mode));
            json.WriteBoolean("tls", listener.Tls.Enabled);
            if (TallySum.Of(boards.Latencies, TallyNames.OfListener(listener.Name)) is { } tally)
            {
                json.WriteNumber("accepted", tally[Tally.Accepted]);
                json.WriteNumber("refused", tally[Tally.Refused]);
                json.WriteNumber("open", tally[Tally.Active]);
                tally.WriteResponses(json);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteUpstreams(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("upstreams");
        foreach (UpstreamSettings upstream in state.Running.Settings.Upstreams)
        {
            var sum = new TallySum();
            if (TallySum.Of(boards.Latencies, TallyNames.OfUpstream(upstream.Name)) is { } own)
                sum.Add(own);
            (int count, int up) = (0, 0);
            foreach (ServerSlot server in boards.Servers.Current)
            {
                if (server.Upstream != upstream.Name)
                    continue;
                count++;
                up += server is { IsUp: true, HasAddress: true, Operator: OperatorState.Ready } ? 1 : 0;
                if (TallySum.Of(boards.Latencies, TallyNames.OfServer(server.Upstream, server.Server)) is { } tally)
                    sum.Add(tally);
            }
            json.WriteStartObject();
            json.WriteString("upstream", upstream.Name);
            json.WriteNumber("servers", count);
            json.WriteNumber("servers_up", up);
            sum.WriteServer(json);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteRoutes(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("routes");
        ref readonly ProxySettings settings = ref state.Running.Settings;
        for (int i = 0; i < settings.Routes.Length; i++)
        {
            RouteSettings route = settings.Routes[i];
            json.WriteStartObject();
            json.WriteString("route", route.NameAt(i));
            json.WriteString("upstream", route.Upstream.Length > 0 ? route.Upstream : null);
            json.WriteStartArray("listeners");
            foreach (ListenerSettings listener in settings.ListenersOf(route))
                json.WriteStringValue(listener.Name);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>By the names and labels that /metrics has for them, as objects of one name each.</summary>
    private void WriteCounters(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (CounterInfo info in CounterTable.Rows)
            json.WriteNumber(info.Label is null ? info.Name : $"{info.Name}{{{info.Label}}}", boards.Counters.Sum(info.Id));
        json.WriteEndObject();
    }

    private static string WordOf(ListenerMode mode) => mode switch
    {
        ListenerMode.Tcp => "tcp",
        ListenerMode.Forward => "forward",
        _ => "http",
    };
}
