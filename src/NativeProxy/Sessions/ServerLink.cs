using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http1;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Upstreams;

namespace NativeProxy.Sessions;

/// <summary>What asking for a server connection came to.</summary>
internal enum LinkResult : byte
{
    /// <summary>A connection is there and takes the request now.</summary>
    Ready,

    /// <summary>A connect is in flight, or the exchange waits in line; an event follows.</summary>
    Pending,

    /// <summary>No server takes requests.</summary>
    NoServer,
}

/// <summary>
/// The way of one exchange to a server: which server, pooled or fresh connection or a place in the queue, which try, and what may be
/// tried again. Owner: one <see cref="Exchange"/>, which gets the events of the connection; thread: the loop. Never sends.
/// </summary>
internal sealed class ServerLink(Exchange exchange, EventLoop loop, LoopCounters counters) : IServerWaiter
{
    private QueueTicket? _ticket;
    private ulong _clientKey;
    private bool _mayReuse;
    private bool _isStaleRetryUsed;
    private Stickiness _sticky;

    public UpstreamGroup? Group { get; private set; }

    /// <summary>The server of the present or last try.</summary>
    public UpstreamServer? Server { get; private set; }

    /// <summary>The connection of the present try, connecting or established.</summary>
    public UpstreamConnection? Connection { get; private set; }

    /// <summary>True while an established connection is held.</summary>
    public bool IsEstablished => Connection is { State: UpstreamConnectionState.Busy };

    /// <summary>Tries so far.</summary>
    public int Attempts { get; private set; }

    /// <summary>Why the request was sent again the last time.</summary>
    public RetryCause RetryCause { get; private set; }

    /// <summary>What the log says about the last connection, once it is given back.</summary>
    public ServerConnectionFacts Facts { get; private set; }

    /// <summary>What the stickiness cookie came to.</summary>
    public ref Stickiness Sticky => ref _sticky;

    /// <summary>What becomes of the stickiness cookie in a response of the present server.</summary>
    public StickyResponse StickyResponse => new(Group!.Cookie, Server!.Cookie, _sticky.Wanted?.Cookie);

    /// <summary>Begins the way for another exchange.</summary>
    public void Begin(UpstreamGroup group, HttpMethod method, in Stickiness sticky, in PeerAddress client)
    {
        _clientKey = group.NeedsClientKey ? SourceHashBalancer.KeyOf(client) : 0;
        Group = group;
        _sticky = sticky;
        Server = null;
        Facts = default;
        Attempts = 0;
        RetryCause = RetryCause.None;
        _isStaleRetryUsed = false;
        _mayReuse = group.Reuse switch
        {
            ReusePolicy.Always => method != HttpMethod.Connect,
            ReusePolicy.Idempotent => method.IsIdempotent(),
            ReusePolicy.Safe => method.IsSafe(),
            _ => false,
        };
    }

    /// <summary>
    /// Asks for a connection to the server that the client's cookie names, else to whichever is next; after a failure not to the one that
    /// has just failed if there is another.
    /// </summary>
    public LinkResult Open(UpstreamServer? except)
    {
        while (true)
        {
            Server = except is null ? Group!.ChooseWanted(_sticky.Wanted, _clientKey, out WaitQueue queue) : Group!.Choose(except, _clientKey, out queue);
            if (Server is null)
                return Wait(queue);
            if (TryOpen(Server, _mayReuse))
                return IsEstablished ? LinkResult.Ready : LinkResult.Pending;

            // What seemed idle in the full pool was closed already; that has made room.
        }
    }

    /// <summary>
    /// After a failure: asks for another connection if the exchange may be sent again, on a fresh connection to the same server after a
    /// stale one, to another server after a failed connect. Null when it may not.
    /// </summary>
    public LinkResult? Retry(ProxyError error, UpstreamConnection failed, RequestPump request)
    {
        bool isConnectFailure = ProxyErrors.Of(error).Retry == RetryRule.NothingWasSent;
        var facts = new RetryFacts
        {
            Method = exchange.Method,
            ConnectionWasReused = failed.IsReused,
            NothingWasSent = request.NothingWasSent,
            RequestIsHeld = request.IsHeld,
            Attempts = Attempts,
            AttemptsMax = Group!.AttemptsMax,
            StaleRetryUsed = _isStaleRetryUsed,
            StaleRetryAllowed = Group.RetriesStale,
        };
        if (!RetryPolicy.MayRetry(error, facts))
            return null;
        Release(ServerCloseReason.ServerFin, reset: false);
        request.Detach();
        RetryCause = isConnectFailure ? RetryCause.ConnectFailure : RetryCause.StaleReuse;
        counters.Add(isConnectFailure ? CounterId.RetriesConnectFailure : CounterId.RetriesStaleReuse);
        if (isConnectFailure)
            return Open(except: Server);
        _isStaleRetryUsed = true;
        return Server!.IsUp && TryOpen(Server, mayReuse: false) ? LinkResult.Pending : Open(except: null);
    }

    /// <summary>The connect failed: the connection is gone by itself.</summary>
    public void ConnectFailed()
    {
        Connection = null;
        Group!.ConnectFailed(Server!);
    }

    /// <summary>Gives the connection back, if there is one, and leaves the queue.</summary>
    public void Release(ServerCloseReason reason, bool reset)
    {
        LeaveQueue();
        if (Connection is not { } connection)
            return;
        Facts = new ServerConnectionFacts(connection.Id, connection.UseCount, connection.IdleAgeMs);
        Connection = null;
        connection.Server.Release(connection, reason, reset);
    }

    public void OnServerHasRoom()
    {
        counters.Add(CounterId.QueueWaiting, -1);
        exchange.OnTurnInQueue();
    }

    public void OnQueueTimeout()
    {
        counters.Add(CounterId.QueueWaiting, -1);
        counters.Add(CounterId.TimeoutsQueue);
        exchange.Fail(Group!.IsPending ? ProxyError.NameLookupTimeout : ProxyError.QueueTimeout, RejectReason.None);
    }

    private bool TryOpen(UpstreamServer server, bool mayReuse)
    {
        exchange.ServerChosen();
        Connection = mayReuse ? server.TakeIdle(exchange) : null;
        if (Connection is null && server.TryMakeRoomForFresh())
            Connection = server.Connect(exchange);
        if (Connection is null)
            return false;
        Attempts++;
        return true;
    }

    private LinkResult Wait(WaitQueue queue)
    {
        if (queue == Group!.Queue && !Group.HasServer && !Group.IsPending)
        {
            if (Group.NoServerError == ProxyError.NoServerAvailable)
                counters.Add(CounterId.NoServerAvailable);
            return LinkResult.NoServer;
        }
        counters.Add(CounterId.QueueEntered);
        counters.Add(CounterId.QueueWaiting);
        queue.Add(_ticket ??= new QueueTicket(this, loop), Group.QueueTimeoutMs);
        return LinkResult.Pending;
    }

    private void LeaveQueue()
    {
        if (_ticket is not { IsWaiting: true })
            return;
        counters.Add(CounterId.QueueWaiting, -1);
        _ticket.Leave();
    }
}
