using System;
using System.Collections.Generic;
using System.Globalization;
using NativeProxy.Tests.Simulation.Peers;

namespace NativeProxy.Tests.Simulation.Verdict;

/// <summary>
/// Reads all that the proxy sends on one client connection. Every answer must belong to the oldest request that waits there, be the one
/// that a server gave to it, byte by byte, and look complete only when it is.
/// </summary>
internal sealed class ResponseWatch : IMessageSink
{
    private readonly Evidence _evidence;
    private readonly Trace _trace;
    private readonly long _socketId;
    private readonly MessageReader _reader;
    private readonly Queue<RequestPlan> _waiting = [];
    private RequestPlan? _request;
    private ReplyPlan? _reply;
    private bool _isInterim;
    private bool _isOwn;
    private long _bodyBytes;
    private int _answerCount;

    public ResponseWatch(Evidence evidence, Trace trace, long socketId)
    {
        _evidence = evidence;
        _trace = trace;
        _socketId = socketId;
        _reader = new MessageReader(this);
    }

    /// <summary>Requests without a complete answer, the oldest first.</summary>
    public Queue<RequestPlan> Waiting => _waiting;

    /// <summary>The proxy said that nothing follows the answer that is running or was the last.</summary>
    public bool SaysClose { get; private set; }

    /// <summary>True between two answers.</summary>
    public bool IsBetween => _reader.IsAtStart;

    /// <summary>100 Continue came, or any other answer: no reason to wait any longer.</summary>
    public Action? Heard { get; set; }

    /// <summary>A final answer is complete.</summary>
    public Action? Answered { get; set; }

    public void Feed(ReadOnlySpan<byte> bytes) => _reader.Feed(bytes);

    /// <summary>The proxy has sent FIN: that ends an answer without any other end.</summary>
    public void EndOfStream() => _reader.EndOfStream();

    public void OnBegin(ReadOnlySpan<byte> firstBytes)
    {
        Evidence.Require(!SaysClose, $"client connection {_socketId}: bytes behind the last answer");
        Evidence.Require(_waiting.TryPeek(out RequestPlan? first) && first.WrittenBytes > 0,
            $"client connection {_socketId}: an answer that nobody waits for");
    }

    public (BodyShape Shape, long Length) OnHead(MessageHead head)
    {
        RequestPlan request = _request = _waiting.Peek();
        int status = StatusOf(head);
        _bodyBytes = 0;
        _isInterim = status < 200;
        _reply = FindReply(request, head, status);
        _isOwn = head["X-Id"] is null;
        Heard?.Invoke();
        Evidence.Require(head["X-Hop"] is null || request.IsTainted, $"{request}: a hop-by-hop field of the server has passed");
        Evidence.Require(request.Hostility != Hostility.InHead || (_isOwn && status >= 400),
            $"{request}: a hostile request was answered with {status}");
        if (_isInterim)
        {
            Evidence.Require(request.MinorVersion == 1 && head["Content-Length"] is null && head["Transfer-Encoding"] is null,
                $"{request}: no such interim answer may come");
            return (BodyShape.None, 0);
        }
        string? connection = head["Connection"];
        SaysClose = connection == "close" || (request.MinorVersion == 0 && connection is not "keep-alive");
        return ShapeOf(request, head, status);
    }

    public void OnBody(ReadOnlySpan<byte> bytes)
    {
        if (_reply is not null && !_request!.IsTainted)
        {
            Evidence.Require(BodyPattern.Matches(_reply.BodyKey, _bodyBytes, bytes),
                $"{_request}: body bytes behind {_bodyBytes} are not those of answer {_reply.Serial}");
        }

        _bodyBytes += bytes.Length;
    }

