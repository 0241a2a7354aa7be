using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.Json;
using NativeProxy.Upstreams.Board;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// What a process tells the one that comes after it at an upgrade; the descriptors go ahead: boards, listening sockets by worker, that of the admin
/// endpoint, a line per worker. JSON, because the other side may be another build: it reads what it knows. Immutable once made.
/// </summary>
internal sealed class Handover
{
    /// <summary>The form of the message; another one cannot be read.</summary>
    private const int Version = 1;

    /// <summary>Number of the process that hands over.</summary>
    public required int ProcessId { get; init; }

    /// <summary><see cref="Boards.LayoutId"/> of its build.</summary>
    public required string Layout { get; init; }

    /// <summary>How many descriptors are boards.</summary>
    public required int BoardCount { get; init; }

    /// <summary>Rows of the boards that nobody has.</summary>
    public required IReadOnlyList<int> FreeRows { get; init; }

    /// <summary>Addresses that are listened on, by worker, in the order of their descriptors.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Binds { get; init; }

    /// <summary>Address of the admin endpoint; empty = there is none.</summary>
    public required string AdminBind { get; init; }

    /// <summary>The keys of session tickets: a line of <c>TicketRings</c>.</summary>
    public required string Tickets { get; init; }

    /// <summary>The addresses of names of servers, with blanks between them.</summary>
    public required IReadOnlyDictionary<string, string> Names { get; init; }

    /// <summary>The servers that were discovered, by upstream: a line of <c>DiscoveredServers</c> each.</summary>
    public required IReadOnlyDictionary<string, string> Found { get; init; }

    /// <summary>Where servers stand, for a build that cannot read the boards.</summary>
    public required IReadOnlyList<HandedServer> Servers { get; init; }

    /// <summary>How many descriptors go ahead.</summary>
    public int DescriptorCount
    {
        get
        {
            int count = BoardCount + Binds.Count + (AdminBind.Length > 0 ? 1 : 0);
            foreach (IReadOnlyList<string> binds in Binds)
                count += binds.Count;
            return count;
        }
    }

    /// <summary>As a message.</summary>
    public byte[] Encode()
    {
        var text = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(text);
        json.WriteStartObject();
        json.WriteNumber("version", Version);
        json.WriteNumber("pid", ProcessId);
        json.WriteString("layout", Layout);
        json.WriteNumber("boards", BoardCount);
        json.WriteStartArray("rows");
        foreach (int row in FreeRows)
            json.WriteNumberValue(row);
        json.WriteEndArray();
        json.WriteStartArray("binds");
        foreach (IReadOnlyList<string> binds in Binds)
        {
            json.WriteStartArray();
            foreach (string bind in binds)
                json.WriteStringValue(bind);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteString("admin", AdminBind);
        json.WriteString("tickets", Tickets);
        Write(json, "names", Names);
        Write(json, "found", Found);
        json.WriteStartArray("servers");
        foreach (HandedServer server in Servers)
            server.Write(json);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return text.WrittenSpan.ToArray();
    }

    /// <summary>Takes a message apart; null when it is of another form.</summary>
    public static Handover? Decode(byte[] message)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(message);
            JsonElement root = document.RootElement;
            return root.GetProperty("version").GetInt32() != Version ? null : new Handover
            {
                ProcessId = root.GetProperty("pid").GetInt32(),
                Layout = TextOf(root, "layout"),
                BoardCount = root.GetProperty("boards").GetInt32(),
                FreeRows = ListOf(root.GetProperty("rows"), static row => row.GetInt32()),
                Binds = ListOf(root.GetProperty("binds"), static binds => ListOf(binds, static bind => bind.GetString() ?? "")),
                AdminBind = TextOf(root, "admin"),
                Tickets = TextOf(root, "tickets"),
                Names = MapOf(root.GetProperty("names")),
                Found = MapOf(root.GetProperty("found")),
                Servers = ListOf(root.GetProperty("servers"), HandedServer.Read),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string> map)
    {
        json.WriteStartObject(name);
        foreach ((string key, string value) in map)
            json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static string TextOf(JsonElement root, string name) => root.GetProperty(name).GetString() ?? "";

    private static List<T> ListOf<T>(JsonElement array, Func<JsonElement, T> read)
    {
        var list = new List<T>();
        foreach (JsonElement element in array.EnumerateArray())
            list.Add(read(element));
        return list;
    }

    private static Dictionary<string, string> MapOf(JsonElement map)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty property in map.EnumerateObject())
            texts[property.Name] = property.Value.GetString() ?? "";
        return texts;
    }
}
