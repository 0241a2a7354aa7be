using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Queueing;

namespace NativeProxy.Exchanges.Sending;

/// <summary>
/// The place of one exchange in the line of a server or a group, with what is counted and logged of it. Owner: a <see cref="ServerLink"/>; thread:
/// the loop. Never asks for a connection.
/// </summary>
/// <param name="waiter">Whose place.</param>
/// <param name="loop">The loop.</param>
/// <param name="counters">Of the worker.</param>
internal sealed class PlaceInLine(IServerWaiter waiter, EventLoop loop, LoopCounters counters)
{
    private QueueTicket? _ticket;
    private bool _waitsForNames;

    /// <summary>Where the exchange began to wait.</summary>
    public QueuePlaces Places { get; private set; }

    /// <summary>It stands in a line now.</summary>
    public bool IsWaiting => _ticket is { IsWaiting: true };

    /// <summary>Says until when it waits.</summary>
    public void Tell(SessionFacts facts) => facts.EndsBy(_waitsForNames ? "timeouts.connect" : "timeouts.queue", _ticket?.DueMs ?? -1);

    /// <summary>Begins for another exchange.</summary>
    public void Begin() => Places = default;

    /// <summary>Waits in a line. False when that is full.</summary>
    /// <param name="queue">The line.</param>
    /// <param name="group">Whose, or that of one of its servers.</param>
    /// <param name="terms">How.</param>
    public bool TryWait(WaitQueue queue, UpstreamGroup group, QueueTerms terms)
    {
        _ticket ??= new QueueTicket(waiter, loop);
        bool isBack = _ticket.IsKept;

        // For the servers to become known is part of connecting.
        _waitsForNames = group.IsPending;
        long timeoutMs = _waitsForNames ? group.Rules.ConnectTimeoutMs : terms.TimeoutMs > 0 ? terms.TimeoutMs : group.Rules.QueueTimeoutMs;
        if (!queue.TryAdd(_ticket, timeoutMs, terms.Priority))
        {
            counters.Add(CounterId.QueueFull);
            return false;
        }
        counters.Add(CounterId.QueueWaiting);
        if (isBack)
            return true;
        counters.Add(CounterId.QueueEntered);
        Note(queue, group);
        return true;
    }

    /// <summary>The line has let it go.</summary>
    public void WasLetGo() => counters.Add(CounterId.QueueWaiting, -1);

    /// <summary>
    /// Its time is over, and the line has let it go. False when it waited for servers to become known, and they became so in the same turn of the
    /// loop: then it goes on.
    /// </summary>
    public bool TimedOut(UpstreamGroup group, out ProxyError error)
    {
        WasLetGo();
        error = _waitsForNames ? ProxyError.NameLookupTimeout : ProxyError.QueueTimeout;
        if (_waitsForNames && !group.IsPending)
            return false;
        counters.Add(CounterId.TimeoutsQueue);
        return true;
    }

    /// <summary>If it has to wait again, it does so anew.</summary>
    public void Settle() => _ticket?.Settle();

    /// <summary>Waits no more.</summary>
    public void Leave()
    {
        if (_ticket is { IsWaiting: true })
        {
            counters.Add(CounterId.QueueWaiting, -1);
            _ticket.Leave();
        }
        Settle();
    }

    /// <summary>While the servers of a name are looked up nobody has a place: whoever comes is served at once then.</summary>
    private void Note(WaitQueue queue, UpstreamGroup group)
    {
        if (queue != group.Queue)
            Places = Places with { OfServer = Places.OfServer + queue.Count };
        else if (!group.IsPending)
            Places = Places with { OfGroup = Places.OfGroup + queue.Count };
    }
}