    public void OnEnd(List<(string Name, string Value)> trailers)
    {
        if (_isInterim)
            return;
        RequestPlan request = _waiting.Dequeue();
        Evidence.Require(++_answerCount <= _evidence.RequestsPerClientConnectionMax,
            $"client connection {_socketId}: more answers than keepalive.max_requests");
        if (_isOwn)
        {
            _trace.Note(TraceKind.OwnReplySeen, _socketId, request.Id);
            Evidence.Require(_bodyBytes < 200, $"{request}: an answer of the proxy has {_bodyBytes} body bytes");
            if (!request.IsTainted)
                _evidence.OwnReplyEnded(request);
        }
        else if (_reply is not null && !request.IsTainted)
        {
            _trace.Note(TraceKind.ReplySeenWhole, _socketId, request.Id, _reply.Serial);
            Evidence.Require(trailers.Count == 0 || (trailers is [("X-Tail", var tail)] && tail == _reply.Trailer),
                $"{request}: the trailers differ");
            _evidence.ReplyEnded(request, _reply, _bodyBytes);
        }
        Answered?.Invoke();
    }

    public void OnMalformed(string why) => Evidence.Fail($"the proxy sends a malformed answer: {why} ({_request})");

    /// <summary>The answer that X-Id names; null for one of the proxy's own, or for one that nobody can tell from an answer.</summary>
    private ReplyPlan? FindReply(RequestPlan request, MessageHead head, int status)
    {
        string? id = head["X-Id"];
        if (id is null)
        {
            Evidence.Require(status == 100 || IsOwnStatus(status), $"{request}: the proxy answers by itself with {head.FirstLine}");
            return null;
        }
        string[] parts = id.Split('.');
        if (parts[0] == "unasked")
        {
            request.IsTainted |= _evidence.Deceivers.Contains(long.Parse(parts[1], CultureInfo.InvariantCulture));
            Evidence.Require(request.IsTainted, $"{request}: the client gets what the server said unasked on connection {parts[1]}");
            return null;
        }
        if (parts.Length != 2 || !long.TryParse(parts[1], CultureInfo.InvariantCulture, out long serial)
            || !_evidence.TryFindReply(serial, out ReplyPlan? reply))
        {
            Evidence.Require(request.IsTainted, $"{request}: the client gets an answer that had to be refused ({id})");
            return null;
        }
        _trace.Note(TraceKind.ReplySeen, _socketId, request.Id, reply.Serial);

        // Whoever took something unasked for an answer leaves the answer itself to the one behind it.
        request.IsTainted |= reply.RequestId != request.Id && _evidence.Deceivers.Contains(reply.SocketId);
        if (request.IsTainted)
            return reply;
        Evidence.Require(reply.RequestId == request.Id, $"{request}: the client gets the answer to request {reply.RequestId}");
        Evidence.Require(_isInterim || reply.Status == status, $"{request}: status {status} instead of {reply.Status}");
        Evidence.Require(_isInterim || head["X-Pad"] == reply.Pad, $"{request}: a field of answer {reply.Serial} differs");
        return reply;
    }

    private static bool IsOwnStatus(int status) => status is 400 or 403 or 405 or 408 or 413 or 414 or 431 or 501 or 502 or 503 or 504 or 505;

    private static int StatusOf(MessageHead head)
    {
        if (!head.FirstLine.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) || head.FirstLine.Length < 13)
            Evidence.Fail($"no status line: {head.FirstLine}");
        return int.Parse(head.FirstLine.AsSpan(9, 3), CultureInfo.InvariantCulture);
    }

    private (BodyShape Shape, long Length) ShapeOf(RequestPlan request, MessageHead head, int status)
    {
        string? coding = head["Transfer-Encoding"];
        string? length = head["Content-Length"];
        Evidence.Require(coding is null || (coding == "chunked" && length is null && request.MinorVersion == 1),
            $"{request}: framing {coding} with {length}");

        // Of a head that did not arrive the proxy may not know that it was HEAD: its last answer may then have a body.
        if (request.IsHead && _isOwn && SaysClose)
            return (BodyShape.UntilClose, 0);
        if (request.IsHead || status is 204 or 304)
            return (BodyShape.None, 0);
        if (coding is not null)
            return (BodyShape.Chunked, 0);
        if (length is not null)
            return (BodyShape.Length, long.Parse(length, NumberStyles.None, CultureInfo.InvariantCulture));
        Evidence.Require(SaysClose, $"{request}: an answer without an end on a connection that goes on");
        return (BodyShape.UntilClose, 0);
    }
}
