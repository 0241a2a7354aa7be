using System;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Sessions;

/// <summary>
/// What a client connection is given how much time for: which deadline holds now and since when it counts. Part of a
/// <see cref="ClientSession"/> (a mutable struct: keep it in a field, never copy it); thread: the loop. The listener is handed in with each
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

    /// <summary>What the deadline is for that has passed or will; None when none is set.</summary>
    public readonly SessionTimeout Pending => _timer.Pending;

    /// <summary>A connection was accepted: its first request must come in time.</summary>
    public void Begin(HttpListener listener)
    {
        RequestStartedMs = listener.Loop.Clock.NowMs;
        _timer.Arm(listener.Loop, SessionTimeout.RequestHeader, listener.Timeouts.RequestHeaderMs);
    }

    /// <summary>The first bytes of a request have come.</summary>
    public void RequestStarts(long nowMs) => RequestStartedMs = nowMs;

    /// <summary>All requests are answered, though the client may not have taken all of it.</summary>
    public void RequestsEnd(long nowMs) => RequestStartedMs = IdleSinceMs = nowMs;

    /// <summary>What was left of a response has been taken: the client idles from now on.</summary>
    public void ResponseTaken(long nowMs) => IdleSinceMs = nowMs;

    /// <summary>
    /// The next request must come; it has as long as the connection may idle. That runs from the end of the response: empty lines that come
    /// meanwhile do not prolong it.
    /// </summary>
    public readonly void AwaitRequest(HttpListener listener)
    {
        if (Pending == SessionTimeout.KeepAlive)
            return;
        long timeoutMs = IdleSinceMs + listener.Keepalive.TimeoutMs - listener.Loop.Clock.NowMs;
        _timer.Arm(listener.Loop, SessionTimeout.KeepAlive, Math.Max(1, timeoutMs));
    }

    /// <summary>The rest of a request head must come. Its bytes do not prolong that.</summary>
    public readonly void AwaitHead(HttpListener listener)
    {
        if (Pending != SessionTimeout.RequestHeader)
            _timer.Arm(listener.Loop, SessionTimeout.RequestHeader, listener.Timeouts.RequestHeaderMs);
    }

    /// <summary>More of a request body must come, counted anew with each call.</summary>
    public readonly void AwaitBody(HttpListener listener) =>
        _timer.Arm(listener.Loop, SessionTimeout.RequestBody, listener.Timeouts.RequestBodyMs);

    /// <summary>The client must take some of what was sent to it.</summary>
    public void AwaitSend(HttpListener listener, TcpConnection client)
    {
        if (Pending == SessionTimeout.Send)
            return;
        _send.Begin(client);
        _timer.Arm(listener.Loop, SessionTimeout.Send, listener.Timeouts.SendMs);
    }

    /// <summary>The time to take something is over: true when the client has, so that it was given the same time again.</summary>
    public bool TryProlongSend(HttpListener listener, TcpConnection client)
    {
        if (!_send.HasMoved(client))
            return false;
        _timer.Disarm(listener.Loop);
        AwaitSend(listener, client);
        return true;
    }

    /// <summary>Nothing is expected of the client.</summary>
    public readonly void AwaitNothing(EventLoop loop) => _timer.Disarm(loop);

    /// <summary>The connection is gone.</summary>
    public readonly void End(EventLoop loop) => _timer.Remove(loop);
}
