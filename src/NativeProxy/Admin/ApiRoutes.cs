using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Admin;

/// <summary>
/// The API of the operator's endpoint, below /api: JSON about the service and its servers, and changes to them. What is changed stands on the board,
/// so that it holds for all workers at once and over reloads, until the process ends. Any thread; changes come one after another.
/// </summary>
internal sealed class ApiRoutes(
    CounterBoard counters, ServerBoard servers, ServiceState state, AdminPowers powers, RecorderBoard? recordings = null)
{
    /// <summary>Longest body of a change.</summary>
    public const int BodyBytesMax = 4096;

    /// <summary>How long a change holds; a part of each answer to one.</summary>
    private const string Lasts = "over reloads, as long as the server keeps its name and address; not over a restart";

    private static readonly (string Method, string Path, string Does)[] Paths =
    [
        ("GET", "/api", "lists what there is"),
        ("GET", "/api/status", "the process, its workers, and how often the configuration was read"),
        ("GET", "/api/servers", "all servers: state, health, what runs on them"),
        ("GET", "/api/servers/UPSTREAM/SERVER", "one server"),
        ("PATCH", "/api/servers/UPSTREAM/SERVER", "sets \"state\" (ready, drain, maintenance) or \"weight_percent\" (1 to 100)"),
        ("GET", "/api/errors", "the last refused messages of either side: bytes, place, rule"),
        ("POST", "/api/recording", "begins to record connections, as nativeproxy record does; ends the recording before"),
        ("POST", "/api/recording/take", "what has been recorded since the last time"),
        ("POST", "/api/recording/stop", "ends it"),
        ("POST", "/api/reload", "reads the configuration again; /api/status says what came of it"),
        ("POST", "/api/upgrade", "starts the program anew, which takes over; /api/status says why not, and then whose it is"),
    ];

    private readonly object _changing = new();
    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private readonly AdminGuard _guard = new(state);
    private readonly RecordingRoutes? _recording = recordings is null ? null : new RecordingRoutes(recordings, state);

    /// <summary>The path belongs to the API.</summary>
    public static bool Owns(ReadOnlySpan<byte> path) => path.SequenceEqual("/api"u8) || path.StartsWith("/api/"u8);

    /// <summary>Why whoever makes this request may not; null = it is answered. By its head alone.</summary>
    public SmallResponse? RefusalOf(in SmallRequest request) =>
        AdminGuard.RefusalOfStranger(request) ?? (IsWrite(request) ? _guard.RefusalToWrite(request) : _guard.RefusalToRead(request));

    /// <summary>Answers a request whose path is the API's.</summary>
    public SmallResponse Respond(in SmallRequest request)
    {
        if (RefusalOf(request) is { } refusal)
            return refusal;
        bool isWrite = IsWrite(request);
        string path = Encoding.Latin1.GetString(request.Path);
        if (path.StartsWith("/api/servers/", StringComparison.Ordinal))
            return OfServer(request, path["/api/servers/".Length..]);
        if (path == "/api/errors" && !isWrite && recordings is not null)
            return Json(200, json => ErrorsJson.Write(json, recordings));
        if (path is "/api/errors" or "/api/recording" or "/api/recording/take" or "/api/recording/stop" && _recording is not null)
            return path == "/api/errors" ? NotAllowed("GET, HEAD") : OfRecording(request, path["/api/recording".Length..]);
        bool isOrder = path is "/api/reload" or "/api/upgrade";
        string allowed = isOrder ? "POST" : "GET, HEAD";
        if (!isOrder && path is not ("/api" or "/api/" or "/api/status" or "/api/servers"))
            return SmallHttpText.Plain(404, "unknown path; /api lists what there is\n");
        if (isWrite != isOrder || (isWrite && request.Method != HttpMethod.Post))
            return NotAllowed(allowed);
        return path switch
        {
            "/api/status" => Json(200, WriteStatus),
            "/api/servers" => Json(200, WriteServers),
            "/api/reload" => Reload(),
            "/api/upgrade" => Upgrade(),
            _ => Json(200, WritePaths),
        };
    }

    private static bool IsWrite(in SmallRequest request) => request.Method is not (HttpMethod.Get or HttpMethod.Head);

    private SmallResponse Reload()
    {
        int number = state.Loads.NextNumber;
        powers.Reload();
        return Json(202, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("load", number);
            json.WriteEndObject();
        });
    }

    /// <summary>Says for how many of them an answer is to be awaited: whoever asks beside another one may see that one's.</summary>
    private SmallResponse Upgrade()
    {
        int number = state.Upgrade.Last.Number + 1;
        powers.Upgrade();
        return Json(202, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("upgrade", number);
            json.WriteEndObject();
        });
    }

    private SmallResponse OfRecording(in SmallRequest request, string action)
    {
        if (request.Method != HttpMethod.Post)
            return NotAllowed("POST");
        int number = 0;
        if (action.Length == 0 && !_recording!.TryBegin(request.Body.ToArray(), out number, out string problem))
            return SmallHttpText.Plain(400, problem + "\n");
        if (action == "/take")
            return Json(200, _recording!.Take);
        if (action == "/stop")
            _recording!.End();
        return Json(200, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("recording", number);
            json.WriteEndObject();
        });
    }

    private SmallResponse OfServer(in SmallRequest request, string name)
    {
        if (Find(name) is not { } server)
            return SmallHttpText.Plain(404, "no such server; /api/servers lists them\n");
        if (request.Method is HttpMethod.Get or HttpMethod.Head)
            return Json(200, json => Write(json, server));
        if (request.Method != HttpMethod.Patch)
            return NotAllowed("GET, HEAD, PATCH");
        if (!ServerJson.TryRead(request.Body.ToArray(), out OperatorState? wanted, out int? percent, out string problem))
            return SmallHttpText.Plain(400, problem + "\n");
        lock (_changing)
            Change(server, wanted, percent);
        return Json(200, json => Write(json, server, hasLasts: true));
    }

    private void Change(ServerSlot server, OperatorState? wanted, int? percent)
    {
        var said = new List<string>();
        if (wanted is { } state && state != server.Operator)
        {
            server.Operator = state;
            server.ChangedAtMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            said.Add($"is set to {ServerJson.NameOf(state)}");
        }
        if (percent is { } weight && weight != server.OperatorPercent)
        {
            server.OperatorPercent = weight;
            said.Add($"has {weight} % of its weight");
        }
        if (said.Count > 0)
            powers.ServerChanged($"server \"{server.Server}\" of upstream \"{server.Upstream}\" {string.Join(" and ", said)} by an operator");
    }

    private ServerSlot? Find(string name)
    {
        foreach (ServerSlot server in servers.Current)
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
        foreach (ServerSlot server in servers.Current)
            ServerJson.Write(json, server, powers.LastCheck(server), LoopTime.NowMs);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json, ServerSlot server, bool hasLasts = false)
    {
        json.WriteStartObject();
        json.WritePropertyName("server");
        ServerJson.Write(json, server, powers.LastCheck(server), LoopTime.NowMs);
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
        foreach (int i in counters.Serving)
        {
            json.WriteStartObject();
            json.WriteNumber("pid", counters.Row(i).ProcessId);
            json.WriteNumber("clients", counters.Row(i).Read(CounterId.ClientConnectionsOpen));
            json.WriteNumber("server_connections", counters.Row(i).Read(CounterId.ServerConnectionsOpen));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        (int upgrade, string? refused) = state.Upgrade.Last;
        json.WriteStartObject("upgrade");
        json.WriteNumber("number", upgrade);
        json.WriteString("refused", refused);
        json.WriteEndObject();
        json.WriteNumber("recording", recordings?.Order.Number ?? 0);
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

    private static void WritePaths(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach ((string method, string path, string does) in Paths)
        {
            json.WriteStartObject();
            json.WriteString("method", method);
            json.WriteString("path", path);
            json.WriteString("does", does);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static SmallResponse NotAllowed(string allowed) =>
        SmallHttpText.Plain(405, $"only {allowed} here\n", $"Allow: {allowed}\r\n");

    private static SmallResponse Json(int statusCode, Action<Utf8JsonWriter> write)
    {
        var text = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(text, new JsonWriterOptions { Indented = true }))
            write(json);
        text.Write("\n"u8);
        return new SmallResponse(statusCode, "application/json", text.WrittenMemory);
    }
}
