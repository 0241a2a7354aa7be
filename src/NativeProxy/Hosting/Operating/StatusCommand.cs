using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Operating;

/// <summary>`nativeproxy status`: how a proxy that runs is, and a table of its servers. Stateless; for people, so its words may change.</summary>
internal static class StatusCommand
{
    private static readonly string[] Columns = ["UPSTREAM/SERVER", "STATE", "SINCE", "WEIGHT", "RUNNING", "CHECKS", "LAST CHECK"];

    /// <summary>Returns the exit code: 1 with one line when the proxy could not be asked.</summary>
    public static int Run(string configPath)
    {
        if (AdminClient.Of(configPath, out string problem) is not { } client
            || !client.TryAsk("GET", "/api/status", "", out JsonDocument? status, out problem))
        {
            return OperatorText.Failed(problem);
        }
        using (status)
        {
            if (!client.TryAsk("GET", "/api/servers", "", out JsonDocument? servers, out problem))
                return OperatorText.Failed(problem);
            using (servers)
            {
                WriteProcess(Console.Out, status!.RootElement);
                Console.Out.WriteLine();
                WriteServers(Console.Out, servers!.RootElement.GetProperty("servers"));
            }
        }
        return ExitCodes.Success;
    }

    private static void WriteProcess(TextWriter output, JsonElement status)
    {
        string state = status.GetProperty("draining").GetBoolean() ? "draining"
            : status.GetProperty("shortage").GetString() is { } shortage ? $"degraded: {shortage}"
            : "ok";
        output.WriteLine($"nativeproxy {status.GetProperty("version").GetString()}, process {status.GetProperty("pid").GetInt32()}, since "
            + $"{status.GetProperty("started_at").GetString()}: {state}");
        int index = 0;
        foreach (JsonElement worker in status.GetProperty("workers").EnumerateArray())
        {
            output.WriteLine($"worker {index++}: process {worker.GetProperty("pid").GetInt64()}, {worker.GetProperty("clients").GetInt64()} client "
                + $"connections, {worker.GetProperty("server_connections").GetInt64()} server connections");
        }
        output.WriteLine($"configuration: {status.GetProperty("config").GetString()}");
        foreach (JsonElement load in status.GetProperty("loads").EnumerateArray())
        {
            output.WriteLine(OperatorText.LineOf(load));
            if (load.GetProperty("taken").GetBoolean())
                break;
        }
    }

    private static void WriteServers(TextWriter output, JsonElement servers)
    {
        var rows = new List<string[]> { Columns };
        foreach (JsonElement server in servers.EnumerateArray())
        {
            JsonElement health = server.GetProperty("health");
            rows.Add([
                $"{server.GetProperty("upstream").GetString()}/{server.GetProperty("server").GetString()}",
                server.GetProperty("state").GetString()!,
                server.GetProperty("changed_at").GetString() ?? "-",
                $"{server.GetProperty("weight_percent").GetInt32()} %",
                server.GetProperty("requests_running").ToString(),
                health.GetProperty("checked").GetBoolean()
                    ? $"{health.GetProperty("passed")} passed, {health.GetProperty("failed")} failed"
                    : "-",
                health.GetProperty("last").GetString() ?? "-",
            ]);
        }
        OperatorText.WriteTable(output, rows);
    }
}
