using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Admin;

/// <summary>
/// The API of the operator's endpoint, below /api: JSON about the service and its servers, and changes to them. What is changed stands on the board,
/// so that it holds for all workers at once and over reloads, until the process ends. Any thread; changes come one after another.
/// </summary>
internal sealed class ApiRoutes(AdminBoards boards, ServiceState state, AdminPowers powers, TimeProvider time)
{
    /// <summary>Longest body of a change.</summary>
    public const int BodyBytesMax = 4096;

    /// <summary>How long a change holds; a part of each answer to one.</summary>
    private const string Lasts =
        "over reloads, as long as the server keeps its name and address; not over a restart, unless `nativeproxy save` writes it into the file";

    private static readonly ApiPath[] Paths =
    [
        new("GET", "/api", "lists what there is"),
        new("GET", "/api/status", "the process, its workers, and how often the configuration was read"),
        new("GET", "/api/servers", "all servers: state, health, what runs on them"),
        new("GET", "/api/servers/UPSTREAM/SERVER", "one server"),
        new("PATCH", "/api/servers/UPSTREAM/SERVER", "sets \"state\" (ready, drain, maintenance), \"weight_percent\" (1 to 100) or "
            + "\"max_connections\" (0 = no limit, null = what the file says)") { Lasts = Lasts },
        new("GET", EventsApi.Path, "all that the page shows, as server-sent events: what has changed, every=1 to 10 seconds (1), order= of sessions"),
        new("POST", "/api/reload", "reads the configuration again; /api/status says what came of it") { Lasts = "until the next one" },
    ];

    private readonly object _changing = new();
    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private readonly AdminGuard _guard = new(state);
    private readonly EventsApi _events = new(new AdminGuard(state), time);
    private readonly ApiSubject[] _subjects =
    [
        new TrafficApi(boards, state), new SessionApi(new AdminGuard(state), powers), new StoreApi(boards, state),
        new ProcessApi(boards, state, new AdminGuard(state), powers), new UpgradeApi(state, powers), new RecordingApi(boards.Recordings, state),
        new LogApi(state, powers),
    ];

    /// <summary>The path belongs to the API.</summary>
    public static bool Owns(ReadOnlySpan<byte> path) => path.SequenceEqual("/api"u8) || path.StartsWith("/api/"u8);

    /// <summary>Why whoever makes this request may not; null = it is answered. By its head alone.</summary>
    public SmallResponse? RefusalOf(in SmallRequest request) => _guard.RefusalOf(request, IsWrite(request));

    /// <summary>Answers a request whose path is the API's.</summary>
    public SmallResponse Respond(in SmallRequest request)
    {
        if (RefusalOf(request) is { } refusal)
            return refusal;
        string path = Encoding.Latin1.GetString(request.Path);
        return path == EventsApi.Path ? _events.Respond(request, Read) : Answer(path, request);
    }

    /// <summary>What whoever may read is answered at this target.</summary>
    private SmallResponse Read(string target)
    {
        if (target == "/closes")
            return new SmallResponse(200, "application/json", CloseReportText.Write(boards.Counters, boards.Closes));
        var request = new SmallRequest(HttpMethod.Get, Encoding.ASCII.GetBytes(target));
        return Answer(Encoding.ASCII.GetString(request.Path), request);
    }

    private SmallResponse Answer(string path, in SmallRequest request)
    {
        bool isWrite = IsWrite(request);
        if (path.StartsWith("/api/servers/", StringComparison.Ordinal))
            return OfServer(request, path["/api/servers/".Length..]);
        foreach (ApiSubject subject in _subjects)
        {
            if (subject.Respond(path, request) is { } response)
                return response;
        }
        string allowed = path == "/api/reload" ? "POST" : "GET, HEAD";
        if (path is not ("/api" or "/api/" or "/api/status" or "/api/servers" or "/api/reload"))
            return SmallHttpText.Plain(404, "unknown path; /api lists what there is\n");
        if (isWrite != (path == "/api/reload") || (isWrite && request.Method != HttpMethod.Post))
            return ApiAnswer.NotAllowed(allowed);
        return path switch
        {
            "/api/status" => ApiAnswer.Json(200, WriteStatus),
            "/api/servers" => ApiAnswer.Json(200, WriteServers),
            "/api/reload" => Reload(),
            _ => ApiAnswer.Json(200, WritePaths),
        };
    }

    private static bool IsWrite(in SmallRequest request) => request.Method is not (HttpMethod.Get or HttpMethod.Head);

