using System;
using System.Collections.Generic;
using System.Text.Json;
using NativeProxy.Config;

namespace NativeProxy.Upstreams.Discovery;

/// <summary>
/// Reads a list of servers: a JSON array of "host:port", or of objects with an "address" and perhaps a "weight" (0 to 256) and a "priority" (0
/// to 15). Other keys are for others. A list with a single wrong item is wrong as a whole. Pure.
/// </summary>
internal static class ServerListText
{
    /// <summary>Longest document.</summary>
    public const int BytesMax = 1024 * 1024;

    private const int DepthMax = 16;

    /// <summary>False when it is no such list; the problem then says what is wrong.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> json, out List<ListedServer> servers, out string problem)
    {
        servers = [];
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = DepthMax });
            problem = Read(document.RootElement, servers);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second is what a text of half a character is refused with, when it is read.
            problem = $"it is no JSON: {e.Message}";
        }
        return problem.Length == 0;
    }

    private static string Read(JsonElement root, List<ListedServer> servers)
    {
        if (root.ValueKind != JsonValueKind.Array)
            return "it is no list";
        foreach (JsonElement item in root.EnumerateArray())
        {
            if (Read(item, servers.Count + 1, servers) is { Length: > 0 } problem)
                return problem;
        }
        return servers.Count == 0 ? "the list is empty" : "";
    }

    private static string Read(JsonElement item, int number, List<ListedServer> servers)
    {
        (int weight, int priority) = (1, 0);
        JsonElement address = item;
        if (item.ValueKind == JsonValueKind.Object)
        {
            if (!item.TryGetProperty("address", out address))
                return $"item {number} has no \"address\"";
            if (!TryNumber(item, "weight", FoundServer.WeightMax, ref weight))
                return $"the \"weight\" of item {number} is no number from 0 to {FoundServer.WeightMax}";
            if (!TryNumber(item, "priority", FoundServer.PriorityMax, ref priority))
                return $"the \"priority\" of item {number} is no number from 0 to {FoundServer.PriorityMax}";
        }
        if (address.ValueKind != JsonValueKind.String)
            return $"the address of item {number} is no text";
        if (!AddressText.TryParse(address.GetString()!, AddressUse.Server, out HostPort place, out string problem))
            return $"the address of item {number} {problem}";
        servers.Add(new ListedServer(place.Ip?.ToString() ?? place.Host, place.Port, weight, priority));
        return "";
    }

    /// <summary>A number that may be left out.</summary>
    private static bool TryNumber(JsonElement item, string name, int max, ref int number) =>
        !item.TryGetProperty(name, out JsonElement value)
            || (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out number) && number >= 0 && number <= max);
}
