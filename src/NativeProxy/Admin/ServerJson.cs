using System;
using System.Text.Json;
using NativeProxy.Config;
using NativeProxy.Logging;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Health;

namespace NativeProxy.Admin;

/// <summary>Servers as the API shows them, and what it takes of them. Stateless; any thread.</summary>
internal static class ServerJson
{
    /// <summary>Writes one server as an object.</summary>
    public static void Write(Utf8JsonWriter json, ServerSlot server, LastCheck? last, TallySum? tally, long nowMs)
    {
        json.WriteStartObject();
        json.WriteString("upstream", server.Upstream);
        json.WriteString("server", server.Server);
        json.WriteString("address", server.Address);
        json.WriteString("state", StateOf(server, nowMs));
        WriteTime(json, "changed_at", server.ChangedAtMs == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(server.ChangedAtMs));
        json.WriteNumber("weight", server.WeightInFile);
        json.WriteNumber("weight_percent", server.SharePercent);
        json.WriteStartObject("operator");
        json.WriteString("state", OperatorStates.NameOf(server.Operator));
        json.WriteNumber("weight_percent", server.OperatorPercent);
        json.WriteString("state_in_file", OperatorStates.NameOf(server.StateInFile));
        json.WriteEndObject();
        json.WriteStartObject("health");
        json.WriteBoolean("checked", server.IsChecked);
        json.WriteBoolean("up", server.IsUp);
        json.WriteNumber("passed", server.ChecksPassed);
        json.WriteNumber("failed", server.ChecksFailed);
        json.WriteNumber("downs", server.Downs);
        WriteTime(json, "last_at", last?.At);
        json.WriteString("last", last?.Text);
        json.WriteEndObject();
        json.WriteNumber("ejections", server.Ejection.Count);
        json.WriteNumber("requests_running", server.Running());
        tally?.WriteServer(json);
        json.WriteEndObject();
    }

    /// <summary>
    /// Reads what is to be set: `{"state": "drain", "weight_percent": 50}`, one of them or both. False with the problem when that is not all it is.
    /// </summary>
    public static bool TryRead(ReadOnlyMemory<byte> body, out OperatorState? state, out int? weightPercent, out string problem)
    {
        (state, weightPercent, problem) = (null, null, "");
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 2 });
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.NameEquals("state") && state is null && (state = StateNamed(property.Value)) is not null)
                    continue;
                if (property.NameEquals("weight_percent") && weightPercent is null && (weightPercent = PercentIn(property.Value)) is not null)
                    continue;
                problem = "expected \"state\": \"ready\", \"drain\" or \"maintenance\", and \"weight_percent\": 1 to 100, each once at most";
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second is what anything but an object is refused with.
            problem = "the body is no JSON object";
        }
        if (problem.Length == 0 && state is null && weightPercent is null)
            problem = "nothing is to be set: expected \"state\" or \"weight_percent\"";
        return problem.Length == 0;
    }

    /// <summary>A moment in time, or null.</summary>
    public static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is not { } at)
        {
            json.WriteNull(name);
            return;
        }
        var text = new LogText();
        LogTime.AppendIso(text, at.ToUnixTimeMilliseconds());
        json.WriteString(name, text.Bytes);
    }

    /// <summary>The one thing that decides most about the server now.</summary>
    private static string StateOf(ServerSlot server, long nowMs) => server switch
    {
        { Operator: not OperatorState.Ready and var wanted } => OperatorStates.NameOf(wanted),
        { HasAddress: false } => "no_address",
        { IsUp: false } => "down",
        { IsLeaving: true } => "leaving",
        { Ejection: var ejection } when ejection.IsOn(nowMs) => "ejected",
        _ => "up",
    };

    private static int? PercentIn(in JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int percent) && percent is >= 1 and <= 100 ? percent : null;

    private static OperatorState? StateNamed(in JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? OperatorStates.Named(value.GetString()) : null;
}
