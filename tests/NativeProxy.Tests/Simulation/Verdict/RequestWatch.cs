using System;
using System.Collections.Generic;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Tests.Simulation.Peers;

namespace NativeProxy.Tests.Simulation.Verdict;

/// <summary>
/// Reads all that the proxy sends on one server connection, at the moment when the kernel takes it: what a server may have seen, whether it
/// lives or not. Every request there must be one that a client sent, byte by byte.
/// </summary>
internal sealed class RequestWatch : IMessageSink
{
    private readonly Evidence _evidence;
    private readonly SimulatedSocket _proxySide;
    private readonly ServerConnection _server;
    private readonly Trace _trace;
    private readonly MessageReader _reader;
    private RequestPlan? _request;
    private readonly List<RequestPlan> _started = [];
    private long _bodyBytes;
    private bool _hasBegun;
    private int _count;

    public RequestWatch(Evidence evidence, SimulatedSocket proxySide, ServerConnection server, Trace trace)
    {
        _evidence = evidence;
        _proxySide = proxySide;
        _server = server;
        _trace = trace;
        _reader = new MessageReader(this);
    }

    public void Feed(ReadOnlySpan<byte> bytes) => _reader.Feed(bytes);

    /// <summary>The server says something unasked: to a request that is on its way it looks like the answer.</summary>
    /// <param name="writing">1 when the answer that is due is being written before it, else 0.</param>
    public void Taint(int writing)
    {
        if (_hasBegun && _request is null)
            _evidence.Deceivers.Add(_proxySide.Id);
        foreach (RequestPlan request in _started[Math.Min(_started.Count, _server.AnsweredCount + writing)..])
            request.IsTainted = true;
    }

    /// <summary>
    /// In records: a request may be on its way before a byte of it can be read, or told from the handshake, when the server says something unasked.
    /// </summary>
    public void Deceives() => _evidence.Deceivers.Add(_proxySide.Id);

    /// <summary>A part of a record has gone.</summary>
    public void OnPart()
    {
        if (_server.HasSpokenUnasked)
            Deceives();
    }

    public void OnBegin(ReadOnlySpan<byte> firstBytes)
    {
        if (!_hasBegun)
            Begin();
        if (_server.HasSpokenUnasked)
            _evidence.Deceivers.Add(_proxySide.Id);
        if (_request is not null)
            return;
        string line = Encoding.Latin1.GetString(firstBytes);
        int blank = line.IndexOf(' ', StringComparison.Ordinal);
        _request = blank < 0 ? null : _evidence.FindByTarget(line.AsSpan(blank + 1));
        if (_request is null)
            return;
        _trace.Note(TraceKind.RequestSent, _proxySide.Id, _request.Id, _count);
        _evidence.RequestStarted(_request);
        CheckNeighbours(_request);
        _started.Add(_request);
        CheckReuse(_request);
        _request.IsTainted |= _server.HasSpokenUnasked;
    }

    public (BodyShape Shape, long Length) OnHead(MessageHead head)
    {
        if (_request is null)
            Evidence.Fail($"a server gets a request that no client sent: {head.FirstLine}");
        RequestPlan request = _request;
        Require(head.FirstLine == $"{request.Method} {request.Target} HTTP/1.1", head, "the request line differs");
        Require(head["Host"] == Evidence.Host, head, "the host differs");
        Require(head["X-Pad"] == request.Pad, head, "a field differs");
        Require(head["X-Hop"] is null && head["Keep-Alive"] is null, head, "a hop-by-hop field has passed");
        Require(head["Connection"] is null or "close", head, "the client's Connection field has passed");
        Require(head["Transfer-Encoding"] == (request.Shape == BodyShape.Chunked ? "chunked" : null), head, "the framing differs");
        Require(head["Content-Length"] == (request.Shape == BodyShape.Length ? $"{request.BodyBytes}" : null), head, "the length differs");
        return (request.Shape, request.BodyBytes);
    }

    public void OnBody(ReadOnlySpan<byte> bytes)
    {
        // A hostile body may go on with sound bytes behind the ones that are known.
        if (_request is { Hostility: Hostility.InBody })
            bytes = bytes[..(int)Math.Clamp(_request.BodyBytes - _bodyBytes, 0, bytes.Length)];
        Evidence.Require(BodyPattern.Matches(_request!.BodyKey, _bodyBytes, bytes),
            $"{_request}: body bytes behind {_bodyBytes} are not those of the client");
        _bodyBytes += bytes.Length;
    }

    public void OnEnd(List<(string Name, string Value)> trailers)
    {
        RequestPlan request = _request!;
        Evidence.Require(_bodyBytes == request.BodyBytes, $"{request}: the server got {_bodyBytes} body bytes");
        Evidence.Require(request.Trailer is null ? trailers.Count == 0 : trailers is [("X-Tail", var tail)] && tail == request.Trailer,
            $"{request}: the trailers differ");
        _evidence.RequestEnded(request);
        _request = null;
        _hasBegun = false;
        _bodyBytes = 0;
        _count++;
    }

    public void OnMalformed(string why) => Evidence.Fail($"the proxy sends a malformed request: {why} ({_request})");

    /// <summary>The first byte of a request goes out on this connection.</summary>
    private void Begin()
    {
        _hasBegun = true;
        if (_count == 0)
            return;
        Pipe answers = _proxySide.Incoming;
        if (_server.HasSpokenUnasked && _evidence.ServerPipeliningMax == 1)
        {
            Evidence.Require(answers.ReadableBytes == 0 || _proxySide.HasBlocked,
                $"connection {_proxySide.Id}: a request is sent where unasked bytes of the server lie");
        }
        else if (!_server.HasSpokenUnasked)
        {
            Evidence.Require(_count - _server.AnsweredCount < _evidence.ServerPipeliningMax,
                $"connection {_proxySide.Id}: request {_count} is sent and only {_server.AnsweredCount} were answered");
        }
    }

    /// <summary>What shares a connection unanswered comes from one client and is GET.</summary>
    private void CheckNeighbours(RequestPlan request)
    {
        if (_server.HasSpokenUnasked || _started.Count <= _server.AnsweredCount)
            return;
        RequestPlan before = _started[^1];
        Evidence.Require(before.ClientId == request.ClientId && before.Method == "GET" && request.Method == "GET",
            $"{request} is sent behind {before}, which is not answered");
    }

    private void CheckReuse(RequestPlan request)
    {
        bool mayReuse = _evidence.Reuse switch
        {
            ReusePolicy.Always => true,
            ReusePolicy.Idempotent => request.IsIdempotent,
            ReusePolicy.Safe => request.IsSafe,
            _ => false,
        };
        Evidence.Require(_count == 0 || mayReuse, $"{request} was sent on a used connection, which reuse = {_evidence.Reuse} forbids");
    }

    private void Require(bool fact, MessageHead head, string what)
    {
        if (!fact)
            Evidence.Fail($"{_request}: {what}: {head.FirstLine} | {string.Join(" | ", head.Fields)}");
    }
}
