using NativeProxy.Metrics;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams;

/// <summary>Why a server connection is closed, or <see cref="None"/> when it is sound and may be pooled. Every close has one.</summary>
internal enum ServerCloseReason : byte
{
    /// <summary>The exchange ended cleanly on both sides.</summary>
    None,

    /// <summary>The server sent FIN.</summary>
    ServerFin,

    /// <summary>The server reset the connection.</summary>
    ServerReset,

    /// <summary>The response said that the connection ends after it.</summary>
    ServerSaid,

    /// <summary>Server keep-alive is switched off.</summary>
    ReuseOff,

    /// <summary>Not used for <c>keepalive.idle_timeout</c>.</summary>
    IdleTimeout,

    /// <summary>The server would soon have closed it, as was learned from it.</summary>
    LearnedIdleTimeout,

    /// <summary><c>keepalive.max_requests</c> is reached.</summary>
    MaxRequests,

    /// <summary><c>keepalive.max_age</c> is reached.</summary>
    MaxAge,

    /// <summary>The pool was full and this was its least recently used connection.</summary>
    PoolFull,

    /// <summary>Bytes came that no request had asked for.</summary>
    SurplusBytes,

    /// <summary>The request was not sent to its end.</summary>
    RequestUnsent,

    /// <summary>What the server believes about the connection is not certain (a refused upgrade).</summary>
    Ambiguous,

    /// <summary>The connection was not established.</summary>
    ConnectFailed,

    /// <summary>The client gave the exchange up.</summary>
    ClientAborted,

    /// <summary>No answer in time.</summary>
    Timeout,

    /// <summary>An answer that could not be read safely.</summary>
    BadResponse,

    /// <summary>The tunnel has ended.</summary>
    UpgradeEnded,

    /// <summary>The pools are being emptied.</summary>
    Purged,

    /// <summary>The server fails its health checks.</summary>
    ServerDown,

    /// <summary>Descriptors are running short, and this was an idle connection.</summary>
    DescriptorPressure,

    /// <summary>Buffer memory is running short, and this was an idle connection.</summary>
    MemoryPressure,
}

/// <summary>Which counter belongs to which reason.</summary>
internal static class ServerCloseReasons
{
    public static CounterId CounterOf(ServerCloseReason reason) => reason switch
    {
        ServerCloseReason.ServerFin => CounterId.ServerClosesServerFin,
        ServerCloseReason.ServerReset => CounterId.ServerClosesServerReset,
        ServerCloseReason.ServerSaid => CounterId.ServerClosesServerSaid,
        ServerCloseReason.ReuseOff => CounterId.ServerClosesReuseOff,
        ServerCloseReason.IdleTimeout => CounterId.ServerClosesIdleTimeout,
        ServerCloseReason.LearnedIdleTimeout => CounterId.ServerClosesLearnedIdleTimeout,
        ServerCloseReason.MaxRequests => CounterId.ServerClosesMaxRequests,
        ServerCloseReason.MaxAge => CounterId.ServerClosesMaxAge,
        ServerCloseReason.PoolFull => CounterId.ServerClosesPoolFull,
        ServerCloseReason.SurplusBytes => CounterId.ServerClosesSurplusBytes,
        ServerCloseReason.RequestUnsent => CounterId.ServerClosesRequestUnsent,
        ServerCloseReason.ConnectFailed => CounterId.ServerClosesConnectFailed,
        ServerCloseReason.ClientAborted => CounterId.ServerClosesClientAborted,
        ServerCloseReason.Timeout => CounterId.ServerClosesTimeout,
        ServerCloseReason.BadResponse => CounterId.ServerClosesBadResponse,
        ServerCloseReason.UpgradeEnded => CounterId.ServerClosesUpgradeEnded,
        ServerCloseReason.Purged => CounterId.ServerClosesPurged,
        ServerCloseReason.ServerDown => CounterId.ServerClosesServerDown,
        ServerCloseReason.DescriptorPressure => CounterId.ServerClosesDescriptorPressure,
        ServerCloseReason.MemoryPressure => CounterId.ServerClosesMemoryPressure,
        _ => CounterId.ServerClosesAmbiguous,
    };

    /// <summary>Counter of the side that ended a server connection first. One that was never established has no such side.</summary>
    public static CounterId CounterOf(FirstEnd end) => end switch
    {
        FirstEnd.Peer => CounterId.ServerEndsByServer,
        FirstEnd.Reset => CounterId.ServerEndsByReset,
        _ => CounterId.ServerEndsByProxy,
    };
}
