using System;
using System.Buffers;
using System.Text.Json;
using NativeProxy.Admin;
using NativeProxy.Clients;

namespace NativeProxy.Hosting.Workers;

/// <summary>Sessions as the API shows them. Stateless; any thread.</summary>
internal static class SessionJson
{
    /// <summary>What each state is called, and who or what is awaited in it.</summary>
    private static readonly (string Word, string WaitsFor)[] States =
    [
        /* Idle                   */ ("idle", "client"),
        /* ReadingProxyHeader     */ ("reading_proxy_header", "client"),
        /* Handshake              */ ("handshake", "client"),
        /* ReadingHello           */ ("reading_hello", "client"),
        /* ReadingHead            */ ("reading_head", "client"),
        /* ReadingBody            */ ("reading_body", "client"),
        /* WaitingForAdmission    */ ("waiting_for_admission", "limit or login"),
        /* WaitingInQueue         */ ("waiting_in_queue", "room at a server"),
        /* WaitingToRetry         */ ("waiting_to_retry", "pause"),
        /* WaitingForConnect      */ ("waiting_for_connect", "server"),
        /* WaitingForAnswer       */ ("waiting_for_answer", "server"),
        /* SendingAnswer          */ ("sending_answer", "server"),
        /* WaitingForClientToRead */ ("waiting_for_client_to_read", "client"),
        /* Tunnel                 */ ("tunnel", "client or server"),
        /* Lingering              */ ("lingering", "client"),
        /* Closing                */ ("closing", "client"),
    ];

    /// <summary>The word of the API for a state.</summary>
    public static string WordOf(SessionState state) => States[(int)state].Word;

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
        json.WriteString("listener", session.Listener);
        json.WriteNumber("age_ms", session.NowMs - session.OpenedMs);
        json.WriteNumber("requests", session.RequestCount);
        json.WriteString("tls", session.Tls.Length > 0 ? session.Tls : null);
        json.WriteString("state", States[(int)session.State].Word);
        json.WriteNumber("state_ms", session.NowMs - session.SinceMs);
        json.WriteString("waits_for", States[(int)session.State].WaitsFor);
        json.WriteString("route", OrNull(session.Route));
        json.WriteString("upstream", OrNull(session.Upstream));
        json.WriteString("server", OrNull(session.Server));
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
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static string? OrNull(string text) => text.Length > 0 ? text : null;

    private static string WithoutQuery(string target)
    {
        int sign = target.IndexOf('?', StringComparison.Ordinal);
        return sign < 0 ? target : target[..(sign + 1)] + "...";
    }
}
