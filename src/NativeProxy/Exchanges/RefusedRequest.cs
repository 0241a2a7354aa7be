using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Exchanges;

/// <summary>
/// What came instead of a request that an exchange could begin with: why the connection ends with it, and what its client, the counters
/// and the log are told. Lives within one call; thread: the loop. Never ends the connection: its session does.
/// </summary>
internal readonly ref struct RefusedRequest
{
    private readonly ProxyError _error;
    private readonly RejectReason _detail;

    /// <summary>What has come of the request; nothing when the PROXY header is missing, so that there is no answer either.</summary>
    private readonly ReadOnlySpan<byte> _request;

    /// <summary>The request is there, and it is the request that is wrong.</summary>
    private readonly bool _isBad;

    private RefusedRequest(ProxyError error, RejectReason detail, CloseReason closeReason, ReadOnlySpan<byte> request, bool isBad)
    {
        _error = error;
        _detail = detail;
        _request = request;
        _isBad = isBad;
        CloseReason = closeReason;
    }

    public CloseReason CloseReason { get; }

    /// <summary>A request that must not be forwarded.</summary>
    /// <param name="error">What is wrong.</param>
    /// <param name="detail">The rule that it broke, or None.</param>
    /// <param name="request">What has come of it.</param>
    public static RefusedRequest Bad(ProxyError error, RejectReason detail, ReadOnlySpan<byte> request) =>
        new(error, detail, ExchangeFailures.RefusalReasonOf(error, detail), request, isBad: true);

    /// <summary>A request whose head, or the PROXY header before it, did not come to its end in time.</summary>
    /// <param name="request">What has come of the head; nothing when it is the PROXY header that was waited for.</param>
    public static RefusedRequest Late(ReadOnlySpan<byte> request) =>
        new(ProxyError.RequestHeaderTimeout, RejectReason.None, CloseReason.RequestHeaderTimeout, request, isBad: false);

    /// <summary>No sound PROXY header: it came past the balancer, or from something that does not speak HTTP.</summary>
    public static RefusedRequest NoProxyHeader() =>
        new(ProxyError.BadProxyHeader, RejectReason.None, CloseReason.BadProxyHeader, default, isBad: false);

    /// <summary>Answers, counts and logs it.</summary>
    /// <param name="session">The connection on which it came.</param>
    /// <param name="startedMs">When its first byte came.</param>
    public void Tell(ClientSession session, long startedMs)
    {
        Listener listener = session.Listener;
        if (_isBad)
            RequestIntake.CountRefusal(listener.Counters, _error, _detail);
        int statusCode = 0;
        ReadOnlySpan<byte> answer = default;
        if (!_request.IsEmpty)
        {
            OwnReply reply = Reply();
            answer = reply.Write(listener.Scratch, listener.Loop.Date.Now, listener.Forwarding.AllowedMethods, listener.Keepalive, listener.Counters);
            session.Client.Send(answer);
            statusCode = reply.StatusCode;
        }
        listener.LogRejected(session, _error, _detail, CloseReason, statusCode, answer, _request, showsLine: _isBad, startedMs);
    }

    /// <summary>To HEAD the answer has no body (RFC 9110 9.3.2), however little else of the request could be read.</summary>
    private OwnReply Reply() => new()
    {
        Error = _error,
        Detail = _detail,
        CloseReason = CloseReason,
        IsToHead = _request[RequestHeadParser.EmptyLineBytes(_request)..].StartsWith("HEAD "u8),
        ClientMinorVersion = 1,
        RequestsLeft = -1,
    };
}
