using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Transport;

namespace NativeProxy.Sessions;

/// <summary>Which counter belongs to which close reason.</summary>
internal static class CloseCounters
{
    public static CounterId Of(CloseReason reason) => reason switch
    {
        CloseReason.ClientClosed => CounterId.ClientClosesClientFin,
        CloseReason.ClientAborted => CounterId.ClientClosesClientReset,
        CloseReason.ClientAskedClose => CounterId.ClientClosesClientAsked,
        CloseReason.Http10WithoutKeepAlive => CounterId.ClientClosesHttp10,
        CloseReason.KeepAliveOff => CounterId.ClientClosesKeepAliveOff,
        CloseReason.MaxRequests => CounterId.ClientClosesMaxRequests,
        CloseReason.MaxAge => CounterId.ClientClosesMaxAge,
        CloseReason.IdleTimeout => CounterId.ClientClosesIdleTimeout,
        CloseReason.RequestHeaderTimeout or CloseReason.RequestBodyTimeout or CloseReason.SendTimeout or CloseReason.TunnelTimeout
            => CounterId.ClientClosesTimeout,
        CloseReason.BadRequest or CloseReason.LimitExceeded => CounterId.ClientClosesBadRequest,
        CloseReason.BadProxyHeader => CounterId.ClientClosesBadProxyHeader,
        CloseReason.AfterError => CounterId.ClientClosesAfterError,
        CloseReason.UnreadRequestBody => CounterId.ClientClosesUnreadBody,
        CloseReason.CloseDelimited => CounterId.ClientClosesUnknownLength,
        CloseReason.TruncatedResponse => CounterId.ClientClosesShortBody,
        CloseReason.BadResponseBody or CloseReason.ServerTimeout => CounterId.ClientClosesServerError,
        CloseReason.TunnelEnded => CounterId.ClientClosesUpgradeEnded,
        CloseReason.Draining => CounterId.ClientClosesDrain,
        CloseReason.ResourceExhausted => CounterId.ClientClosesPressure,
        CloseReason.DescriptorPressure => CounterId.ClientClosesDescriptorPressure,
        CloseReason.MemoryPressure => CounterId.ClientClosesMemoryPressure,
        _ => CounterId.ClientClosesInternalError,
    };

    /// <summary>Counter of the side that ended a client connection first.</summary>
    public static CounterId Of(FirstEnd end) => end switch
    {
        FirstEnd.Peer => CounterId.ClientEndsByClient,
        FirstEnd.Reset => CounterId.ClientEndsByReset,
        _ => CounterId.ClientEndsByProxy,
    };
}
