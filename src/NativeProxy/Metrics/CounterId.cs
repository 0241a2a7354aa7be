using NativeProxy.Foundation;

namespace NativeProxy.Metrics;

/// <summary>
/// Everything the proxy counts, one long per worker and id. What each means, and its name for Prometheus, stands in <see cref="CounterTable"/>,
/// row by row in this order. Ids are positions in shared memory: supervisor and workers must be the same build.
/// </summary>
internal enum CounterId
{
    // Client connections
    ClientConnectionsAccepted,
    ClientConnectionsOpen,
    ClientConnectionsIdle,
    ClientsHalfClosed,
    TunnelsOpen,
    TunnelsStarted,

    // Requests and responses
    Requests,
    RequestsOnKeptConnection,
    RequestsInParallel,
    RequestsInFlight,
    RequestsBehindOthers,
    RequestsAborted,
    Responses1xx,
    Responses2xx,
    Responses3xx,
    Responses4xx,
    Responses5xx,
    ResponsesByProxy,
    BadRequestsSyntax,
    BadRequestsFraming,
    BadRequestsTooLarge,
    BadRequestsUnsupported,
    BadRequestsDenied,
    RateLimitRejected,
    RateLimitDelayed,
    RateLimitLogged,
    RateLimitWaiting,
    RateLimitKeysDisplaced,
    PasswordsRight,
    PasswordsWrong,
    PasswordChecksRefused,
    Compressions,
    CompressionsRefused,
    MirrorsAnswered,
    MirrorsFailed,
    MirrorsRefused,
    BytesFromClients,
    BytesToClients,
    BytesFromServers,
    BytesToServers,

    // Timeouts
    TimeoutsKeepAlive,
    TimeoutsRequestHeader,
    TimeoutsRequestBody,
    TimeoutsClientSend,
    TimeoutsLinger,
    TimeoutsTunnel,
    TimeoutsInspect,
    TimeoutsQueue,
    TimeoutsConnect,
    TimeoutsResponse,

    // Why client connections closed
    /// <summary>The first of a block: one for each <see cref="CloseReason"/> (<see cref="CloseCounters"/>).</summary>
    ClientCloses,

    /// <summary>The last of the block.</summary>
    ClientClosesLast = ClientCloses + CloseReasons.Count - 1,

    // Accounts of closed client connections
    ClientClosedByProxy,
    ClientClosedByProxyReset,
    ClientClosedByPeer,
    ClientClosedByPeerReset,
    ClientConnectionUses,
    ClientConnectionSetupMs,
    ClientConnectionActiveMs,
    ClientConnectionIdleMs,
    ClientConnectionCloseMs,
    ClientConnectionLifeMs,

    // Server connections
    ServerConnects,
    ServerConnectFailuresRefused,
    ServerConnectFailuresTimeout,
    ServerConnectFailuresUnreachable,
    ServerConnectFailuresOther,
    ServerConnectionsOpen,
    ServerConnectionsIdle,
    ServerConnectionsPinned,
    ServerReuses,
    ServerConnectsAhead,
    ServerConnectsAheadUsed,
    ServerRequestsPipelined,

    /// <summary>The first of a block: one for each <see cref="ServerCloseReason"/> but None (<see cref="CloseCounters"/>).</summary>
    ServerCloses,

    /// <summary>The last of the block.</summary>
    ServerClosesLast = ServerCloses + ServerCloseReasons.Count - 2,
    ServerClosedByProxy,
    ServerClosedByProxyReset,
    ServerClosedByPeer,
    ServerClosedByPeerReset,
    ServerConnectionUses,
    ServerConnectionSetupMs,
    ServerConnectionActiveMs,
    ServerConnectionIdleMs,
    ServerConnectionCloseMs,
    ServerConnectionLifeMs,
    BadResponses,
    ShortBodies,
    ToleratedPaddedChunkSize,
    ToleratedLengthWithCoding,
    ToleratedIdentityCoding,
    ToleratedLengthOnSwitch,
    ToleratedStatusAbove599,

    // Retries
    StaleReusesFailed,
    RetriesStaleReuse,
    RetriesConnectFailure,
    RetriesUnacknowledged,
    RetriesEmptyResponse,
    RetriesResponseTimeout,
    RetriesStatus,
    RetriesOverBudget,
    ReplayedBodies,
    ReplayRefusals,
    ReplayBytesHeld,
    QueueEntered,
    QueueFull,
    RequestsOverConcurrency,
    RequestsOverUpstreamMax,
    QueueWaiting,
    NoServerAvailable,

    // Cache
    CacheHits,
    CacheMisses,
    CacheStores,
    CacheEvictions,
    CacheInvalidations,
    CacheFetchesAlone,
    CacheEntries,
    CacheBytesHeld,

    // Forward proxy
    Origins,
    NameLookups,
    NameLookupsFailed,
    ServerNameLookups,
    ServerNameLookupsFailed,
    ServerAddressChanges,

    // Pressure
    PressureDescriptors,
    PressureMemory,
    PressureEpisodesDescriptors,
    PressureEpisodesMemory,
    ShedClientsDescriptors,
    ShedClientsMemory,
    ShedServersDescriptors,
    ShedServersMemory,
    AcceptFailures,

    // The process itself
    LogLinesWritten,
    LogLinesDropped,
    LogLinesLost,
    BufferBytesHeld,
    BufferBlocksLent,
    BufferBytesReceiveTails,
    BufferBytesSendQueues,
    BufferBytesReplayCopies,
    BufferBytesLogTexts,
    IdleClientBytes,
    IdleServerBytes,
    BufferRefusals,
    TimersLinked,
    FigureRefreshes,
    WorkerRestarts,
    Reloads,
    ReloadFailures,
    LastReloadSucceeded,
    LastReloadSuccessWallMs,
    HeapAllocatedBytes,
    HeapCollections,
}
