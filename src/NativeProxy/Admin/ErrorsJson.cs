using System;
using System.Collections.Generic;
using System.Text.Json;
using NativeProxy.Foundation;
using NativeProxy.Recording;

namespace NativeProxy.Admin;

/// <summary>The refused messages of all workers as the API shows them, the newest first. Reads the board only. Stateless; any thread.</summary>
internal static class ErrorsJson
{
    public static void Write(Utf8JsonWriter json, RecorderBoard board)
    {
        var messages = new List<Kept>();
        long skippedOfClients = 0;
        long skippedOfServers = 0;
        for (int worker = 0; worker < board.WorkerCount; worker++)
        {
            skippedOfClients += Gather(messages, worker, board.Messages(worker, isOfServer: false));
            skippedOfServers += Gather(messages, worker, board.Messages(worker, isOfServer: true));
        }
        messages.Sort(Compare);
        json.WriteStartObject();
        json.WriteStartObject("not_kept");
        json.WriteNumber("client", skippedOfClients);
        json.WriteNumber("server", skippedOfServers);
        json.WriteEndObject();
        json.WriteStartArray("messages");
        foreach (Kept message in messages)
            Write(json, message);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Adds what a ring holds. Returns how many were left out.</summary>
    private static long Gather(List<Kept> messages, int worker, MessageRing ring)
    {
        // What is noted meanwhile must not move the others.
        long count = ring.Count;
        for (long index = count - 1; index >= count - MessageRing.CapacityMax; index--)
        {
            if (ring.TryReadAt(index, out MessageRecord record, out byte[] bytes))
                messages.Add(new Kept(worker, index, record, bytes));
        }
        return ring.SkippedCount;
    }

    /// <summary>The newest first; those of one millisecond in an order that is the same at every question.</summary>
    private static int Compare(Kept one, Kept other)
    {
        int order = other.Record.WallMs.CompareTo(one.Record.WallMs);
        if (order == 0)
            order = one.Worker.CompareTo(other.Worker);
        if (order == 0)
            order = one.Record.IsOfServer.CompareTo(other.Record.IsOfServer);
        return order != 0 ? order : other.Index.CompareTo(one.Index);
    }

    private static void Write(Utf8JsonWriter json, Kept message)
    {
        ref readonly MessageRecord record = ref message.Record;
        RuleWords words = RuleWords.Of(record.Part, record.Reason, record.Error);
        json.WriteStartObject();
        ServerJson.WriteTime(json, "at", DateTimeOffset.FromUnixTimeMilliseconds(record.WallMs));
        json.WriteString("side", record.IsOfServer ? "server" : "client");
        json.WriteString("part", CodeText.Of(record.Part.ToString()));
        json.WriteString("rule", record.Rule);
        json.WriteString("says", words.Says);
        json.WriteString("source", words.Source);
        json.WriteString("do", words.Do);
        json.WriteNumber("place", record.Place);
        json.WriteString("client", record.Client.IsGiven ? record.Client.ToString() : null);
        json.WriteNumber("client_connection", record.ClientConnectionId);
        json.WriteNumber("request", record.RequestNumber);
        json.WriteString("listener", record.Listener.ToString());
        json.WriteString("route", record.Route.ToString());
        json.WriteString("upstream", record.Upstream.ToString());
        json.WriteString("server", record.ServerName.ToString());
        json.WriteString("server_address", record.Server.IsGiven ? record.Server.ToString() : null);
        json.WriteNumber("server_connection", record.ServerConnectionId);
        json.WriteNumber("worker", message.Worker);
        json.WriteString("method", record.Method.ToString());
        json.WriteBoolean("offers_upgrade", record.OffersUpgrade);
        json.WriteStartObject("limits");
        json.WriteNumber("header_bytes", record.HeadBytesMax);
        json.WriteNumber("header_count", record.FieldCountMax);
        json.WriteNumber("request_line_bytes", record.RequestLineBytesMax);
        json.WriteBoolean("non_ascii_target", record.AllowsNonAsciiTarget);
        json.WriteEndObject();
        json.WriteBoolean("begins_with_head", record.BeginsWithHead);
        json.WriteBoolean("redacted", record.IsRedacted);
        json.WriteNumber("bytes", record.MessageBytes);
        json.WriteNumber("kept_from", record.KeptFrom);
        json.WriteBase64String("kept", message.Bytes);
        json.WriteEndObject();
    }

    /// <summary>A message as it was read.</summary>
    private sealed class Kept(int worker, long index, in MessageRecord record, byte[] bytes)
    {
        public readonly MessageRecord Record = record;

        public int Worker => worker;

        /// <summary>How many its ring had before it.</summary>
        public long Index => index;

        public byte[] Bytes => bytes;
    }
}
