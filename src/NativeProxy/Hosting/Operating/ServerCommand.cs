using System;
using System.Globalization;
using System.Text.Json;
using NativeProxy.Config;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Operating;

/// <summary>`nativeproxy server ready|drain|maintenance|weight|limit`: changes one server of a proxy that runs. Stateless.</summary>
internal static class ServerCommand
{
    /// <summary>Sets its state. Returns the exit code: 1 with one line when it was not set.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="server">UPSTREAM/SERVER.</param>
    /// <param name="state">ready, drain or maintenance.</param>
    public static int SetState(string configPath, string server, string state) => Change(configPath, server, $$"""{"state": "{{state}}"}""");

    /// <summary>Sets the part of its weight that counts.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="server">UPSTREAM/SERVER.</param>
    /// <param name="percent">1 to 100.</param>
    public static int SetWeight(string configPath, string server, int percent) =>
        percent is < 1 or > 100
            ? OperatorText.Failed($"{percent} is no percentage from 1 to 100; `server drain` sends nothing new there")
            : Change(configPath, server, $$"""{"weight_percent": {{percent}}}""");

    /// <summary>Sets how many connections it may have.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="server">UPSTREAM/SERVER.</param>
    /// <param name="connections">A number, 0 = no limit; or "file" for what the file says.</param>
    public static int SetLimit(string configPath, string server, string connections)
    {
        if (connections == "file")
            return Change(configPath, server, """{"max_connections": null}""");
        const int Max = UpstreamServerSettings.ConnectionsLimit;
        return int.TryParse(connections, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit <= Max
            ? Change(configPath, server, $$"""{"max_connections": {{limit}}}""")
            : OperatorText.Failed($"\"{connections}\" is no number of connections, 0 (no limit) to {Max}, and not \"file\"");
    }

    private static int Change(string configPath, string server, string body)
    {
        int slash = server.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == server.Length - 1 || server.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0
            || server.AsSpan().IndexOfAny('?', '#', '%') >= 0)
        {
            return OperatorText.Failed($"\"{server}\" is no UPSTREAM/SERVER, such as app/a");
        }
        if (AdminClient.Of(configPath, out string problem) is not { } client
            || !client.TryAsk("PATCH", $"/api/servers/{server}", body, out JsonDocument? answer, out problem))
        {
            return OperatorText.Failed(problem);
        }
        using (answer)
        {
            JsonElement now = answer!.RootElement.GetProperty("server");
            int limit = now.GetProperty("max_connections").GetInt32();
            Console.Out.WriteLine($"{server}: {now.GetProperty("state").GetString()}, {now.GetProperty("weight_percent").GetInt32()} % of its "
                + $"weight, {(limit == 0 ? "no limit of connections" : $"{limit} connections at most")}, {now.GetProperty("requests_running")} "
                + "requests running");
            Console.Out.WriteLine($"holds {answer.RootElement.GetProperty("lasts").GetString()}");
        }
        return ExitCodes.Success;
    }
}
