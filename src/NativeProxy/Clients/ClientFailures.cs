using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;

namespace NativeProxy.Clients;

/// <summary>What an error means for the client's connection, and how a refused request is counted. Tables only.</summary>
internal static class ClientFailures
{
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
        ProxyError.TotalTimeout => CloseReason.TotalTimeout,
        ProxyError.RequestBodyTimeout => CloseReason.RequestBodyTimeout,
        ProxyError.RequestBodyTooLarge => CloseReason.Limit,
        ProxyError.BadRequest => CloseReason.BadRequest,
        ProxyError.ClosedByRoute => CloseReason.Denied,
        _ => CloseReason.TruncatedResponse,
    };

    /// <summary>Counts a request that is refused for what it is, by its head or by its body; our own shortage is counted elsewhere.</summary>
    public static void CountRefusal(LoopCounters counters, ProxyError error, RejectReason detail)
    {
        if (CounterOf(error, detail) is { } counter)
            counters.Add(counter);
    }

    private static CounterId? CounterOf(ProxyError error, RejectReason detail) => ErrorReplies.StatusOf(error, detail) switch
    {
        0 when error == ProxyError.ClosedByRoute => CounterId.BadRequestsDenied,
        403 => CounterId.BadRequestsDenied,
        413 or 414 or 431 => CounterId.BadRequestsTooLarge,
        405 or 501 or 505 => CounterId.BadRequestsUnsupported,
        >= 500 => null,
        _ => IsOfFraming(detail) ? CounterId.BadRequestsFraming : CounterId.BadRequestsSyntax,
    };

    private static bool IsOfFraming(RejectReason detail) =>
        detail is RejectReason.BadContentLength or RejectReason.DuplicateContentLength or RejectReason.LengthWithTransferEncoding
            or RejectReason.BadTransferEncoding or RejectReason.TransferEncodingInHttp10
            or RejectReason.BadChunkSize or RejectReason.ChunkSizeOverflow or RejectReason.BadChunkExtension or RejectReason.ChunkExtensionTooLarge
            or RejectReason.BadChunkEnd or RejectReason.BadTrailer;
}
