using NativeProxy.Foundation;
using NativeProxy.Metrics;

namespace NativeProxy.Clients;

/// <summary>Which counter belongs to which close reason; its label is the code of the reason.</summary>
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
        CloseReason.RequestHeaderTimeout => CounterId.ClientClosesHeaderTimeout,
        CloseReason.RequestBodyTimeout => CounterId.ClientClosesBodyTimeout,
        CloseReason.SendTimeout => CounterId.ClientClosesSendTimeout,
        CloseReason.TunnelTimeout => CounterId.ClientClosesTunnelTimeout,
        CloseReason.BadRequest => CounterId.ClientClosesBadRequest,
        CloseReason.LimitExceeded => CounterId.ClientClosesLimit,
        CloseReason.Denied => CounterId.ClientClosesDenied,
        CloseReason.BadProxyHeader => CounterId.ClientClosesBadProxyHeader,
        CloseReason.AfterError => CounterId.ClientClosesAfterError,
        CloseReason.UnreadRequestBody => CounterId.ClientClosesUnreadBody,
        CloseReason.CloseDelimited => CounterId.ClientClosesUnknownLength,
        CloseReason.TruncatedResponse => CounterId.ClientClosesShortBody,
        CloseReason.BadResponseBody => CounterId.ClientClosesBadResponseBody,
        CloseReason.ServerTimeout => CounterId.ClientClosesServerTimeout,
        CloseReason.PinnedServerClosed => CounterId.ClientClosesPinnedServer,
        CloseReason.TunnelEnded => CounterId.ClientClosesUpgradeEnded,
        CloseReason.Draining => CounterId.ClientClosesDrain,
        CloseReason.Stopped => CounterId.ClientClosesStopped,
        CloseReason.ListenerRemoved => CounterId.ClientClosesListenerRemoved,
        CloseReason.ResourceExhausted => CounterId.ClientClosesPressure,
        CloseReason.DescriptorPressure => CounterId.ClientClosesDescriptorPressure,
        CloseReason.MemoryPressure => CounterId.ClientClosesMemoryPressure,
        _ => CounterId.ClientClosesInternalError,
    };
}
