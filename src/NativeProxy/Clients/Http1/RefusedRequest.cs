using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Recording;

namespace NativeProxy.Clients.Http1;

/// <summary>
/// What came instead of a request that could be served: why the connection ends with it, and what its client, the counters and the log are told.
/// Lives within one call; thread: the loop. Never ends the connection: its session does.
/// </summary>
internal readonly ref struct RefusedRequest
{
    private readonly ProxyError _error;
    private readonly RejectReason _detail;

    /// <summary>What has come of the request.</summary>
    private readonly ReadOnlySpan<byte> _request;

    /// <summary>The request is there, and it is the request that is wrong.</summary>
    private readonly bool _isBad;

    /// <summary>Who has sent it; not given when it did not come to that.</summary>
    private readonly PeerAddress _client;

    private RefusedRequest(
        ProxyError error, RejectReason detail, CloseReason closeReason, ReadOnlySpan<byte> request, bool isBad, PeerAddress client = default)
    {
        _error = error;
        _detail = detail;
        _request = request;
        _isBad = isBad;
        _client = client;
        CloseReason = closeReason;
    }

    public CloseReason CloseReason { get; }

    /// <summary>A request that must not be forwarded.</summary>
    /// <param name="error">What is wrong.</param>
    /// <param name="detail">The rule that it broke, or None.</param>
    /// <param name="request">What has come of it.</param>
    /// <param name="client">Who has sent it, if that was decided.</param>
    public static RefusedRequest Bad(ProxyError error, RejectReason detail, ReadOnlySpan<byte> request, PeerAddress client = default) =>
        new(error, detail, ClientFailures.RefusalReasonOf(error, detail), request, isBad: true, client);

    /// <summary>A request whose head did not come to its end in time.</summary>
    /// <param name="request">What has come of the head.</param>
    public static RefusedRequest Late(ReadOnlySpan<byte> request) =>
        new(ProxyError.RequestHeaderTimeout, RejectReason.None, CloseReason.RequestHeaderTimeout, request, isBad: false);

    /// <summary>A request in plain text where TLS is spoken; nothing of it was read.</summary>
    public static RefusedRequest PlainHttp() =>
        new(ProxyError.PlainHttpToTls, RejectReason.None, CloseReason.TlsPlainHttp, request: " "u8, isBad: false);

    /// <summary>Answers, counts and logs it.</summary>
    /// <param name="connection">The connection on which it came.</param>
    /// <param name="startedMs">When its first byte came.</param>
    public void Answer(ClientConnection connection, long startedMs)
    {
        Frontend frontend = connection.Frontend;
        if (_isBad)
            ClientFailures.CountRefusal(frontend.Counters, _error, _detail);
        int statusCode = 0;
        ReadOnlySpan<byte> answer = default;
        if (!_request.IsEmpty)
        {
            OwnReply reply = Reply(frontend.Service.ErrorPages);
            answer = reply.Write(frontend);
            connection.Tcp!.Send(answer);
            statusCode = reply.StatusCode;
        }
        if (_detail != RejectReason.None || _error == ProxyError.PlainHttpToTls)
            Record(connection);
        connection.Account.RequestEnded(connection.Tcp!, startedMs, frontend.Loop.Clock.NowMs);
        frontend.Service.OnRefused(connection, new Refusal
        {
            Error = _error,
            Detail = _detail,
            CloseReason = CloseReason,
            Client = _client.IsGiven ? _client : connection.Address,
            StatusCode = statusCode,
            Answer = answer,
            Request = _request,
            ShowsLine = _isBad,
            StartedMs = startedMs,
        });
    }

    /// <summary>Keeps it for whoever wants to see what came.</summary>
    private void Record(ClientConnection connection)
    {
        Frontend frontend = connection.Frontend;
        if (frontend.Recorder is not { } recorder || !recorder.Wants(isOfServer: false, _detail))
            return;
        bool isPlain = _error == ProxyError.PlainHttpToTls;
        recorder.Take(new RefusedMessage
        {
            Bytes = isPlain ? default : _request,
            Place = isPlain ? 0 : FaultPlace.OfRequest(_request, frontend.HeadLimits, frontend.Scratch.Request, _detail),
            Part = isPlain ? MessagePart.PlainHttp : MessagePart.Request,
            BeginsWithHead = connection.RequestCount < 2 || !BodyRest.MayBe(_request, isOfServer: false),
            Reason = _detail,
            Error = _error,
            Limits = frontend.HeadLimits,
            Asker = RecordedAsker.On(connection, _client),
        });
    }

    /// <summary>To HEAD the answer has no body (RFC 9110 9.3.2), however little else of the request could be read.</summary>
    private OwnReply Reply(ErrorPages? pages) => new()
    {
        Error = _error,
        Detail = _detail,
        StatusCode = ErrorReplies.StatusOf(_error, _detail),
        CloseReason = CloseReason,
        IsToHead = _request[RequestHeadParser.EmptyLineBytes(_request)..].StartsWith("HEAD "u8),
        ClientMinorVersion = 1,
        RequestsLeft = -1,
        Pages = pages,
    };
}
