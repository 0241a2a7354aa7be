using System;
using NativeProxy.Foundation;

namespace NativeProxy.Metrics;

/// <summary>
/// The one table that names every counter: <c>Rows[(int)id]</c>. Rows of one Prometheus family stand together and share name, kind and help.
/// Immutable; any thread.
/// </summary>
internal static class CounterTable
{
    private static readonly CounterInfo[] AllRows =
    [
        // Client connections
        Counter(CounterId.ClientConnectionsAccepted, "nativeproxy_client_connections_accepted_total", "Client connections accepted."),
        Counter(CounterId.ClientConnectionsTakenOver, "nativeproxy_client_connections_taken_over_total",
            "Client connections that the process before this one has handed over at an upgrade."),
        Gauge(CounterId.ClientConnectionsOpen, "nativeproxy_client_connections_open", "Client connections open now."),
        Gauge(CounterId.ClientConnectionsIdle, "nativeproxy_client_connections_idle",
            "Client connections without a request in progress, looked at once a second."),
        Gauge(CounterId.ClientsHalfClosed, "nativeproxy_clients_half_closed", "Clients that have shut their sending side and are still answered."),
        Gauge(CounterId.TunnelsOpen, "nativeproxy_tunnels_open", "Upgraded connections relayed as tunnels now."),
        Counter(CounterId.TunnelsStarted, "nativeproxy_tunnels_started_total", "Connections that became tunnels."),

        // Requests and responses
        Counter(CounterId.Requests, "nativeproxy_requests_total",
            "Requests that were accepted, to be served by a server, by the cache or by an answer of the proxy; those refused by "
            + "their head are not among them (nativeproxy_bad_requests_total)."),
        Counter(CounterId.RequestsOnKeptConnection, "nativeproxy_requests_on_kept_connection_total",
            "Accepted requests that were not the first on their client connection."),
        Counter(CounterId.RequestsInParallel, "nativeproxy_requests_in_parallel_total",
            "Requests that began before the earlier ones of their client connection were answered (pipelining above 1)."),
        Gauge(CounterId.RequestsInFlight, "nativeproxy_requests_in_flight", "Requests being handled now."),
        Gauge(CounterId.RequestsBehindOthers, "nativeproxy_requests_behind_others",
            "Of these, those behind another one of their client connection (pipelining above 1)."),
        Counter(CounterId.RequestsAborted, "nativeproxy_requests_aborted_total",
            "Requests given up because the client went away or the process stopped."),
        .. Counters("nativeproxy_responses_total", "Responses sent to clients, by status class.",
            (CounterId.Responses1xx, "class=1xx"), (CounterId.Responses2xx, "class=2xx"), (CounterId.Responses3xx, "class=3xx"),
            (CounterId.Responses4xx, "class=4xx"), (CounterId.Responses5xx, "class=5xx")),
        Counter(CounterId.ResponsesByProxy, "nativeproxy_responses_by_proxy_total", "Responses made by the proxy itself instead of a server."),
        .. Counters("nativeproxy_bad_requests_total",
            "Requests refused for what they are, by reason: by their head, before they were accepted, or accepted ones by their body.",
            (CounterId.BadRequestsSyntax, "reason=syntax"), (CounterId.BadRequestsFraming, "reason=framing"),
            (CounterId.BadRequestsTooLarge, "reason=too_large"), (CounterId.BadRequestsUnsupported, "reason=unsupported"),
            (CounterId.BadRequestsDenied, "reason=denied")),
        .. Counters("nativeproxy_rate_limited_total", "Requests that were too many for a rate limit, by what became of them.",
            (CounterId.RateLimitRejected, "action=rejected"), (CounterId.RateLimitDelayed, "action=delayed"),
            (CounterId.RateLimitLogged, "action=logged")),
        Gauge(CounterId.RateLimitWaiting, "nativeproxy_rate_limit_waiting", "Requests that wait now because of a rate limit."),
        Counter(CounterId.RateLimitKeysDisplaced, "nativeproxy_rate_limit_keys_displaced_total",
            "Keys of rate limits that were forgotten for others before they were as new: max_keys is too low."),
        .. Counters("nativeproxy_password_checks_total", "Passwords of basic_auth that were to be computed, by what came of it.",
            (CounterId.PasswordsRight, "result=right"), (CounterId.PasswordsWrong, "result=wrong"),
            (CounterId.PasswordChecksRefused, "result=refused")),
        .. Counters("nativeproxy_compressed_responses_total", "Responses that were to be compressed; refused: too many at once, sent as they were.",
            (CounterId.Compressions, "result=compressed"), (CounterId.CompressionsRefused, "result=refused")),
        .. Counters("nativeproxy_mirrored_requests_total",
            "Requests that were to be copied, by what came of the copy; refused: too many, or too long.",
            (CounterId.MirrorsAnswered, "result=answered"), (CounterId.MirrorsFailed, "result=failed"),
            (CounterId.MirrorsRefused, "result=refused")),
        .. Counters("nativeproxy_bytes_total", "Bytes read from (in) and written to (out) sockets, by peer.",
            (CounterId.BytesFromClients, "peer=client,direction=in"), (CounterId.BytesToClients, "peer=client,direction=out"),
            (CounterId.BytesFromServers, "peer=server,direction=in"), (CounterId.BytesToServers, "peer=server,direction=out")),
        Counter(CounterId.BytesSpliced, "nativeproxy_spliced_bytes_total", "Bytes of tunnels that were passed on without being read."),

        // TLS
        Gauge(CounterId.HandshakesRunning, "nativeproxy_tls_handshakes_running", "TLS handshakes with clients that run now."),
        .. Counters("nativeproxy_tls_handshakes_total",
            "TLS handshakes by their end; why they failed, nativeproxy_client_closes_total and nativeproxy_server_closes_total say (reason=tls_...).",
            (CounterId.HandshakesFull, "peer=client,result=full"), (CounterId.HandshakesResumed, "peer=client,result=resumed"),
            (CounterId.HandshakesFailed, "peer=client,result=failed"), (CounterId.ServerHandshakesFull, "peer=server,result=full"),
            (CounterId.ServerHandshakesResumed, "peer=server,result=resumed"), (CounterId.ServerHandshakesFailed, "peer=server,result=failed")),
        Gauge(CounterId.TlsBytes, "nativeproxy_tls_memory_bytes",
            "Memory that TLS connections have with OpenSSL, outside of the buffers: an estimate, looked at once a second."),

        // Timeouts
        .. Counters("nativeproxy_timeouts_total", "Deadlines that passed, by kind.", (CounterId.TimeoutsHandshake, "kind=handshake"),
            (CounterId.TimeoutsKeepAlive, "kind=keep_alive"), (CounterId.TimeoutsRequestHeader, "kind=request_header"),
            (CounterId.TimeoutsRequestBody, "kind=request_body"), (CounterId.TimeoutsClientSend, "kind=client_send"),
            (CounterId.TimeoutsLinger, "kind=linger"), (CounterId.TimeoutsTunnel, "kind=tunnel"), (CounterId.TimeoutsInspect, "kind=inspect"),
            (CounterId.TimeoutsQueue, "kind=queue"),
            (CounterId.TimeoutsConnect, "kind=connect"), (CounterId.TimeoutsResponse, "kind=response"),
            (CounterId.TimeoutsTotal, "kind=total")),

        // Why client connections closed
        .. ClientCloses("nativeproxy_client_closes_total", "Client connections closed, by reason."),

        // Accounts of closed client connections
        .. Counters("nativeproxy_client_closed_by_total", "Client connections closed, by who ended them first.",
            (CounterId.ClientClosedByProxy, "by=proxy"), (CounterId.ClientClosedByProxyReset, "by=proxy_reset"),
            (CounterId.ClientClosedByPeer, "by=peer"), (CounterId.ClientClosedByPeerReset, "by=peer_reset")),
        Counter(CounterId.ClientConnectionUses, "nativeproxy_client_connection_requests_total",
            "Requests read on client connections that have closed since."),
        Seconds(CounterId.ClientConnectionSetupMs, "nativeproxy_client_connection_setup_seconds_total",
            "From accepting to the first byte, summed over closed client connections."),
        Seconds(CounterId.ClientConnectionActiveMs, "nativeproxy_client_connection_active_seconds_total",
            "From the first request to the last response, summed over closed client connections."),
        Seconds(CounterId.ClientConnectionIdleMs, "nativeproxy_client_connection_idle_seconds_total",
            "From the last response to the decision to close, summed over closed client connections."),
        Seconds(CounterId.ClientConnectionCloseMs, "nativeproxy_client_connection_close_seconds_total",
            "From the decision to close until the socket was gone, summed over closed client connections."),
        Seconds(CounterId.ClientConnectionLifeMs, "nativeproxy_client_connection_life_seconds_total",
            "From the opening until the socket was gone, summed over closed client connections."),

        // Server connections
        Counter(CounterId.ServerConnects, "nativeproxy_server_connects_total", "Connects to servers begun."),
        .. Counters("nativeproxy_server_connect_failures_total", "Connects to servers that failed, by reason.",
            (CounterId.ServerConnectFailuresRefused, "reason=refused"), (CounterId.ServerConnectFailuresTimeout, "reason=timeout"),
            (CounterId.ServerConnectFailuresUnreachable, "reason=unreachable"), (CounterId.ServerConnectFailuresOther, "reason=other"),
            (CounterId.ServerConnectFailuresNoPort, "reason=no_source_port")),
        Gauge(CounterId.ServerConnectionsOpen, "nativeproxy_server_connections_open", "Server connections open now, idle ones included."),
        Gauge(CounterId.ServerConnectionsIdle, "nativeproxy_server_connections_idle", "Server connections waiting in a pool now."),
        Gauge(CounterId.ServerConnectionsPinned, "nativeproxy_server_connections_pinned",
            "Server connections waiting now for the one client that authenticated on them."),
        Counter(CounterId.ServerReuses, "nativeproxy_server_connection_reuses_total",
            "Requests sent on a server connection that had carried one before."),
        Counter(CounterId.ServerConnectsAhead, "nativeproxy_server_connects_ahead_total",
            "Connects to servers begun before a request asked for them (upstream.keepalive.min_idle)."),
        Counter(CounterId.ServerConnectsAheadUsed, "nativeproxy_server_connects_ahead_used_total",
            "Requests sent as the first on a server connection that was opened ahead."),
        Counter(CounterId.ServerRequestsPipelined, "nativeproxy_server_requests_pipelined_total",
            "Requests sent behind others on the same server connection (upstream.keepalive.pipelining above 1)."),
        .. ServerCloses("nativeproxy_server_closes_total", "Server connections closed, by reason."),
        .. Counters("nativeproxy_server_closed_by_total", "Server connections closed, by who ended them first.",
            (CounterId.ServerClosedByProxy, "by=proxy"), (CounterId.ServerClosedByProxyReset, "by=proxy_reset"),
            (CounterId.ServerClosedByPeer, "by=peer"), (CounterId.ServerClosedByPeerReset, "by=peer_reset")),
        Counter(CounterId.ServerConnectionUses, "nativeproxy_server_connection_requests_total",
            "Requests for which server connections that have closed since were used."),
        Seconds(CounterId.ServerConnectionSetupMs, "nativeproxy_server_connection_setup_seconds_total",
            "From the connect to its success, summed over closed server connections."),
        Seconds(CounterId.ServerConnectionActiveMs, "nativeproxy_server_connection_active_seconds_total",
            "From the first request to the last response, summed over closed server connections."),
        Seconds(CounterId.ServerConnectionIdleMs, "nativeproxy_server_connection_idle_seconds_total",
            "From the last response to the decision to close, summed over closed server connections."),
        Seconds(CounterId.ServerConnectionCloseMs, "nativeproxy_server_connection_close_seconds_total",
            "From the decision to close until the socket was gone, summed over closed server connections."),
        Seconds(CounterId.ServerConnectionLifeMs, "nativeproxy_server_connection_life_seconds_total",
            "From the opening until the socket was gone, summed over closed server connections."),
        Counter(CounterId.BadResponses, "nativeproxy_bad_responses_total", "Server responses refused because they could not be read safely."),
        Counter(CounterId.ShortBodies, "nativeproxy_short_bodies_total", "Server responses that ended before their announced length."),
        .. Counters("nativeproxy_server_tolerated_total", "Faults in server responses that were tolerated because they lead nobody astray, by kind.",
            (CounterId.ToleratedPaddedChunkSize, "kind=padded_chunk_size"), (CounterId.ToleratedLengthWithCoding, "kind=length_with_coding"),
            (CounterId.ToleratedIdentityCoding, "kind=identity_coding"), (CounterId.ToleratedLengthOnSwitch, "kind=length_on_switch"),
            (CounterId.ToleratedStatusAbove599, "kind=status_above_599")),

        // Retries
        .. Counters("nativeproxy_stale_reuses_total", "Reused server connections that turned out closed, by outcome for the client.",
            (CounterId.StaleReusesFailed, "outcome=failed")),
        .. Counters("nativeproxy_retries_total", "Requests sent once more, by cause.",
            (CounterId.RetriesStaleReuse, "cause=stale_reuse"), (CounterId.RetriesConnectFailure, "cause=connect_failure"),
            (CounterId.RetriesUnacknowledged, "cause=unacknowledged"), (CounterId.RetriesEmptyResponse, "cause=empty_response"),
            (CounterId.RetriesResponseTimeout, "cause=response_timeout"), (CounterId.RetriesStatus, "cause=status"),
            (CounterId.RetriesJunkResponse, "cause=junk_response"), (CounterId.RetriesHedge, "cause=hedge")),
        Counter(CounterId.HedgesWon, "nativeproxy_hedges_won_total",
            "Requests sent to a second server because the first one was slow (hedge.after) that the second one answered first."),
        Counter(CounterId.RetriesOverBudget, "nativeproxy_retries_over_budget_total",
            "Requests that were not sent once more because retry.budget was used up."),
        Counter(CounterId.ReplayedBodies, "nativeproxy_replayed_bodies_total", "Requests sent once more with body bytes that had gone out before."),
        Counter(CounterId.ReplayRefusals, "nativeproxy_replay_refusals_total",
            "Request bodies that were not kept for another try because replay_bytes was used up."),
        Gauge(CounterId.ReplayBytesHeld, "nativeproxy_replay_held_bytes", "Bytes of the blocks that keep request bodies for another try now."),
        Counter(CounterId.QueueEntered, "nativeproxy_queue_entered_total", "Requests that had to wait for a server with room."),
        Counter(CounterId.QueueFull, "nativeproxy_queue_full_total", "Requests refused because as many as may were waiting."),
        .. Counters("nativeproxy_requests_over_limit_total", "Requests refused because as many as may were under way, by limit.",
            (CounterId.RequestsOverConcurrency, "limit=max_concurrent"), (CounterId.RequestsOverUpstreamMax, "limit=max_requests")),
        Gauge(CounterId.QueueWaiting, "nativeproxy_queue_waiting", "Requests waiting for a server with room now."),
        Counter(CounterId.NoServerAvailable, "nativeproxy_no_server_available_total", "Requests refused because no server was usable."),

        // Cache
        Counter(CounterId.CacheHits, "nativeproxy_cache_hits_total", "Requests answered from the cache."),
        Counter(CounterId.CacheMisses, "nativeproxy_cache_misses_total", "Requests that the cache might have answered, had it had the response."),
        Counter(CounterId.CacheStores, "nativeproxy_cache_stores_total", "Responses taken into the cache."),
        Counter(CounterId.CacheEvictions, "nativeproxy_cache_evictions_total", "Responses that left the cache to make room for others."),
        Counter(CounterId.CacheInvalidations, "nativeproxy_cache_invalidations_total",
            "Responses that left the cache because a request changed what they show (POST, PUT, DELETE and the like)."),
        Counter(CounterId.CacheFetchesAlone, "nativeproxy_cache_fetches_alone_total",
            "Responses read on for the cache after their client had gone (half_close other than abort)."),
        Gauge(CounterId.CacheEntries, "nativeproxy_cache_entries", "Responses that the cache has now."),
        Gauge(CounterId.CacheBytesHeld, "nativeproxy_cache_held_bytes",
            "Bytes of the blocks that hold responses for the cache now, complete or not."),

        // Forward proxy
        Gauge(CounterId.Origins, "nativeproxy_forward_origins", "Destinations (host and port) that forward listeners remember now."),
        Counter(CounterId.NameLookups, "nativeproxy_name_lookups_total", "Names looked up for forward listeners."),
        Counter(CounterId.NameLookupsFailed, "nativeproxy_name_lookups_failed_total", "Look-ups that found no address."),
        Counter(CounterId.ServerNameLookups, "nativeproxy_server_name_lookups_total", "Names of configured servers looked up."),
        Counter(CounterId.ServerNameLookupsFailed, "nativeproxy_server_name_lookups_failed_total",
            "Look-ups of names of configured servers that found no address."),
        Counter(CounterId.ServerAddressChanges, "nativeproxy_server_address_changes_total",
            "Times that the name of a configured server came to stand for other addresses."),

        // Pressure
        .. Gauges("nativeproxy_pressure",
            "Workers that are short of connections and descriptors, or of buffer memory, now: responses say close, idle connections are closed.",
            (CounterId.PressureDescriptors, "resource=descriptors"), (CounterId.PressureMemory, "resource=memory")),
        .. Counters("nativeproxy_pressure_episodes_total", "Times a worker ran short of connections and descriptors, or of buffer memory.",
            (CounterId.PressureEpisodesDescriptors, "resource=descriptors"), (CounterId.PressureEpisodesMemory, "resource=memory")),
        .. Counters("nativeproxy_shed_connections_total", "Idle connections closed because of pressure, by side and what was short.",
            (CounterId.ShedClientsDescriptors, "side=client,resource=descriptors"), (CounterId.ShedClientsMemory, "side=client,resource=memory"),
            (CounterId.ShedServersDescriptors, "side=server,resource=descriptors"), (CounterId.ShedServersMemory, "side=server,resource=memory")),
        Counter(CounterId.AcceptFailures, "nativeproxy_accept_failures_total",
            "Times a connection could not be accepted for want of descriptors or memory."),

        // The process itself
        Counter(CounterId.LogLinesWritten, "nativeproxy_log_lines_written_total", "Log lines written (exchanges and connections)."),
        Counter(CounterId.LogLinesDropped, "nativeproxy_log_lines_dropped_total", "Log lines dropped because the log ring was full."),
        Counter(CounterId.LogLinesLost, "nativeproxy_log_lines_lost_total",
            "Log lines lost: to write errors, or because a syslog or journal did not take them in time."),
        Counter(CounterId.LogLinesLeftOut, "nativeproxy_log_lines_left_out_total", "Exchanges without a line because of log.sample."),
        Counter(CounterId.SpansSent, "nativeproxy_spans_sent_total", "Spans of sampled exchanges that the collector of log.traces took."),
        Counter(CounterId.SpansLost, "nativeproxy_spans_lost_total",
            "Spans that were lost: the collector did not want them, or did not take them in time."),
        Gauge(CounterId.BufferBytesHeld, "nativeproxy_buffer_held_bytes", "Bytes of buffer memory held, lent or not."),
        Gauge(CounterId.BufferBlocksLent, "nativeproxy_buffer_blocks_lent", "Buffer blocks in use now."),
        .. Gauges("nativeproxy_buffer_lent_bytes",
            "Bytes of buffer blocks in use, by purpose; receive_tail is what beginnings of messages and requests read ahead hold. Once a second.",
            (CounterId.BufferBytesReceiveTails, "purpose=receive_tail"), (CounterId.BufferBytesSendQueues, "purpose=send_queue"),
            (CounterId.BufferBytesReplayCopies, "purpose=replay_copy"), (CounterId.BufferBytesLogTexts, "purpose=log_text")),
        .. Gauges("nativeproxy_idle_connection_bytes",
            "Memory of the process that idle connections hold, estimated by the objects of one; the kernel's is not in it. Once a second.",
            (CounterId.IdleClientBytes, "side=client"), (CounterId.IdleServerBytes, "side=server")),
        Counter(CounterId.BufferRefusals, "nativeproxy_buffer_refusals_total", "Times no buffer block could be had within the budget."),
        Gauge(CounterId.TimersLinked, "nativeproxy_timers_linked", "Timer nodes in the wheel."),
        Counter(CounterId.FigureRefreshes, "nativeproxy_figure_refreshes_total",
            "Times that the workers brought log, buffer, timer and heap figures up to date, once a second each."),
        Counter(CounterId.WorkerRestarts, "nativeproxy_worker_restarts_total", "Worker processes started again after a crash."),
        .. Counters("nativeproxy_reloads_total", "Reloads of the configuration, by outcome.",
            (CounterId.Reloads, "outcome=done"), (CounterId.ReloadFailures, "outcome=refused")),
        Service(CounterId.LastReloadSucceeded, "nativeproxy_config_last_reload_successful",
            "Whether the last reload of the configuration was taken over (1) or refused (0); 1 after the start."),
        Service(CounterId.LastReloadSuccessWallMs, "nativeproxy_config_last_reload_success_timestamp_seconds",
            "When the configuration that is in force was taken over, in seconds since 1970-01-01 UTC.", CounterUnit.Milliseconds),
        Counter(CounterId.HeapAllocatedBytes, "nativeproxy_heap_allocated_bytes_total", "Bytes of managed memory allocated since the start."),
        Counter(CounterId.HeapCollections, "nativeproxy_heap_collections_total", "Garbage collections since the start."),
    ];

