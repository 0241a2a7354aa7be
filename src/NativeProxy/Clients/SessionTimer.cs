using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Clients;

/// <summary>What a client connection waits for, from its arrival to its farewell; one at a time.</summary>
internal enum SessionTimeout : byte
{
    None,

    /// <summary>The end of the TLS handshake.</summary>
    Handshake,

    /// <summary>The rest of a request head.</summary>
    RequestHeader,

    /// <summary>The first byte of the next request.</summary>
    KeepAlive,

    /// <summary>The next byte of a request body.</summary>
    RequestBody,

    /// <summary>The client to take bytes.</summary>
    Send,

    /// <summary>The client's FIN after ours.</summary>
    Linger,
}

/// <summary>The one deadline of a client connection: of its arrival, its session, or its farewell. Thread: the loop.</summary>
internal sealed class SessionTimer(ITimerOwner owner) : TimerNode(owner)
{
    /// <summary>What the deadline is for; None when none is set.</summary>
    public SessionTimeout Pending { get; private set; }

    /// <summary>Says what is waited for, and for how long.</summary>
    public void Tell(SessionFacts facts)
    {
        if (Pending != SessionTimeout.None)
            facts.EndsBy(KeyOf(Pending), DueMs);
    }

    /// <summary>Sets the deadline anew; 0 ms means no deadline.</summary>
    public void Arm(EventLoop loop, SessionTimeout timeout, long timeoutMs)
    {
        if (timeoutMs <= 0)
        {
            Disarm(loop);
            return;
        }
        Pending = timeout;
        loop.Wheel.Arm(this, loop.Clock.NowMs + timeoutMs);
    }

    public void Disarm(EventLoop loop)
    {
        if (Pending == SessionTimeout.None)
            return;
        Pending = SessionTimeout.None;
        loop.Wheel.Disarm(this);
    }

    /// <summary>Takes the timer out of the wheel, before its owner is used for another connection.</summary>
    public void Remove(EventLoop loop)
    {
        Pending = SessionTimeout.None;
        loop.Wheel.Remove(this);
    }

    private static string KeyOf(SessionTimeout timeout) => timeout switch
    {
        SessionTimeout.Handshake => "timeouts.handshake",
        SessionTimeout.KeepAlive => "keepalive.timeout",
        SessionTimeout.RequestBody => "timeouts.request_body",
        SessionTimeout.Send => "timeouts.send",
        SessionTimeout.Linger => "timeouts.linger",
        _ => "timeouts.request_header",
    };
}
