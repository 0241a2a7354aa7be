using System;
using System.Collections.Generic;

namespace NativeProxy.Hosting.Explaining;

/// <summary>
/// Why a connection was closed, in words: what happened, whose doing it was, what to look at. As the manual's pages say it. Stateless.
/// </summary>
internal static class CloseReasonWords
{
    private const string TlsPage = "the page on problems of TLS; the words in tls=\"...\" of the closed connection";

    /// <summary>Of client connections: code, because, whose doing, what to look at.</summary>
    private static readonly string[] OfClients =
    [
        "client_closed|the client closed it between two requests|the client's|nothing: that is how connections end",
        "client_aborted|the client left in the middle of a request|the client's|total_ms: who waits long gives up; half_close for clients that shut "
            + "their sending side only",
        "client_asked|the request said Connection: close|the client's|nothing, unless it should keep its connections",
        "http10|HTTP/1.0 without Connection: keep-alive|the client's|a newer client",
        "keepalive_off|client keep-alive is off|the settings'|[listener.keepalive]",
        "max_requests|it had served as many requests as allowed|the settings'|keepalive.max_requests of the listener",
        "max_age|it was as old as allowed|the settings'|keepalive.max_age of the listener",
        "idle_timeout|no next request came in time|nobody's|keepalive.timeout of the listener",
        "request_header_timeout|the head of a request did not come in time|the client's|timeouts.request_header; many: somebody attacks slowly",
        "request_body_timeout|the body of a request did not come in time|the client's|timeouts.request_body",
        "send_timeout|the client took nothing of the answer|the client's|timeouts.send",
        "tunnel_timeout|nothing passed in the tunnel|the settings'|timeouts.tunnel; pings of the application",
        "bad_request|what came cannot be read safely|the client's|the rule in why= (reject)",
        "bad_proxy_header|no sound PROXY header came|the client's|proxy_protocol, and who reaches that port",
        "limit|a limit of the listener was passed|the client's|[listener.limits], and the rule in why= (reject)",
        "denied|it is not allowed here|the client's|[listener.forward], or the route that denies it",
        "access_denied|its network may not connect|the client's|[listener.access]",
        "connections_per_client|the client has too many connections|the client's|limits.connections_per_client; behind a gateway many are one",
        "connection_rate|the client opens connections too fast|the client's|limits.connection_rate_per_client",
        "after_error|an error was answered, and such connections are not kept|the settings'|keepalive.after_error",
        "unread_request_body|the answer came before the body of the request|the server's|a server that answers early; the client sent in vain",
        "close_delimited|only the end of the connection ends that answer|the server's|a server that says lengths; HTTP/1.1 clients",
        "truncated_response|the server ended its answer too early|the server's|its log; the client saw a cut answer",
        "bad_response_body|the server's framing was invalid in the middle|the server's|the rule in why= (reject)",
        "server_timeout|the server stopped in the middle of its answer|the server's|its log; timeouts.response",
        "total_timeout|the answer was not whole in the time of its route|the server's|timeouts.total of the route; response_ms",
        "pinned_server_closed|the connection on which the client had logged in ended|the server's|the server's idle time; NTLM",
        "tunnel_ended|one side ended the tunnel|nobody's|nothing",
        "no_server|no server took the connection|the server's|the health of the servers; the error log",
        "unmatched|no route took the connection|the settings'|the [[route]]s of mode \"tcp\"; or it was a probe",
        "inspect_timeout|no ClientHello came in time|the client's|tcp.inspect_timeout; does the client speak TLS?",
        "tls_timeout|the handshake was not done in time|the client's|timeouts.handshake",
        "tls_aborted|the client left in the handshake|the client's|" + TlsPage,
        "tls_alert|the client did not want what it was shown|the client's|the certificate and its chain; " + TlsPage,
        "tls_plain_http|plain HTTP came where TLS is spoken|the client's|https:// in the address",
        "tls_no_handshake|what came is no handshake|the client's|who reaches that port",
        "tls_version|no version in common|the client's|tls.min_version",
        "tls_cipher|no cipher in common|the client's|tls.ciphers; the kind of key of the certificate",
        "tls_protocol|no application protocol in common|the client's|" + TlsPage,
        "tls_unknown_name|no certificate has that name|the client's|tls.certificate, tls.unknown_name",
        "tls_no_certificate|the client has shown no certificate|the client's|tls.client.certificate",
        "tls_untrusted|nobody whom we trust has signed the client's certificate|the client's|tls.client.ca",
        "tls_expired|the client's certificate is not valid now|the client's|its dates; the clock",
        "tls_revoked|the client's certificate is revoked, or no list tells|the client's|tls.client.crl",
        "tls_bad_record|a record could not be opened|the client's|the network between; " + TlsPage,
        "tls_limit|too many handshakes|the client's|limits.handshakes, limits.handshakes_per_second",
        "draining|the process stops|the operator's|nothing: running requests were finished",
        "stopped|a stop cut it|the operator's|runtime.drain_timeout was too short",
        "listener_removed|a reload removed the listener|the operator's|nothing",
        "ended_by_operator|an operator ended it|the operator's|who uses the admin API",
        "handed_over|the process that came after this one went on with it|nobody's|the log of that process: the connection lives",
        "upgraded|another process took over, and the connection could not be handed to it|nobody's|nothing: its client opens another one",
        "listener_pressure|the listener had nearly all the connections that it may have|the proxy's|limits.max_connections of the listener",
        "resource|buffers ran out|the proxy's|runtime.buffer_bytes, nativeproxy_buffer_refusals_total",
        "descriptor_pressure|connections or descriptors ran short|the proxy's|runtime.max_connections, ulimit -n",
        "memory_pressure|buffer memory ran short|the proxy's|runtime.buffer_bytes",
    ];

