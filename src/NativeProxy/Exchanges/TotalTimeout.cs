using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Timers;

namespace NativeProxy.Exchanges;

/// <summary>
/// How long an exchange may take in all (<c>timeouts.total</c>; Envoy's route timeout): from the head of the request until the whole answer was given
/// to the client's connection, with every wait and every try. What the client still has to take then has a time of its own (<c>timeouts.send</c>).
/// Owner: an <see cref="Exchange"/>, made when its first request comes that has such a limit, and used again; thread: the loop. Never ends the
/// exchange itself.
/// </summary>
/// <param name="exchange">Told when the time is over.</param>
/// <param name="service">Has the loop, and counts.</param>
internal sealed class TotalTimeout(IRequestPathUser exchange, RequestService service) : ITimerOwner
{
    private TimerNode? _timer;

    /// <summary>When the time is over, in loop time; -1 = it does not run.</summary>
    public long DueMs => _timer?.DueMs ?? -1;

    /// <summary>The head of a request was read.</summary>
    public void Begin(long limitMs) => service.Loop.Wheel.Arm(_timer ??= new TimerNode(this), service.Loop.Clock.NowMs + limitMs);

    /// <summary>The answer was given, or the exchange is over, or has become a tunnel.</summary>
    public void End()
    {
        if (_timer is not null)
            service.Loop.Wheel.Disarm(_timer);
    }

    public void OnTimer(TimerNode node, long nowMs)
    {
        service.Counters.Add(CounterId.TimeoutsTotal);
        exchange.OnFailed(ProxyError.TotalTimeout, RejectReason.None);
    }
}
