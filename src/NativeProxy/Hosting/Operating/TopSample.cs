using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Text.Json;

namespace NativeProxy.Hosting.Operating;

/// <summary>One server at one moment, counts since the start. Immutable.</summary>
internal sealed record TopServer(
    string Name, string State, long Responses, long Errors, long Failed, long Retried, long Active, long Idle, long Queued)
{
    /// <summary>Requests by how long they took.</summary>
    public required long[] Buckets { get; init; }
}

/// <summary>What a proxy that runs was like at one moment: what two of them differ by is what happens now. Immutable.</summary>
internal sealed class TopSample
{
    private readonly JsonElement _counters;

    private TopSample(JsonElement status, JsonElement counters, List<TopServer> servers)
    {
        Status = status;
        _counters = counters;
        Servers = servers;
        Ticks = Stopwatch.GetTimestamp();
    }

    public long Ticks { get; private init; }

    public JsonElement Status { get; }

    public IReadOnlyList<TopServer> Servers { get; }

    /// <summary>Null, with the problem for people, when the proxy cannot be asked.</summary>
    public static TopSample? Take(AdminClient client, out string problem)
    {
        if (!client.TryAsk("GET", "/api/status", "", out JsonDocument? status, out problem))
            return null;
        using (status)
        {
            if (!client.TryAsk("GET", "/api/counters", "", out JsonDocument? counters, out problem))
                return null;
            using (counters)
            {
                if (!client.TryAsk("GET", "/api/servers", "", out JsonDocument? servers, out problem))
                    return null;
                using (servers)
                    return Of(status!.RootElement, counters!.RootElement, servers!.RootElement);
            }
        }
    }

    /// <summary>What three answers of the API say.</summary>
    /// <param name="status">Of /api/status.</param>
    /// <param name="counters">Of /api/counters.</param>
    /// <param name="servers">Of /api/servers.</param>
    /// <param name="ticks">When; 0 = now.</param>
    public static TopSample Of(JsonElement status, JsonElement counters, JsonElement servers, long ticks = 0)
    {
        var all = new List<TopServer>();
        foreach (JsonElement server in servers.GetProperty("servers").EnumerateArray())
            all.Add(ServerOf(server));
        var sample = new TopSample(status.Clone(), counters.Clone(), all);
        return ticks == 0 ? sample : new TopSample(sample.Status, sample._counters, all) { Ticks = ticks };
    }

    /// <summary>A counter of all traffic together; 0 for one that there is not.</summary>
    public long Counter(string name) => _counters.TryGetProperty(name, out JsonElement value) ? value.GetInt64() : 0;

    private static TopServer ServerOf(JsonElement server)
    {
        string name = $"{server.GetProperty("upstream").GetString()}/{server.GetProperty("server").GetString()}";
        string state = server.GetProperty("state").GetString()!;
        if (!server.TryGetProperty("responses", out JsonElement responses))
            return new TopServer(name, state, 0, 0, 0, 0, 0, 0, 0) { Buckets = [] };
        long sum = 0;
        foreach (JsonProperty one in responses.EnumerateObject())
            sum += one.Value.GetInt64();
        JsonElement connections = server.GetProperty("connections");
        JsonElement buckets = server.GetProperty("latency").GetProperty("buckets");
        long[] counts = new long[buckets.GetArrayLength()];
        for (int i = 0; i < counts.Length; i++)
            counts[i] = buckets[i].GetInt64();
        return new TopServer(name, state, sum, responses.GetProperty("5xx").GetInt64(), server.GetProperty("failed").GetInt64(),
            server.GetProperty("retried").GetInt64(), connections.GetProperty("active").GetInt64(), connections.GetProperty("idle").GetInt64(),
            server.GetProperty("queued").GetInt64()) { Buckets = counts };
    }
}
