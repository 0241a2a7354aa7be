using System;
using System.Collections.Generic;
using System.Text.Json;
using NativeProxy.Config;
using NativeProxy.Metrics;
using NativeProxy.Quotas;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Admin;

/// <summary>What is kept, and how much of it there may be, in the API: certificates, tables of keys, limits. Any thread.</summary>
internal sealed class StoreApi(AdminBoards boards, ServiceState state) : ApiSubject
{
    /// <summary>Certificates that are shown, as in /metrics.</summary>
    private const int CertificatesMax = 1000;

    public override IReadOnlyList<ApiPath> Paths { get; } =
    [
        new("GET", "/api/certificates", "the certificates that are served or shown, and when they expire"),
        new("GET", "/api/tables", "stick tables and tables of rate limits: how much room each has, and about how much is used"),
        new("GET", "/api/limits", "the limits in force, and how near to them it is"),
    ];

    public override SmallResponse? Respond(string path, in SmallRequest request) => path switch
    {
        "/api/certificates" => ApiAnswer.Read(request, WriteCertificates),
        "/api/tables" => ApiAnswer.Read(request, WriteTables),
        "/api/limits" => ApiAnswer.Read(request, WriteLimits),
        _ => null,
    };

    private void WriteCertificates(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("certificates");
        IReadOnlyList<CertificateInUse> certificates = state.Certificates;
        for (int i = 0; i < Math.Min(certificates.Count, CertificatesMax); i++)
        {
            CertificateInUse one = certificates[i];
            json.WriteStartObject();
            json.WriteString("used_by", one.Place.Replace("=\"", " ", StringComparison.Ordinal).TrimEnd('"'));
            json.WriteString("file", one.Path);
            json.WriteString("name", one.Name);
            ServerJson.WriteTime(json, "not_after", one.NotAfter);
            json.WriteNumber("days_left", Math.Floor((one.NotAfter - DateTimeOffset.UtcNow).TotalDays));
            json.WriteString("fingerprint", one.Fingerprint);
            json.WriteBoolean("file_has_changed", one.FileHasChanged);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteTables(Utf8JsonWriter json)
    {
        ref readonly ProxySettings settings = ref state.Running.Settings;
        json.WriteStartObject();
        json.WriteStartArray("stick_tables");
        foreach (UpstreamSettings upstream in settings.Upstreams)
        {
            if (!upstream.Stick.IsOn || boards.Servers.FindGroup(upstream.Name) is not { Stick: { } table })
                continue;
            json.WriteStartObject();
            json.WriteString("upstream", upstream.Name);
            WriteRoom(json, upstream.Stick.Size, table.Room, table.UsedAbout());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("rate_tables");
        foreach (RateLimitSettings limit in settings.RateLimits)
        {
            if (boards.Limits.FindTable(RateDefinition.Of(limit)) is not { } table)
                continue;
            json.WriteStartObject();
            json.WriteString("rate_limit", limit.Name);
            WriteRoom(json, limit.KeysMax, table.Room, table.UsedAbout());
            json.WriteEndObject();
        }
        foreach (ListenerSettings listener in settings.Listeners)
        {
            if (RateDefinition.OfConnections(listener) is not { } definition || boards.Limits.FindTable(definition) is not { } table)
                continue;
            json.WriteStartObject();
            json.WriteString("listener", listener.Name);
            WriteRoom(json, ListenerLimitSettings.ClientsRemembered, table.Room, table.UsedAbout());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteRoom(Utf8JsonWriter json, long wanted, long room, long used)
    {
        json.WriteNumber("configured", wanted);
        json.WriteNumber("room", room);
        json.WriteNumber("used_about", used);
    }

    private void WriteLimits(Utf8JsonWriter json)
    {
        ref readonly ProxySettings settings = ref state.Running.Settings;
        json.WriteStartObject();
        json.WriteNumber("workers", boards.Counters.WorkerCount);
        json.WriteNumber("max_connections_per_worker", settings.Runtime.MaxConnections);
        json.WriteNumber("clients", boards.Counters.Sum(CounterId.ClientConnectionsOpen));
        json.WriteNumber("server_connections", boards.Counters.Sum(CounterId.ServerConnectionsOpen));
        json.WriteNumber("buffer_bytes_held", boards.Counters.Sum(CounterId.BufferBytesHeld));
        json.WriteStartArray("listeners");
        foreach (ListenerSettings listener in settings.Listeners)
        {
            json.WriteStartObject();
            json.WriteString("listener", listener.Name);
            json.WriteNumber("max_connections_per_worker", listener.Limits.MaxConnections);
            json.WriteNumber("open", TallySum.Of(boards.Latencies, TallyNames.OfListener(listener.Name))?[Tally.Active] ?? 0);
            json.WriteNumber("connections_per_client", listener.Limits.ConnectionsPerClient);
            json.WriteString("connection_rate_per_client", listener.Limits.ConnectionRatePerClient);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteServerLimits(json, settings);
        json.WriteStartArray("rate_limits");
        foreach (RateLimitSettings limit in settings.RateLimits)
        {
            json.WriteStartObject();
            json.WriteString("name", limit.Name);
            json.WriteString("key", limit.Key);
            json.WriteString("rate", limit.Rate);
            json.WriteNumber("status", limit.Status);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("note", "0 = no limit");
        json.WriteEndObject();
    }

    private void WriteServerLimits(Utf8JsonWriter json, in ProxySettings settings)
    {
        Dictionary<(string, string, string), int> inForce = [];
        foreach (ServerSlot slot in boards.Servers.Current)
            inForce[(slot.Upstream, slot.Server, slot.Address)] = slot.Limit.InForce;
        json.WriteStartArray("servers");
        foreach (UpstreamSettings upstream in settings.Upstreams)
        {
            foreach (UpstreamServerSettings server in upstream.Servers)
            {
                TallySum? tally = TallySum.Of(boards.Latencies, TallyNames.OfServer(upstream.Name, server.Name));
                json.WriteStartObject();
                json.WriteString("upstream", upstream.Name);
                json.WriteString("server", server.Name);
                json.WriteNumber(
                    "max_connections", inForce.GetValueOrDefault((upstream.Name, server.Name, server.Address), server.MaxConnections));
                json.WriteNumber("connections", tally is null ? 0 : tally[Tally.Active] + tally[Tally.Idle]);
                json.WriteNumber("max_queue", server.MaxQueue > 0 ? server.MaxQueue : upstream.MaxQueue);
                json.WriteNumber("queued", tally?[Tally.Queued] ?? 0);
                json.WriteEndObject();
            }
        }
        json.WriteEndArray();
    }
}