    /// <summary>Of server connections, likewise.</summary>
    private static readonly string[] OfServers =
    [
        "server_fin|the server closed it|the server's|while idle harmless; often: its idle time is below keepalive.idle_timeout of the upstream",
        "server_reset|the server reset it|the server's|its log; while idle harmless",
        "server_said|its answer said that the connection ends|the server's|its keep-alive",
        "reuse_off|server keep-alive is off|the settings'|[upstream.keepalive]",
        "idle_timeout|it was not used in time|the settings'|nothing: it was closed before the server would",
        "learned_idle_timeout|the server would soon have closed it|nobody's|keepalive.idle_timeout at that value, and it goes away",
        "max_requests|it had served as many requests as allowed|the settings'|keepalive.max_requests of the upstream",
        "max_age|it was as old as allowed|the settings'|keepalive.max_age of the upstream",
        "pool_full|the pool was full|the settings'|keepalive.max_idle",
        "surplus_bytes|bytes came that nobody had asked for|the server's|the server: it sends behind its answers, or somebody attacks",
        "request_unsent|the request was not sent to its end|nobody's|answers that come before the body",
        "ambiguous|what the server believes of it is not certain|nobody's|refused upgrades",
        "connect_failed|it was not established|the server's|is it running, is that its port?",
        "tls_timeout|the handshake was not done in time|the server's|timeouts.connect",
        "tls_aborted|the server left in the handshake|the server's|" + TlsPage,
        "tls_alert|the server did not want what it was shown|the server's|[upstream.tls]; " + TlsPage,
        "tls_no_handshake|the server speaks no TLS|the server's|[upstream.tls], its port",
        "tls_version|no version in common|the server's|tls.min_version",
        "tls_cipher|no cipher in common|the server's|tls.ciphers",
        "tls_protocol|no application protocol in common|the server's|" + TlsPage,
        "tls_wrong_name|its certificate is for another name|the server's|tls.sni, tls.verify_host",
        "tls_untrusted|nobody whom we trust has signed its certificate|the server's|tls.ca of the upstream",
        "tls_expired|its certificate is not valid now|the server's|its dates; the clock",
        "tls_revoked|its certificate is revoked, or no list tells|the server's|tls.crl",
        "tls_bad_record|a record could not be opened|the server's|the network between; " + TlsPage,
        "tls_truncated|the connection ended without saying that the body was whole|the server's|its log",
        "client_aborted|the client gave the exchange up|the client's|total_ms of its line",
        "timeout|the server did not answer in time|the server's|its log; timeouts.response",
        "bad_response|its answer could not be read safely|the server's|the rule in why= (reject) of the exchange",
        "upgrade_ended|the tunnel ended|nobody's|nothing",
        "purged|the pools were emptied|the operator's|nothing",
        "ended_by_operator|an operator ended the client's session|the operator's|who uses the admin API",
        "stopped|a stop cut it|the operator's|runtime.drain_timeout",
        "server_down|the server fails its checks|the server's|the error log says why",
        "pinned_client_left|the client that had logged in on it has left|the client's|nothing: nobody else may use it",
        "descriptor_pressure|connections or descriptors ran short|the proxy's|runtime.max_connections, ulimit -n",
        "memory_pressure|buffer memory ran short|the proxy's|runtime.buffer_bytes",
        "address_left|the server's name stands for other addresses now|nobody's|nothing",
        "backup_relieved|a server that is no backup has come up|nobody's|health.on_up",
        "announced_client_left|the client that its PROXY header names has left|the client's|nothing: it is nobody else's",
        "hedge_lost|another server answered first|the server's|hedge.after; is it slow?",
    ];

    /// <summary>The words for a code; null when there are none.</summary>
    public static ReasonWords? Of(bool isServer, string code)
    {
        foreach (string row in isServer ? OfServers : OfClients)
        {
            string[] columns = row.Split('|');
            if (columns[0] == code)
                return new ReasonWords(columns[1], columns[2], columns[3]);
        }
        return null;
    }
}

/// <summary>A reason in words.</summary>
/// <param name="Because">What happened.</param>
/// <param name="Whose">Whose doing it was.</param>
/// <param name="Look">What to look at.</param>
internal sealed record ReasonWords(string Because, string Whose, string Look);
