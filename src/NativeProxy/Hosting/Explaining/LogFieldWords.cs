using System;
using System.Collections.Generic;

namespace NativeProxy.Hosting.Explaining;

/// <summary>What each field of a log line means, and each letter of a termination state. Stateless.</summary>
internal static class LogFieldWords
{
    private static readonly Dictionary<string, string> Meanings = new(StringComparer.Ordinal)
    {
        ["time"] = "when the request began, or the connection was gone; UTC",
        ["client"] = "who asked",
        ["client_port"] = "its port",
        ["peer"] = "the other end of the socket, which spoke for the client; of a closed connection the other end",
        ["peer_port"] = "its port",
        ["listener"] = "where it came in",
        ["route"] = "the [[route]] that it took",
        ["upstream"] = "the group of servers; the listener's name where it came to none",
        ["server"] = "the server; <NOSRV> none, <CACHE> the answer was in memory",
        ["request_ms"] = "TR: until the whole head of the request was there",
        ["queue_ms"] = "Tw: waiting for a server",
        ["connect_ms"] = "Tc: getting a connection to it; 0 for a reused one",
        ["response_ms"] = "Tr: from then to the head of its answer",
        ["total_ms"] = "Ta: from the first byte of the request to the last of the answer",
        ["status"] = "what the client was told; -1 nothing",
        ["bytes_sent"] = "bytes to the client, head and framing included",
        ["body_bytes_sent"] = "of these the content",
        ["bytes_received"] = "bytes of the request",
        ["state"] = "who ended it, in which phase, the cookie in the request and in the answer",
        ["actconn"] = "client connections of the worker",
        ["feconn"] = "of these those of the listener",
        ["beconn"] = "other exchanges of the upstream at its end",
        ["srvconn"] = "other exchanges of the server at its end",
        ["retries"] = "how often it was sent again",
        ["retry_cause"] = "why, the last time",
        ["srv_queue"] = "its place in the line of the server; 0 it did not wait",
        ["backend_queue"] = "its place in the line of the upstream",
        ["client_connection_id"] = "number of the client connection, the same in the log of closed connections",
        ["client_request_number"] = "how many requests had come on it",
        ["client_connection_age_ms"] = "how old it was",
        ["server_connection_id"] = "number of the server connection; 0 none",
        ["server_use_number"] = "how many requests had gone over it",
        ["server_idle_ms"] = "how long it had idled before this one",
        ["server_connection"] = "new or reused",
        ["server_address"] = "where that was connected to",
        ["close_reason"] = "why the client connection was closed then; - it was kept",
        ["reject"] = "the rule by which the request, or the answer, was refused",
        ["tls"] = "version, cipher, full or resumed, name; of a closed connection why it failed",
        ["request_id"] = "the id of the request, which servers were told",
        ["trace_id"] = "the id of its trace",
        ["captured"] = "captured fields: of the request, or of the answer where only those of answers are captured",
        ["captured_too"] = "captured fields of the answer",
        ["side"] = "whose connection it was",
        ["place"] = "the listener, or upstream and server",
        ["connection_id"] = "its number, the same in the access log (cc=, sc=)",
        ["reason"] = "why it was closed",
        ["closed_by"] = "who ended it first",
        ["uses"] = "requests on it",
        ["setup_ms"] = "until the first byte, or until it was connected; -1 it did not come to that",
        ["active_ms"] = "from the first request to the last answer",
        ["idle_ms"] = "idle until its end was decided",
        ["close_ms"] = "from then until it was gone",
        ["life_ms"] = "its whole life",
        ["bytes_in"] = "bytes that came",
        ["bytes_out"] = "bytes that went out",
    };

    /// <summary>Empty where the name says it.</summary>
    public static string Of(string name) => Meanings.GetValueOrDefault(name, "");

    /// <summary>Who ended an exchange: the first letter.</summary>
    public static string Who(char letter) => letter switch
    {
        'C' => "the client left",
        'c' => "the client was too slow",
        'S' => "the server failed",
        's' => "the server was too slow",
        'P' => "the proxy refused it",
        'R' => "something ran out in the proxy",
        'K' => "a stop of the proxy cut it",
        'L' or 'I' or 'D' or 'U' => "a code of HAProxy that this proxy does not write",
        _ => "nobody broke it off",
    };

    /// <summary>When it ended: the second letter.</summary>
    public static string When(char letter) => letter switch
    {
        'R' => "while the request came",
        'Q' => "while it waited for a server",
        'C' => "while the server was being connected to",
        'H' => "before the head of the answer",
        'D' => "in the middle of the answer",
        'T' => "in the tunnel",
        _ => "at its end",
    };

    /// <summary>The cookie in the request: the third letter.</summary>
    public static string CookieAsked(char letter) => letter switch
    {
        'N' => "the request had no stickiness cookie",
        'I' => "its stickiness cookie names no server",
        'E' => "its stickiness cookie was too old (max_idle)",
        'O' => "its stickiness cookie was too old (max_life)",
        'D' => "its stickiness cookie names a server that is down",
        'V' => "its stickiness cookie was valid",
        _ => "",
    };

    /// <summary>The cookie in the answer: the fourth letter.</summary>
    public static string CookieTold(char letter) => letter switch
    {
        'N' => "none was set",
        'I' => "one was inserted",
        'P' => "the server's own was passed on",
        'R' => "the server's was changed",
        'D' => "the server's was removed",
        _ => "",
    };

    /// <summary>Why a request was sent again.</summary>
    public static string Retry(string cause) => cause switch
    {
        "connect_failure" => "a server could not be connected to",
        "stale_reuse" => "the pooled connection had been closed by its server",
        "unacknowledged" => "a pooled connection was closed, and its server had taken no byte of the request",
        "empty_response" => "a server ended the connection before a byte of its answer",
        "response_timeout" => "a server did not answer in time",
        "junk_response" => "what a server sent was no answer",
        "status" => "a server answered with a status of retry.on",
        "hedge" => "a server was slow, and another one was asked besides",
        _ => cause,
    };
}
