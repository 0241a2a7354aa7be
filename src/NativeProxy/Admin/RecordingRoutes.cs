using System;
using System.Buffers;
using System.Net;
using System.Text.Json;
using NativeProxy.Config.Toml;
using NativeProxy.Foundation;
using NativeProxy.Recording;

namespace NativeProxy.Admin;

/// <summary>
/// The part of the API that records connections: one recording at a time, whose bytes are asked for again and again, since no process of the proxy
/// writes them anywhere. A new one ends the one before. Any thread; one call at a time.
/// </summary>
internal sealed class RecordingRoutes(RecorderBoard board, ServiceState state)
{
    /// <summary>Most bytes of one answer, before they are written as text.</summary>
    private const int TakenBytesMax = 8 * 1024 * 1024;

    /// <summary>What a recording may ask for at most.</summary>
    private const int ConnectionsMax = 1000;
    private const long BytesMax = 1L << 30;
    private const int SecondsMax = 3600;

    private readonly object _one = new();
    private RecordedConnections _connections = new(Redaction.Off, hasBodies: false);

    /// <summary>Begins a recording. False with the problem when the terms are none.</summary>
    /// <param name="body">The terms, as JSON.</param>
    /// <param name="number">Of the recording.</param>
    /// <param name="problem">For people.</param>
    public bool TryBegin(ReadOnlySpan<byte> body, out int number, out string problem)
    {
        number = 0;
        if (!TryRead(body, out RecordingTerms terms, out problem))
            return false;
        lock (_one)
        {
            // What nobody took of the one before is of no use to anybody.
            board.Order.End(board.Order.Number);
            for (int worker = 0; worker < board.WorkerCount; worker++)
                board.Taps(worker).Take();
            _connections = new RecordedConnections(state.Redaction, terms.HasBodies);
            number = board.Order.Begin(terms);
        }
        return true;
    }

    /// <summary>Ends the recording that is on, if one is.</summary>
    public void End() => board.Order.End(board.Order.Number);

    /// <summary>What has come since the last time, and how the recording is.</summary>
    public void Take(Utf8JsonWriter json)
    {
        var output = new ArrayBufferWriter<byte>(4096);
        lock (_one)
        {
            int number = board.Order.Number;
            if (number != 0 && DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() >= board.Order.UntilWallMs)
                board.Order.End(number);
            for (int worker = 0; worker < board.WorkerCount && output.WrittenCount < TakenBytesMax; worker++)
                _connections.Take(board.Taps(worker).Take(), output);
            json.WriteStartObject();
            json.WriteNumber("recording", board.Order.Number);
            json.WriteNumber("connections", board.Order.ConnectionsTaken);
            json.WriteNumber("bytes", board.Order.BytesTaken);
            json.WriteBase64String("entries", output.WrittenSpan);
            json.WriteEndObject();
        }
    }

    private static bool TryRead(ReadOnlySpan<byte> body, out RecordingTerms terms, out string problem)
    {
        var read = new RecordingTerms { ConnectionsMax = 1, BytesMax = 1 << 20, UntilWallMs = Until(60) };
        problem = JsonBody.ProblemOf(body, (in property) => TryTake(ref read, property)
            ? null
            : $"{ErrorExcerpt.Quoted(property.Name)} is no term of a recording, or has no such value; expected client (a "
                + $"network), listener, route, upstream, server (names), connections (1 to {ConnectionsMax}), bytes (1024 to {BytesMax}), "
                + $"seconds (1 to {SecondsMax}), bodies (true or false)");
        terms = read;
        bool isOfClients = terms.HasNetwork || !terms.Listener.IsEmpty || !terms.Route.IsEmpty;
        terms.IsOfServers = !terms.Upstream.IsEmpty;
        if (problem.Length == 0 && terms.IsOfServers == isOfClients)
            problem = "expected \"client\", \"listener\" or \"route\", for connections of clients, or \"upstream\", for connections to servers";
        return problem.Length == 0;
    }

    private static bool TryTake(ref RecordingTerms terms, in JsonProperty property)
    {
        JsonElement value = property.Value;
        switch (property.Name)
        {
            case "client":
                terms.HasNetwork = true;
                if (value.ValueKind != JsonValueKind.String || !TryParseNetwork(value.GetString()!, out IPNetwork network))
                    return false;
                terms.Network = new AddressNetwork(network);
                return true;
            case "listener" when value.ValueKind == JsonValueKind.String:
                terms.Listener = new ShortText(value.GetString());
                return true;
            case "route" when value.ValueKind == JsonValueKind.String:
                terms.Route = new ShortText(value.GetString());
                return true;
            case "upstream" when value.ValueKind == JsonValueKind.String:
                terms.Upstream = new ShortText(value.GetString());
                return true;
            case "server" when value.ValueKind == JsonValueKind.String:
                terms.Server = new ShortText(value.GetString());
                return true;
            case "connections" when JsonBody.NumberIn(value, 1, ConnectionsMax) is { } count:
                terms.ConnectionsMax = (int)count;
                return true;
            case "bytes" when JsonBody.NumberIn(value, 1024, BytesMax) is { } bytes:
                terms.BytesMax = bytes;
                return true;
            case "seconds" when JsonBody.NumberIn(value, 1, SecondsMax) is { } seconds:
                terms.UntilWallMs = Until(seconds);
                return true;
            case "bodies" when value.ValueKind is JsonValueKind.True or JsonValueKind.False:
                terms.HasBodies = value.GetBoolean();
                return true;
            default:
                return false;
        }
    }

    private static long Until(long seconds) => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + (seconds * 1000);

    /// <summary>A network, or one address.</summary>
    private static bool TryParseNetwork(string text, out IPNetwork network)
    {
        if (IPNetwork.TryParse(text, out network))
            return true;
        if (!IPAddress.TryParse(text, out IPAddress? one))
            return false;
        network = new IPNetwork(one, one.GetAddressBytes().Length * 8);
        return true;
    }
}
