using System;

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
        Gauge(CounterId.ClientConnectionsOpen, "nativeproxy_client_connections_open", "Client connections open now."),
        Gauge(CounterId.ClientConnectionsIdle, "nativeproxy_client_connections_idle", "Client connections without a request in progress, looked at once a second."),
        Gauge(CounterId.ClientsHalfClosed, "nativeproxy_clients_half_closed", "Clients that have shut their sending side and are still answered."),
        Gauge(CounterId.TunnelsOpen, "nativeproxy_tunnels_open", "Upgraded connections relayed as tunnels now."),
        Counter(CounterId.TunnelsStarted, "nativeproxy_tunnels_started_total", "Connections that became tunnels."),

        // Requests and responses
        Counter(CounterId.Requests, "nativeproxy_requests_total", "Requests that were accepted, to be served by a server, by the cache or by an answer of the proxy; those refused by their head are not among them (nativeproxy_bad_requests_total)."),
        Counter(CounterId.RequestsOnKeptConnection, "nativeproxy_requests_on_kept_connection_total", "Accepted requests that were not the first on their client connection."),
        Counter(CounterId.RequestsInParallel, "nativeproxy_requests_in_parallel_total", "Requests that began before the earlier ones of their client connection were answered (pipelining above 1)."),
        Gauge(CounterId.RequestsInFlight, "nativeproxy_requests_in_flight", "Requests being handled now."),
        Gauge(CounterId.RequestsBehindOthers, "nativeproxy_requests_behind_others", "Of these, those behind another one of their client connection (pipelining above 1)."),
        Counter(CounterId.RequestsAborted, "nativeproxy_requests_aborted_total", "Requests given up because the client went away or the process stopped."),
        Counter(CounterId.Responses1xx, "nativeproxy_responses_total", "Responses sent to clients, by status class.", label: "class=1xx"),
        Counter(CounterId.Responses2xx, "nativeproxy_responses_total", "Responses sent to clients, by status class.", label: "class=2xx"),
        Counter(CounterId.Responses3xx, "nativeproxy_responses_total", "Responses sent to clients, by status class.", label: "class=3xx"),
        Counter(CounterId.Responses4xx, "nativeproxy_responses_total", "Responses sent to clients, by status class.", label: "class=4xx"),
        Counter(CounterId.Responses5xx, "nativeproxy_responses_total", "Responses sent to clients, by status class.", label: "class=5xx"),
        Counter(CounterId.ResponsesByProxy, "nativeproxy_responses_by_proxy_total", "Responses made by the proxy itself instead of a server."),
        Counter(CounterId.BadRequestsSyntax, "nativeproxy_bad_requests_total", "Requests refused for what they are, by reason: by their head, before they were accepted, or accepted ones by their body.", label: "reason=syntax"),
        Counter(CounterId.BadRequestsFraming, "nativeproxy_bad_requests_total", "Requests refused for what they are, by reason: by their head, before they were accepted, or accepted ones by their body.", label: "reason=framing"),
        Counter(CounterId.BadRequestsTooLarge, "nativeproxy_bad_requests_total", "Requests refused for what they are, by reason: by their head, before they were accepted, or accepted ones by their body.", label: "reason=too_large"),
        Counter(CounterId.BadRequestsUnsupported, "nativeproxy_bad_requests_total", "Requests refused for what they are, by reason: by their head, before they were accepted, or accepted ones by their body.", label: "reason=unsupported"),
        Counter(CounterId.BadRequestsDenied, "nativeproxy_bad_requests_total", "Requests refused for what they are, by reason: by their head, before they were accepted, or accepted ones by their body.", label: "reason=denied"),
        Counter(CounterId.BytesFromClients, "nativeproxy_bytes_total", "Bytes read from (in) and written to (out) sockets, by peer.", label: "peer=client,direction=in"),
        Counter(CounterId.BytesToClients, "nativeproxy_bytes_total", "Bytes read from (in) and written to (out) sockets, by peer.", label: "peer=client,direction=out"),
        Counter(CounterId.BytesFromServers, "nativeproxy_bytes_total", "Bytes read from (in) and written to (out) sockets, by peer.", label: "peer=server,direction=in"),
        Counter(CounterId.BytesToServers, "nativeproxy_bytes_total", "Bytes read from (in) and written to (out) sockets, by peer.", label: "peer=server,direction=out"),

        // Timeouts
        Counter(CounterId.TimeoutsKeepAlive, "nativeproxy_timeouts_total", "Deadlines that passed, by kind.", label: "kind=keep_alive"),
        Counter(CounterId.TimeoutsRequestHeader, "nativeproxy_timeouts_total", "Deadlines that passed, by kind.", label: "kind=request_header"),
        Counter(CounterId.TimeoutsRequestBody, "nativeproxy_timeouts_total", "Deadlines that passed, by kind.", label: "kind=request_body"),
        Counter(CounterId.TimeoutsClientSend, "nativeproxy_timeouts_total", "Deadlines that passed, by kind.", label: "kind=client_send"),
        Counter(CounterId.TimeoutsLinger, "nativeproxy_timeouts_total", "Deadlines that passed, by kind.", label: "kind=linger"),
        Counter(CounterId.TimeoutsTunnel, "nativeproxy_timeouts_total", "Deadlines that passed, by kind.", label: "kind=tunnel"),
        Counter(CounterId.TimeoutsQueue, "nativeproxy_timeouts_total", "Deadlines that passed, by kind.", label: "kind=queue"),
        Counter(CounterId.TimeoutsConnect, "nativeproxy_timeouts_total", "Deadlines that passed, by kind.", label: "kind=connect"),
        Counter(CounterId.TimeoutsResponse, "nativeproxy_timeouts_total", "Deadlines that passed, by kind.", label: "kind=response"),

        // Why client connections closed
        Counter(CounterId.ClientClosesKeepAliveOff, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=keepalive_off"),
        Counter(CounterId.ClientClosesClientAsked, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=client_asked"),
        Counter(CounterId.ClientClosesHttp10, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=http10"),
        Counter(CounterId.ClientClosesClientFin, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=client_closed"),
        Counter(CounterId.ClientClosesClientReset, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=client_aborted"),
        Counter(CounterId.ClientClosesIdleTimeout, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=idle_timeout"),
        Counter(CounterId.ClientClosesHeaderTimeout, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=request_header_timeout"),
        Counter(CounterId.ClientClosesBodyTimeout, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=request_body_timeout"),
        Counter(CounterId.ClientClosesSendTimeout, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=send_timeout"),
        Counter(CounterId.ClientClosesTunnelTimeout, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=tunnel_timeout"),
        Counter(CounterId.ClientClosesMaxRequests, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=max_requests"),
        Counter(CounterId.ClientClosesMaxAge, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=max_age"),
        Counter(CounterId.ClientClosesAfterError, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=after_error"),
        Counter(CounterId.ClientClosesBadRequest, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=bad_request"),
        Counter(CounterId.ClientClosesBadProxyHeader, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=bad_proxy_header"),
        Counter(CounterId.ClientClosesLimit, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=limit"),
        Counter(CounterId.ClientClosesDenied, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=denied"),
        Counter(CounterId.ClientClosesUnreadBody, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=unread_request_body"),
        Counter(CounterId.ClientClosesUnknownLength, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=close_delimited"),
        Counter(CounterId.ClientClosesShortBody, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=truncated_response"),
        Counter(CounterId.ClientClosesBadResponseBody, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=bad_response_body"),
        Counter(CounterId.ClientClosesServerTimeout, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=server_timeout"),
        Counter(CounterId.ClientClosesUpgradeEnded, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=tunnel_ended"),
        Counter(CounterId.ClientClosesPressure, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=resource"),
        Counter(CounterId.ClientClosesDescriptorPressure, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=descriptor_pressure"),
        Counter(CounterId.ClientClosesMemoryPressure, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=memory_pressure"),
        Counter(CounterId.ClientClosesDrain, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=draining"),
        Counter(CounterId.ClientClosesStopped, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=stopped"),
        Counter(CounterId.ClientClosesPinnedServer, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=pinned_server_closed"),
        Counter(CounterId.ClientClosesListenerRemoved, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=listener_removed"),
        Counter(CounterId.ClientClosesInternalError, "nativeproxy_client_closes_total", "Client connections closed, by reason.", label: "reason=internal_error"),

        // Accounts of closed client connections
        Counter(CounterId.ClientClosedByProxy, "nativeproxy_client_closed_by_total", "Client connections closed, by who ended them first.", label: "by=proxy"),
        Counter(CounterId.ClientClosedByProxyReset, "nativeproxy_client_closed_by_total", "Client connections closed, by who ended them first.", label: "by=proxy_reset"),
        Counter(CounterId.ClientClosedByPeer, "nativeproxy_client_closed_by_total", "Client connections closed, by who ended them first.", label: "by=peer"),
        Counter(CounterId.ClientClosedByPeerReset, "nativeproxy_client_closed_by_total", "Client connections closed, by who ended them first.", label: "by=peer_reset"),
        Counter(CounterId.ClientConnectionUses, "nativeproxy_client_connection_requests_total", "Requests read on client connections that have closed since."),
        Seconds(CounterId.ClientConnectionSetupMs, "nativeproxy_client_connection_setup_seconds_total", "From accepting to the first byte, summed over closed client connections."),
        Seconds(CounterId.ClientConnectionActiveMs, "nativeproxy_client_connection_active_seconds_total", "From the first request to the last response, summed over closed client connections."),
        Seconds(CounterId.ClientConnectionIdleMs, "nativeproxy_client_connection_idle_seconds_total", "From the last response to the decision to close, summed over closed client connections."),
        Seconds(CounterId.ClientConnectionCloseMs, "nativeproxy_client_connection_close_seconds_total", "From the decision to close until the socket was gone, summed over closed client connections."),
        Seconds(CounterId.ClientConnectionLifeMs, "nativeproxy_client_connection_life_seconds_total", "From the opening until the socket was gone, summed over closed client connections."),

        // Server connections
        Counter(CounterId.ServerConnects, "nativeproxy_server_connects_total", "Connects to servers begun."),
        Counter(CounterId.ServerConnectFailuresRefused, "nativeproxy_server_connect_failures_total", "Connects to servers that failed, by reason.", label: "reason=refused"),
        Counter(CounterId.ServerConnectFailuresTimeout, "nativeproxy_server_connect_failures_total", "Connects to servers that failed, by reason.", label: "reason=timeout"),
        Counter(CounterId.ServerConnectFailuresUnreachable, "nativeproxy_server_connect_failures_total", "Connects to servers that failed, by reason.", label: "reason=unreachable"),
        Counter(CounterId.ServerConnectFailuresOther, "nativeproxy_server_connect_failures_total", "Connects to servers that failed, by reason.", label: "reason=other"),
        Gauge(CounterId.ServerConnectionsOpen, "nativeproxy_server_connections_open", "Server connections open now, idle ones included."),
        Gauge(CounterId.ServerConnectionsIdle, "nativeproxy_server_connections_idle", "Server connections waiting in a pool now."),
        Gauge(CounterId.ServerConnectionsPinned, "nativeproxy_server_connections_pinned", "Server connections waiting now for the one client that authenticated on them."),
        Counter(CounterId.ServerReuses, "nativeproxy_server_connection_reuses_total", "Requests sent on a server connection that had carried one before."),
        Counter(CounterId.ServerRequestsPipelined, "nativeproxy_server_requests_pipelined_total", "Requests sent behind others on the same server connection (upstream.keepalive.pipelining above 1)."),
        Counter(CounterId.ServerClosesServerFin, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=server_fin"),
        Counter(CounterId.ServerClosesServerReset, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=server_reset"),
        Counter(CounterId.ServerClosesServerSaid, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=server_said"),
        Counter(CounterId.ServerClosesReuseOff, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=reuse_off"),
        Counter(CounterId.ServerClosesIdleTimeout, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=idle_timeout"),
        Counter(CounterId.ServerClosesLearnedIdleTimeout, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=learned_idle_timeout"),
        Counter(CounterId.ServerClosesMaxRequests, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=max_requests"),
        Counter(CounterId.ServerClosesMaxAge, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=max_age"),
        Counter(CounterId.ServerClosesPoolFull, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=pool_full"),
        Counter(CounterId.ServerClosesSurplusBytes, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=surplus_bytes"),
        Counter(CounterId.ServerClosesRequestUnsent, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=request_unsent"),
        Counter(CounterId.ServerClosesAmbiguous, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=ambiguous"),
        Counter(CounterId.ServerClosesConnectFailed, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=connect_failed"),
        Counter(CounterId.ServerClosesClientAborted, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=client_aborted"),
        Counter(CounterId.ServerClosesTimeout, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=timeout"),
        Counter(CounterId.ServerClosesBadResponse, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=bad_response"),
        Counter(CounterId.ServerClosesUpgradeEnded, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=upgrade_ended"),
        Counter(CounterId.ServerClosesPurged, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=purged"),
        Counter(CounterId.ServerClosesStopped, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=stopped"),
        Counter(CounterId.ServerClosesServerDown, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=server_down"),
        Counter(CounterId.ServerClosesPinnedClientLeft, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=pinned_client_left"),
        Counter(CounterId.ServerClosesDescriptorPressure, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=descriptor_pressure"),
        Counter(CounterId.ServerClosesMemoryPressure, "nativeproxy_server_closes_total", "Server connections closed, by reason.", label: "reason=memory_pressure"),
        Counter(CounterId.ServerClosedByProxy, "nativeproxy_server_closed_by_total", "Server connections closed, by who ended them first.", label: "by=proxy"),
        Counter(CounterId.ServerClosedByProxyReset, "nativeproxy_server_closed_by_total", "Server connections closed, by who ended them first.", label: "by=proxy_reset"),
        Counter(CounterId.ServerClosedByPeer, "nativeproxy_server_closed_by_total", "Server connections closed, by who ended them first.", label: "by=peer"),
        Counter(CounterId.ServerClosedByPeerReset, "nativeproxy_server_closed_by_total", "Server connections closed, by who ended them first.", label: "by=peer_reset"),
        Counter(CounterId.ServerConnectionUses, "nativeproxy_server_connection_requests_total", "Requests for which server connections that have closed since were used."),
        Seconds(CounterId.ServerConnectionSetupMs, "nativeproxy_server_connection_setup_seconds_total", "From the connect to its success, summed over closed server connections."),
        Seconds(CounterId.ServerConnectionActiveMs, "nativeproxy_server_connection_active_seconds_total", "From the first request to the last response, summed over closed server connections."),
        Seconds(CounterId.ServerConnectionIdleMs, "nativeproxy_server_connection_idle_seconds_total", "From the last response to the decision to close, summed over closed server connections."),
        Seconds(CounterId.ServerConnectionCloseMs, "nativeproxy_server_connection_close_seconds_total", "From the decision to close until the socket was gone, summed over closed server connections."),
        Seconds(CounterId.ServerConnectionLifeMs, "nativeproxy_server_connection_life_seconds_total", "From the opening until the socket was gone, summed over closed server connections."),
        Counter(CounterId.BadResponses, "nativeproxy_bad_responses_total", "Server responses refused because they could not be read safely."),
        Counter(CounterId.ShortBodies, "nativeproxy_short_bodies_total", "Server responses that ended before their announced length."),

        // Retries
        Counter(CounterId.StaleReusesFailed, "nativeproxy_stale_reuses_total", "Reused server connections that turned out closed, by outcome for the client.", label: "outcome=failed"),
        Counter(CounterId.RetriesStaleReuse, "nativeproxy_retries_total", "Requests sent once more, by cause.", label: "cause=stale_reuse"),
        Counter(CounterId.RetriesConnectFailure, "nativeproxy_retries_total", "Requests sent once more, by cause.", label: "cause=connect_failure"),
        Counter(CounterId.RetriesUnacknowledged, "nativeproxy_retries_total", "Requests sent once more, by cause.", label: "cause=unacknowledged"),
        Counter(CounterId.RetriesEmptyResponse, "nativeproxy_retries_total", "Requests sent once more, by cause.", label: "cause=empty_response"),
        Counter(CounterId.RetriesResponseTimeout, "nativeproxy_retries_total", "Requests sent once more, by cause.", label: "cause=response_timeout"),
        Counter(CounterId.RetriesOverBudget, "nativeproxy_retries_over_budget_total", "Requests that were not sent once more because retry.budget was used up."),
        Counter(CounterId.ReplayedBodies, "nativeproxy_replayed_bodies_total", "Requests sent once more with body bytes that had gone out before."),
        Counter(CounterId.ReplayRefusals, "nativeproxy_replay_refusals_total", "Request bodies that were not kept for another try because replay_bytes was used up."),
        Gauge(CounterId.ReplayBytesHeld, "nativeproxy_replay_held_bytes", "Bytes of the blocks that keep request bodies for another try now."),
        Counter(CounterId.QueueEntered, "nativeproxy_queue_entered_total", "Requests that had to wait for a server with room."),
        Gauge(CounterId.QueueWaiting, "nativeproxy_queue_waiting", "Requests waiting for a server with room now."),
        Counter(CounterId.NoServerAvailable, "nativeproxy_no_server_available_total", "Requests refused because no server was usable."),

        // Cache
        Counter(CounterId.CacheHits, "nativeproxy_cache_hits_total", "Requests answered from the cache."),
        Counter(CounterId.CacheMisses, "nativeproxy_cache_misses_total", "Requests that the cache might have answered, had it had the response."),
        Counter(CounterId.CacheStores, "nativeproxy_cache_stores_total", "Responses taken into the cache."),
        Counter(CounterId.CacheEvictions, "nativeproxy_cache_evictions_total", "Responses that left the cache to make room for others."),
        Counter(CounterId.CacheInvalidations, "nativeproxy_cache_invalidations_total", "Responses that left the cache because a request changed what they show (POST, PUT, DELETE and the like)."),
        Counter(CounterId.CacheFetchesAlone, "nativeproxy_cache_fetches_alone_total", "Responses read on for the cache after their client had gone (half_close other than abort)."),
        Gauge(CounterId.CacheEntries, "nativeproxy_cache_entries", "Responses that the cache has now."),
        Gauge(CounterId.CacheBytesHeld, "nativeproxy_cache_held_bytes", "Bytes of the blocks that hold responses for the cache now, complete or not."),

        // Forward proxy
        Gauge(CounterId.Origins, "nativeproxy_forward_origins", "Destinations (host and port) that forward listeners remember now."),
        Counter(CounterId.NameLookups, "nativeproxy_name_lookups_total", "Names looked up for forward listeners."),
        Counter(CounterId.NameLookupsFailed, "nativeproxy_name_lookups_failed_total", "Look-ups that found no address."),

        // Pressure
        Gauge(CounterId.PressureDescriptors, "nativeproxy_pressure", "Workers that are short of connections and descriptors, or of buffer memory, now: responses say close, idle connections are closed.", label: "resource=descriptors"),
        Gauge(CounterId.PressureMemory, "nativeproxy_pressure", "Workers that are short of connections and descriptors, or of buffer memory, now: responses say close, idle connections are closed.", label: "resource=memory"),
        Counter(CounterId.PressureEpisodesDescriptors, "nativeproxy_pressure_episodes_total", "Times a worker ran short of connections and descriptors, or of buffer memory.", label: "resource=descriptors"),
        Counter(CounterId.PressureEpisodesMemory, "nativeproxy_pressure_episodes_total", "Times a worker ran short of connections and descriptors, or of buffer memory.", label: "resource=memory"),
        Counter(CounterId.ShedClientsDescriptors, "nativeproxy_shed_connections_total", "Idle connections closed because of pressure, by side and what was short.", label: "side=client,resource=descriptors"),
        Counter(CounterId.ShedClientsMemory, "nativeproxy_shed_connections_total", "Idle connections closed because of pressure, by side and what was short.", label: "side=client,resource=memory"),
        Counter(CounterId.ShedServersDescriptors, "nativeproxy_shed_connections_total", "Idle connections closed because of pressure, by side and what was short.", label: "side=server,resource=descriptors"),
        Counter(CounterId.ShedServersMemory, "nativeproxy_shed_connections_total", "Idle connections closed because of pressure, by side and what was short.", label: "side=server,resource=memory"),
        Counter(CounterId.AcceptFailures, "nativeproxy_accept_failures_total", "Times a connection could not be accepted for want of descriptors or memory."),

        // The process itself
        Counter(CounterId.LogLinesWritten, "nativeproxy_log_lines_written_total", "Log lines written (exchanges and connections)."),
        Counter(CounterId.LogLinesDropped, "nativeproxy_log_lines_dropped_total", "Log lines dropped because the log ring was full."),
        Counter(CounterId.LogLinesLost, "nativeproxy_log_lines_lost_total", "Log lines lost to write errors."),
        Gauge(CounterId.BufferBytesHeld, "nativeproxy_buffer_held_bytes", "Bytes of buffer memory held, lent or not."),
        Gauge(CounterId.BufferBlocksLent, "nativeproxy_buffer_blocks_lent", "Buffer blocks in use now."),
        Gauge(CounterId.BufferBytesReceiveTails, "nativeproxy_buffer_lent_bytes", "Bytes of buffer blocks in use, by purpose; receive_tail is what beginnings of messages and requests read ahead hold. Once a second.", label: "purpose=receive_tail"),
        Gauge(CounterId.BufferBytesSendQueues, "nativeproxy_buffer_lent_bytes", "Bytes of buffer blocks in use, by purpose; receive_tail is what beginnings of messages and requests read ahead hold. Once a second.", label: "purpose=send_queue"),
        Gauge(CounterId.BufferBytesReplayCopies, "nativeproxy_buffer_lent_bytes", "Bytes of buffer blocks in use, by purpose; receive_tail is what beginnings of messages and requests read ahead hold. Once a second.", label: "purpose=replay_copy"),
        Gauge(CounterId.BufferBytesLogTexts, "nativeproxy_buffer_lent_bytes", "Bytes of buffer blocks in use, by purpose; receive_tail is what beginnings of messages and requests read ahead hold. Once a second.", label: "purpose=log_text"),
        Gauge(CounterId.IdleClientBytes, "nativeproxy_idle_connection_bytes", "Memory of the process that idle connections hold, estimated by the objects of one; the kernel's is not in it. Once a second.", label: "side=client"),
        Gauge(CounterId.IdleServerBytes, "nativeproxy_idle_connection_bytes", "Memory of the process that idle connections hold, estimated by the objects of one; the kernel's is not in it. Once a second.", label: "side=server"),
        Counter(CounterId.BufferRefusals, "nativeproxy_buffer_refusals_total", "Times no buffer block could be had within the budget."),
        Gauge(CounterId.TimersLinked, "nativeproxy_timers_linked", "Timer nodes in the wheel."),
        Counter(CounterId.FigureRefreshes, "nativeproxy_figure_refreshes_total", "Times that the workers brought log, buffer, timer and heap figures up to date, once a second each."),
        Counter(CounterId.WorkerRestarts, "nativeproxy_worker_restarts_total", "Worker processes started again after a crash."),
        Counter(CounterId.Reloads, "nativeproxy_reloads_total", "Reloads of the configuration, by outcome.", label: "outcome=done"),
        Counter(CounterId.ReloadFailures, "nativeproxy_reloads_total", "Reloads of the configuration, by outcome.", label: "outcome=refused"),
        Service(CounterId.LastReloadSucceeded, "nativeproxy_config_last_reload_successful", "Whether the last reload of the configuration was taken over (1) or refused (0); 1 after the start."),
        Service(CounterId.LastReloadSuccessWallMs, "nativeproxy_config_last_reload_success_timestamp_seconds", "When the configuration that is in force was taken over, in seconds since 1970-01-01 UTC.", CounterUnit.Milliseconds),
        Counter(CounterId.HeapAllocatedBytes, "nativeproxy_heap_allocated_bytes_total", "Bytes of managed memory allocated since the start."),
        Counter(CounterId.HeapCollections, "nativeproxy_heap_collections_total", "Garbage collections since the start."),
    ];

    public static ReadOnlySpan<CounterInfo> Rows => AllRows;

    public static int Count => AllRows.Length;

    private static CounterInfo Counter(CounterId id, string name, string help, string? label = null) => Row(id, CounterKind.Counter, name, help, label);

    private static CounterInfo Seconds(CounterId id, string name, string help) => Row(id, CounterKind.Counter, name, help, label: null, CounterUnit.Milliseconds);

    private static CounterInfo Gauge(CounterId id, string name, string help, string? label = null) => Row(id, CounterKind.Gauge, name, help, label);

    private static CounterInfo Service(CounterId id, string name, string help, CounterUnit unit = CounterUnit.One) => Row(id, CounterKind.ServiceGauge, name, help, label: null, unit);

    private static CounterInfo Row(CounterId id, CounterKind kind, string name, string help, string? label, CounterUnit unit = CounterUnit.One) =>
        new(id, kind, name, help, label is null ? null : QuoteValues(label), unit);

    /// <summary><c>a=b,c=d</c> as the table writes it becomes <c>a="b",c="d"</c>; no value holds any of these signs.</summary>
    private static string QuoteValues(string label) => label.Replace(",", "\",").Replace("=", "=\"") + "\"";
}
