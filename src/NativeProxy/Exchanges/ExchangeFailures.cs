using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Exchanges;

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

    /// <summary>Why the server connection is closed when the exchange is given up for what happened to the client's connection.</summary>
    public static ServerCloseReason AbandonedReasonOf(CloseReason reason) => reason switch
    {
        CloseReason.TunnelTimeout => ServerCloseReason.UpgradeEnded,
        CloseReason.Stopped => ServerCloseReason.Stopped,
        _ => ServerCloseReason.ClientAborted,
    };

    /// <summary>Why the client connection is closed after a request that was refused.</summary>
    public static CloseReason RefusalReasonOf(ProxyError error, RejectReason detail) => error switch
    {
        ProxyError.BuffersExhausted => CloseReason.Resource,
        ProxyError.ClientRefused or ProxyError.DestinationRefused => CloseReason.Denied,
        ProxyError.RequestBodyTimeout => CloseReason.RequestBodyTimeout,
        _ => ErrorReplies.StatusOf(error, detail) is 413 or 414 or 431 ? CloseReason.Limit : CloseReason.BadRequest,
    };

    /// <summary>
    /// Why the client connection is closed after an answer of the proxy's own, or None: what the request itself did comes before what was
    /// decided as for any answer.
    /// </summary>
    public static CloseReason AnsweredReasonOf(ProxyError error, RejectReason detail, CloseReason decided) => error switch
    {
        ProxyError.BadRequest or ProxyError.RequestBodyTimeout or ProxyError.RequestBodyTooLarge => RefusalReasonOf(error, detail),

        // An address is denied when it is known, after the request has begun; the connection may live on where it could anyway.
        ProxyError.DestinationRefused when decided != CloseReason.None => CloseReason.Denied,
        ProxyError.BuffersExhausted when decided == CloseReason.UnreadRequestBody => CloseReason.Resource,
        _ => decided,
    };

    /// <summary>Why the client connection is cut when this error comes after the response has begun.</summary>
    public static CloseReason CutReasonOf(ProxyError error) => error switch
    {
        ProxyError.ServerTruncatedResponse => CloseReason.TruncatedResponse,
        ProxyError.ServerBadBody => CloseReason.BadResponseBody,
        ProxyError.ServerResponseTimeout => CloseReason.ServerTimeout,
        ProxyError.ResponseBodyTooLarge => CloseReason.Limit,
        ProxyError.RequestBodyTimeout => CloseReason.RequestBodyTimeout,
        ProxyError.RequestBodyTooLarge => CloseReason.Limit,
        ProxyError.BadRequest => CloseReason.BadRequest,
        _ => CloseReason.TruncatedResponse,
    };
}