    private SmallResponse Reload()
    {
        int number = state.Loads.NextNumber;
        powers.Reload();
        return ApiAnswer.Json(202, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("load", number);
            json.WriteEndObject();
        });
    }

    private SmallResponse OfServer(in SmallRequest request, string name)
    {
        if (Find(name) is not { } server)
            return SmallHttpText.Plain(404, "no such server; /api/servers lists them\n");
        if (request.Method is HttpMethod.Get or HttpMethod.Head)
            return ApiAnswer.Json(200, json => Write(json, server));
        if (request.Method != HttpMethod.Patch)
            return ApiAnswer.NotAllowed("GET, HEAD, PATCH");
        if (!ServerWish.TryRead(request.Body, out ServerWish wish, out string problem))
            return SmallHttpText.Plain(400, problem + "\n");
        lock (_changing)
            Change(server, wish);
        return ApiAnswer.Json(200, json => Write(json, server, hasLasts: true));
    }

    private void Change(ServerSlot server, in ServerWish wish)
    {
        var said = new List<string>();
        if (wish.State is { } state && state != server.Operator)
        {
            server.Operator = state;
            server.ChangedAtMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            said.Add($"is set to {OperatorStates.NameOf(state)}");
        }
        if (wish.WeightPercent is { } weight && weight != server.OperatorPercent)
        {
            server.OperatorPercent = weight;
            said.Add($"has {weight} % of its weight");
        }
        if (wish.SetsLimit && server.Limit.TrySet(wish.ConnectionsMax))
        {
            said.Add(server switch
            {
                { Limit.Wanted: null } => "has the limit of connections that the file says",
                { Limit.InForce: 0 } => "has no limit of connections",
                _ => $"has {server.Limit.InForce} connections at most",
            });
        }
        if (said.Count > 0)
            powers.ServerChanged($"server \"{server.Server}\" of upstream \"{server.Upstream}\" {string.Join(" and ", said)} by an operator");
    }

    private ServerSlot? Find(string name)
    {
        foreach (ServerSlot server in boards.Servers.Current)
        {
            if (name == $"{server.Upstream}/{server.Server}")
                return server;
        }
        return null;
    }

    private void WriteServers(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartArray("servers");
        foreach (ServerSlot server in boards.Servers.Current)
            ServerJson.Write(json, server, powers.LastCheck(server), TallyOf(server), LoopTime.NowMs);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json, ServerSlot server, bool hasLasts = false)
    {
        json.WriteStartObject();
        json.WritePropertyName("server");
        ServerJson.Write(json, server, powers.LastCheck(server), TallyOf(server), LoopTime.NowMs);
        if (hasLasts)
            json.WriteString("lasts", Lasts);
        json.WriteEndObject();
    }

    private void WriteStatus(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("version", ProductVersion.Text);
        json.WriteString("revision", ProductVersion.Revision);
        json.WriteNumber("pid", Environment.ProcessId);
        ServerJson.WriteTime(json, "started_at", _startedAt);
        json.WriteBoolean("draining", state.IsDraining);
        json.WriteString("shortage", state.Shortage);
        json.WriteStartArray("workers");
        foreach (int i in boards.Counters.Serving)
        {
            json.WriteStartObject();
            json.WriteNumber("pid", boards.Counters.Row(i).ProcessId);
            json.WriteNumber("clients", boards.Counters.Row(i).Read(CounterId.ClientConnectionsOpen));
            json.WriteNumber("server_connections", boards.Counters.Row(i).Read(CounterId.ServerConnectionsOpen));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        (int upgrade, string? refused) = state.Upgrade.Last;
        json.WriteStartObject("upgrade");
        json.WriteNumber("number", upgrade);
        json.WriteString("refused", refused);
        json.WriteEndObject();
        json.WriteNumber("recording", boards.Recordings.Order.Number);
        json.WriteString("config", state.ConfigPath);
        json.WriteStartArray("loads");
        foreach (ConfigLoad load in state.Loads.Newest)
        {
            json.WriteStartObject();
            json.WriteNumber("load", load.Number);
            ServerJson.WriteTime(json, "at", load.At);
            json.WriteBoolean("taken", load.IsTaken);
            json.WriteString("text", load.Text);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WritePaths(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        WritePaths(json, Paths);
        foreach (ApiSubject subject in _subjects)
            WritePaths(json, subject.Paths);
        json.WriteEndArray();
    }

    private static void WritePaths(Utf8JsonWriter json, IReadOnlyList<ApiPath> paths)
    {
        foreach (ApiPath path in paths)
        {
            json.WriteStartObject();
            json.WriteString("method", path.Method);
            json.WriteString("path", path.Path);
            json.WriteString("does", path.Does);
            if (path.Lasts is not null)
                json.WriteString("lasts", path.Lasts);
            json.WriteEndObject();
        }
    }

    private TallySum? TallyOf(ServerSlot server) => TallySum.Of(boards.Latencies, TallyNames.OfServer(server.Upstream, server.Server));
}
