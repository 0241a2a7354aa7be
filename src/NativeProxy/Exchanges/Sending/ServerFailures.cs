using NativeProxy.Foundation;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges.Sending;

/// <summary>What an end of an exchange means for the server connection that it used. Tables, and a count.</summary>
internal static class ServerFailures
{
    /// <summary>Counts what the server did wrong.</summary>
    public static void Count(LoopCounters counters, ProxyError error, ServerStream stream)
    {
        if (error is ProxyError.ServerBadResponse or ProxyError.ServerBadBody)
            counters.Add(CounterId.BadResponses);
        else if (error == ProxyError.ServerTruncatedResponse)
            counters.Add(CounterId.ShortBodies);
        else if (error == ProxyError.ServerClosedBeforeResponse && stream is { HasConnection: true, IsReused: true })
            counters.Add(CounterId.StaleReusesFailed);
    }

    /// <summary>What counts requests that are sent again for this.</summary>
    public static CounterId CounterOf(RetryCause cause) => cause switch
    {
        RetryCause.ConnectFailure => CounterId.RetriesConnectFailure,
        RetryCause.Unacknowledged => CounterId.RetriesUnacknowledged,
        RetryCause.EmptyResponse => CounterId.RetriesEmptyResponse,
        RetryCause.ResponseTimeout => CounterId.RetriesResponseTimeout,
        RetryCause.Status => CounterId.RetriesStatus,
        RetryCause.JunkResponse => CounterId.RetriesJunkResponse,
        RetryCause.Hedge => CounterId.RetriesHedge,
        _ => CounterId.RetriesStaleReuse,
    };

    /// <summary>Why the server connection is closed after this error.</summary>
    public static ServerCloseReason ReasonOf(ProxyError error) => error switch
    {
        ProxyError.ServerResponseTimeout or ProxyError.TotalTimeout => ServerCloseReason.Timeout,
        ProxyError.ServerBadResponse or ProxyError.ServerBadBody or ProxyError.ResponseBodyTooLarge => ServerCloseReason.BadResponse,
        ProxyError.ServerTruncatedResponse or ProxyError.ServerClosedBeforeResponse => ServerCloseReason.ServerFin,
        _ => ServerCloseReason.RequestUnsent,
    };

    /// <summary>Why the server connection is closed when the exchange is given up for what happened to the client's connection.</summary>
    public static ServerCloseReason AbandonedReasonOf(CloseReason reason) => reason switch
    {
        CloseReason.TunnelTimeout => ServerCloseReason.UpgradeEnded,
        CloseReason.Stopped => ServerCloseReason.Stopped,
        CloseReason.EndedByOperator => ServerCloseReason.EndedByOperator,
        _ => ServerCloseReason.ClientAborted,
    };
}
