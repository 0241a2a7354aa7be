using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Operating;

/// <summary>`nativeproxy sessions` and `session end`: what the client connections of a proxy that runs do, and the end of one. Stateless.</summary>
internal static class SessionCommands
{
    private static readonly string[] Columns =
        ["ID", "CLIENT", "LISTENER", "AGE", "REQUESTS", "STATE", "FOR", "WAITS FOR", "UPSTREAM/SERVER", "REQUEST"];

    /// <summary>Lists them. Returns the exit code: 1 with one line when the proxy could not be asked.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="wanted">What is asked for, by the words of the API; null and empty values are left out.</param>
    public static int List(string configPath, IEnumerable<(string Name, string? Value)> wanted)
    {
        string query = string.Join('&', wanted.Where(static one => !string.IsNullOrEmpty(one.Value))
            .Select(static one => $"{one.Name}={Uri.EscapeDataString(one.Value!)}"));
        if (AdminClient.Of(configPath, out string problem) is not { } client
            || !client.TryAsk("GET", $"/api/sessions?{query}", "", out JsonDocument? answer, out problem))
        {
            return OperatorText.Failed(problem);
        }
        using (answer)
            Write(Console.Out, answer!.RootElement);
        return ExitCodes.Success;
    }

    /// <summary>Ends one. Returns the exit code: 1 with one line when it was not ended.</summary>
    public static int End(string configPath, long id)
    {
        if (AdminClient.Of(configPath, out string problem) is not { } client
            || !client.TryAsk("DELETE", string.Create(CultureInfo.InvariantCulture, $"/api/sessions/{id}"), "", out JsonDocument? answer,
                out problem))
        {
            return OperatorText.Failed(problem);
        }
        answer!.Dispose();
        Console.Out.WriteLine($"session {id} is ended: ended_by_operator");
        return ExitCodes.Success;
    }

    private static void Write(TextWriter output, JsonElement answer)
    {
        var rows = new List<string[]> { Columns };
        foreach (JsonElement session in answer.GetProperty("sessions").EnumerateArray())
        {
            string? upstream = session.GetProperty("upstream").GetString();
            string? server = session.GetProperty("server").GetString();
            JsonElement request = session.GetProperty("request");
            rows.Add([
                session.GetProperty("id").ToString(),
                session.GetProperty("client").GetString() ?? "-",
                session.GetProperty("listener").GetString()!,
                OperatorText.Duration(session.GetProperty("age_ms").GetInt64()),
                session.GetProperty("requests").ToString(),
                session.GetProperty("state").GetString()!,
                OperatorText.Duration(session.GetProperty("state_ms").GetInt64()),
                session.GetProperty("waits_for").GetString()!,
                upstream is null ? "-" : server is null ? upstream : $"{upstream}/{server}",
                request.ValueKind == JsonValueKind.Null ? "-"
                    : OperatorText.Printable($"{request.GetProperty("method").GetString()} {request.GetProperty("target").GetString()}".Trim()),
            ]);
        }
        OperatorText.WriteTable(output, rows);
        int asked = answer.GetProperty("workers_asked").GetInt32();
        int answered = answer.GetProperty("workers_answered").GetInt32();
        if (answered < asked)
            output.WriteLine($"{asked - answered} of {asked} workers did not answer in time: theirs are missing");
        if (answer.GetProperty("more").GetBoolean())
            output.WriteLine("there may be more: --count, or a narrower question");
    }
}