    public static ReadOnlySpan<CounterInfo> Rows => AllRows;

    public static int Count => AllRows.Length;

    private static CounterInfo Counter(CounterId id, string name, string help) => Row(id, CounterKind.Counter, name, help);

    private static CounterInfo Gauge(CounterId id, string name, string help) => Row(id, CounterKind.Gauge, name, help);

    private static CounterInfo Seconds(CounterId id, string name, string help) =>
        Row(id, CounterKind.Counter, name, help, label: null, CounterUnit.Milliseconds);

    private static CounterInfo Service(CounterId id, string name, string help, CounterUnit unit = CounterUnit.One) =>
        Row(id, CounterKind.ServiceGauge, name, help, label: null, unit);

    /// <summary>A family: counters that differ in their label.</summary>
    private static CounterInfo[] Counters(string name, string help, params (CounterId Id, string Label)[] members) =>
        Array.ConvertAll(members, member => Row(member.Id, CounterKind.Counter, name, help, member.Label));

    /// <summary>A family: gauges that differ in their label.</summary>
    private static CounterInfo[] Gauges(string name, string help, params (CounterId Id, string Label)[] members) =>
        Array.ConvertAll(members, member => Row(member.Id, CounterKind.Gauge, name, help, member.Label));

    private static CounterInfo[] ClientCloses(string name, string help) => Counters(name, help, Array.ConvertAll(
        Enum.GetValues<CloseReason>(),
        static reason => (CloseCounters.Of(reason), "reason=" + (reason == CloseReason.None ? "internal_error" : CloseReasons.CodeOf(reason)))));

    private static CounterInfo[] ServerCloses(string name, string help) => Counters(name, help, Array.ConvertAll(
        Enum.GetValues<ServerCloseReason>()[1..], static reason => (CloseCounters.Of(reason), "reason=" + ServerCloseReasons.CodeOf(reason))));

    private static CounterInfo Row(CounterId id, CounterKind kind, string name, string help, string? label = null,
        CounterUnit unit = CounterUnit.One) =>
        new(id, kind, name, help, label is null ? null : QuoteValues(label), unit);

    /// <summary><c>a=b,c=d</c> as the table writes it becomes <c>a="b",c="d"</c>; no value holds any of these signs.</summary>
    private static string QuoteValues(string label) => label.Replace(",", "\",").Replace("=", "=\"") + "\"";
}
