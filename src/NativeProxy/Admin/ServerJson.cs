using System;
using System.Text.Json;
using NativeProxy.Config;
using NativeProxy.Logging;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Health;

namespace NativeProxy.Admin;

/// <summary>Servers as the API shows them. Stateless; any thread.</summary>
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
        json.WriteNumber("max_connections", server.Limit.InForce);
        json.WriteStartObject("operator");
        json.WriteString("state", OperatorStates.NameOf(server.Operator));
        json.WriteNumber("weight_percent", server.OperatorPercent);
        json.WriteString("state_in_file", OperatorStates.NameOf(server.StateInFile));
        if (server.Limit.Wanted is { } limit)
            json.WriteNumber("max_connections", limit);
        else
            json.WriteNull("max_connections");
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
}
