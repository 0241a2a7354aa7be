using NativeProxy.Foundation;
using NativeProxy.Upstreams;

namespace NativeProxy.Sessions;

/// <summary>What an error of an exchange means for the two connections it used. Tables only.</summary>
internal static class ExchangeFailures
{
    /// <summary>Why the server connection is closed after this error.</summary>
    public static ServerCloseReason ServerReasonOf(ProxyError error) => error switch
    {
        ProxyError.ServerResponseTimeout => ServerCloseReason.Timeout,
        ProxyError.ServerBadResponse or ProxyError.ServerBadBody or ProxyError.ResponseBodyTooLarge => ServerCloseReason.BadResponse,
        ProxyError.ServerTruncatedResponse or ProxyError.ServerClosedBeforeResponse => ServerCloseReason.ServerFin,
        _ => ServerCloseReason.RequestUnsent,
    };

    /// <summary>Why the client connection is cut when this error comes after the response has begun.</summary>
    public static CloseReason CutReasonOf(ProxyError error) => error switch
    {
        ProxyError.ServerTruncatedResponse => CloseReason.TruncatedResponse,
        ProxyError.ServerBadBody => CloseReason.BadResponseBody,
        ProxyError.ServerResponseTimeout => CloseReason.ServerTimeout,
        ProxyError.ResponseBodyTooLarge => CloseReason.LimitExceeded,
        ProxyError.RequestBodyTimeout => CloseReason.RequestBodyTimeout,
        ProxyError.RequestBodyTooLarge => CloseReason.LimitExceeded,
        ProxyError.BadRequest => CloseReason.BadRequest,
        _ => CloseReason.TruncatedResponse,
    };
}
