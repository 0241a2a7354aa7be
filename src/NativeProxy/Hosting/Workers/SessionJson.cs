using System;
using System.Buffers;
using System.Text.Json;
using NativeProxy.Admin;
using NativeProxy.Clients;

namespace NativeProxy.Hosting.Workers;

/// <summary>Sessions as the API shows them. Stateless; any thread.</summary>
internal static class SessionJson
{
    /// <summary>An array of them.</summary>
    public static byte[] Of(SessionFacts[] sessions, SessionQuestion question)
    {
        var text = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartArray();
            foreach (SessionFacts session in sessions)
                Write(json, session, question.ShowsQuery);
            json.WriteEndArray();
        }
        return text.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, SessionFacts session, bool showsQuery)
    {
        json.WriteStartObject();
        json.WriteNumber("id", session.Id);
        json.WriteString("client", session.Client.IsGiven ? session.Client.ToString() : null);
        json.WriteString("peer", session.Peer.IsGiven ? session.Peer.ToString() : null);
        json.WriteString("listener", session.Listener);
        json.WriteNumber("age_ms", session.NowMs - session.OpenedMs);
        json.WriteNumber("requests", session.RequestCount);
        json.WriteNumber("bytes_received", session.ReceivedBytes);
        json.WriteNumber("bytes_sent", session.SentBytes);
        if (session.Tls.Length > 0)
            json.WriteString("tls", session.Tls);
        else
            json.WriteNull("tls");
        json.WriteString("state", SessionStates.WordOf(session.State));
        json.WriteNumber("state_ms", session.NowMs - session.SinceMs);
        json.WriteString("waits_for", SessionStates.WaitsFor(session.State));
        json.WriteString("route", OrNull(session.Route));
        json.WriteString("upstream", OrNull(session.Upstream));
        json.WriteString("server", OrNull(session.Server));
        if (session.ServerConnectionId == 0)
        {
            json.WriteNull("server_connection");
        }
        else
        {
            json.WriteStartObject("server_connection");
            json.WriteNumber("id", session.ServerConnectionId);
            json.WriteNumber("uses", session.ServerConnectionUses);
            json.WriteEndObject();
        }
        json.WriteStartArray("deadlines");
        foreach (SessionDeadline deadline in session.Deadlines)
        {
            json.WriteStartObject();
            json.WriteString("key", deadline.Key);
            json.WriteNumber("left_ms", Math.Max(0, deadline.AtMs - session.NowMs));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (session.RequestMs < 0)
        {
            json.WriteNull("request");
        }
        else
        {
            json.WriteStartObject("request");
            json.WriteNumber("age_ms", session.NowMs - session.RequestMs);
            json.WriteString("method", OrNull(session.Method));
            json.WriteString("target", OrNull(showsQuery ? session.Target : WithoutQuery(session.Target)));
            WriteAge(json, "head_read_ms", session, session.Stations.HeadReadMs);
            WriteAge(json, "server_chosen_ms", session, session.Stations.ChosenMs);
            WriteAge(json, "sent_ms", session, session.Stations.ConnectedMs);
            WriteAge(json, "answered_ms", session, session.Stations.AnsweredMs);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    /// <summary>How long ago a station was reached; null where it was not.</summary>
    private static void WriteAge(Utf8JsonWriter json, string name, SessionFacts session, long atMs)
    {
        if (atMs < 0)
            json.WriteNull(name);
        else
            json.WriteNumber(name, session.NowMs - atMs);
    }

    private static string? OrNull(string text) => text.Length > 0 ? text : null;

    private static string WithoutQuery(string target)
    {
        int sign = target.IndexOf('?', StringComparison.Ordinal);
        return sign < 0 ? target : target[..(sign + 1)] + "...";
    }
}
