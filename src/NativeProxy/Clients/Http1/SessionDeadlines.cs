using System;
using NativeProxy.Clients;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Clients.Http1;

/// <summary>
/// What a client connection is given how much time for: which deadline holds now and since when it counts. Part of a
/// <see cref="ClientSession"/> (a mutable struct: keep it in a field, never copy it); thread: the loop. The frontend is handed in with each
/// call, since a reload gives the session another one. Never acts on a deadline that has passed: the session does.
/// </summary>
/// <param name="owner">Who is told when a deadline has passed.</param>
internal struct SessionDeadlines(ITimerOwner owner)
{
    private readonly SessionTimer _timer = new(owner);
    private SendWatch _send;

    /// <summary>When the first byte of the request came that is being read or was read last; until it comes, since when it could.</summary>
    public long RequestStartedMs { get; private set; }

    /// <summary>When the client had taken all of its latest response.</summary>
    public long IdleSinceMs { get; private set; }

    /// <summary>A connection begins: its first request, or one that goes on, its next, must come in time.</summary>
    /// <param name="frontend">Whose times hold.</param>
    /// <param name="start">With what it begins.</param>
    public void Begin(Frontend frontend, in SessionStart start)
    {
        RequestStartedMs = IdleSinceMs = start.StartedMs;
        if (start.RequestCount > 0)
            AwaitRequest(frontend);
        else
            _timer.Arm(frontend.Loop, SessionTimeout.RequestHeader, start.LeftMs);
    }

    /// <summary>The first bytes of a request have come.</summary>
    public void RequestStarts(long nowMs) => RequestStartedMs = nowMs;

    /// <summary>All requests are answered, though the client may not have taken all of it.</summary>
    public void RequestsEnd(long nowMs) => RequestStartedMs = IdleSinceMs = nowMs;

    /// <summary>What was left of a response has been taken: the client idles from now on.</summary>
    public void ResponseTaken(long nowMs) => IdleSinceMs = nowMs;

    /// <summary>Sets the deadline that holds now, after each event.</summary>
    /// <param name="frontend">Whose times hold.</param>
    /// <param name="client">The connection.</param>
    /// <param name="stream">The latest request; null between two requests.</param>
    /// <param name="isIdle">True when a request has been answered and nothing has come of the next.</param>
    public void Set(Frontend frontend, TcpConnection client, Http1ClientStream? stream, bool isIdle)
    {
        if (client.HasQueuedBytes)
            AwaitSend(frontend);
        else if (stream is not null)
            AwaitBody(frontend, stream);
        else if (isIdle)
            AwaitRequest(frontend);
        else if (_timer.Pending != SessionTimeout.RequestHeader)
            _timer.Arm(frontend.Loop, SessionTimeout.RequestHeader, frontend.Timeouts.RequestHeaderMs);
    }

    /// <summary>The client must take some of what was sent to it.</summary>
    public void AwaitSend(Frontend frontend)
    {
        if (_timer.Pending == SessionTimeout.Send)
            return;
        _timer.Arm(frontend.Loop, SessionTimeout.Send, _send.Begin(frontend.Timeouts.SendMs));
    }

    /// <summary>
    /// The deadline has passed. Returns what was awaited in vain, and counts it; None when the client has taken something of what was sent to
    /// it, or this was the first look at it: it has the same time again.
    /// </summary>
    public SessionTimeout Passed(Frontend frontend, TcpConnection client)
    {
        SessionTimeout timeout = _timer.Pending;
        if (timeout == SessionTimeout.Send && _send.HasMoved(client))
        {
            _timer.Arm(frontend.Loop, SessionTimeout.Send, frontend.Timeouts.SendMs);
            return SessionTimeout.None;
        }
        frontend.Counters.Add(CounterOf(timeout));
        return timeout;
    }

    /// <summary>Says which holds now.</summary>
    public readonly void Tell(SessionFacts facts) => _timer.Tell(facts);

    /// <summary>Nothing is expected of the client.</summary>
    public readonly void AwaitNothing(EventLoop loop) => _timer.Disarm(loop);

    /// <summary>The connection is gone.</summary>
    public readonly void End(EventLoop loop) => _timer.Remove(loop);

    /// <summary>Counted anew with each event.</summary>
    private readonly void AwaitBody(Frontend frontend, Http1ClientStream stream) =>
        _timer.Arm(frontend.Loop, SessionTimeout.RequestBody,
            stream.WantsBody && !stream.User.AwaitsContinue ? frontend.Timeouts.RequestBodyMs : 0);

    /// <summary>The idle time runs from the end of the response; empty lines that come meanwhile do not prolong it.</summary>
    private readonly void AwaitRequest(Frontend frontend)
    {
        if (_timer.Pending != SessionTimeout.KeepAlive)
            _timer.Arm(frontend.Loop, SessionTimeout.KeepAlive, Math.Max(1, IdleSinceMs + frontend.Keepalive.TimeoutMs - frontend.Loop.Clock.NowMs));
    }

    private static CounterId CounterOf(SessionTimeout timeout) => timeout switch
    {
        SessionTimeout.KeepAlive => CounterId.TimeoutsKeepAlive,
        SessionTimeout.RequestHeader => CounterId.TimeoutsRequestHeader,
        SessionTimeout.RequestBody => CounterId.TimeoutsRequestBody,
        _ => CounterId.TimeoutsClientSend,
    };
}
