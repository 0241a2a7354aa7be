using NativeProxy.Config;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Exchanges.Rewriting;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Balancing;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Queueing;

namespace NativeProxy.Exchanges;

/// <summary>What asking for a server connection came to.</summary>
internal enum LinkResult : byte
{
    /// <summary>A connection is there and takes the request now.</summary>
    Ready,

    /// <summary>A connect is in flight, or the exchange waits in line; an event follows.</summary>
    Pending,

    /// <summary>No server takes requests.</summary>
    NoServer,

    /// <summary>The connection on which the client has authenticated is gone, and no other one may stand in for it.</summary>
    PinIsLost,
}

/// <summary>Where a request began to wait, as HAProxy counts it: 1 = the first in line, 0 = it did not wait; added up over retries.</summary>
/// <param name="OfServer">In the line of one server.</param>
/// <param name="OfGroup">In the line of the group, for whichever server has room first.</param>
internal readonly record struct QueuePlaces(int OfServer, int OfGroup);

/// <summary>
/// The way of one exchange to a server: which server, pooled or fresh connection or a place in the queue, which try, and what may be
/// tried again. Owner: one <see cref="ServerSide"/>, which gets the events of the connection; thread: the loop. Never sends.
/// </summary>
internal sealed class ServerLink(Exchange exchange, ServerSide user, EventLoop loop, LoopCounters counters) : IServerWaiter
{
    private QueueTicket? _ticket;
    private ulong _clientKey;
    private bool _mayReuse;
    private bool _isStaleRetryUsed;

    /// <summary>The exchange has taken its place in the budget of second tries.</summary>
    private bool _isInBudget;
    private Stickiness _sticky;

    public UpstreamGroup? Group { get; private set; }

    /// <summary>The server of the present or last try.</summary>
    public UpstreamServer? Server { get; private set; }

    /// <summary>The connection of the present try, connecting or established.</summary>
    public UpstreamConnection? Connection { get; private set; }

    /// <summary>True while an established connection is held and it is this exchange's turn on it.</summary>
    public bool IsEstablished => Connection is { State: UpstreamConnectionState.Busy } connection && connection.IsLentTo(user);

    /// <summary>True when the exchange has to go over the connection on which its client has authenticated.</summary>
    public bool IsOnPin { get; private set; }

    /// <summary>Tries so far.</summary>
    public int Attempts { get; private set; }

    /// <summary>Why the request was sent again the last time.</summary>
    public RetryCause RetryCause { get; private set; }

    /// <summary>What the log says about the last connection, once it is given back.</summary>
    public ServerConnectionFacts Facts { get; private set; }

    /// <summary>Where the request began to wait.</summary>
    public QueuePlaces QueuePlaces { get; private set; }

    /// <summary>What the stickiness cookie came to.</summary>
    public ref Stickiness Sticky => ref _sticky;

    /// <summary>What becomes of the stickiness cookie in a response of the present server.</summary>
    public StickyResponse StickyResponse => new(Group!.Cookie, Server!.Cookie, _sticky.Wanted?.Cookie);

    /// <summary>True when the exchange may have to be sent again after bytes of it went out on the present connection.</summary>
    public bool MayBeSentAgain =>
        RetryPolicy.MayFollowSend(FactsOf(Connection!, nothingWasSent: false, Group!.RetriesUnacknowledged, isHeld: true));

    /// <summary>Begins the way for another exchange.</summary>
    public void Begin(UpstreamGroup group, HttpMethod method, in Stickiness sticky, in PeerAddress client)
    {
        _clientKey = group.NeedsClientKey ? SourceHashBalancer.KeyOf(client) : 0;
        Group = group;
        _sticky = sticky;
        Server = null;
        Facts = default;
        QueuePlaces = default;
        Attempts = 0;
        IsOnPin = false;
        RetryCause = RetryCause.None;
        _isStaleRetryUsed = _isInBudget = false;
        group.RetryBudget.CountRequest(loop.Clock.NowMs);
        _mayReuse = group.Reuse switch
        {
            ReusePolicy.Always => method != HttpMethod.Connect,
            ReusePolicy.Idempotent => method.IsIdempotent(),
            ReusePolicy.Safe => method.IsSafe(),
            _ => false,
        };
    }

    /// <summary>
    /// Goes over the connection of the exchange before, whose request is out already. False when that connection is not to the right server,
    /// or takes no more.
    /// </summary>
    public bool TryFollow(UpstreamConnection? ahead)
    {
        if (ahead is null || !(_sticky.Wanted is null || _sticky.Wanted == ahead.Server) || !ahead.MayFollow(Group!.Pipelining))
            return false;
        Server = ahead.Server;
        exchange.ServerChosen();
        Server.Follow(ahead, user);
        Connection = ahead;
        Attempts++;
        return true;
    }

    /// <summary>The connection ended before the turn of this exchange came.</summary>
    public void TurnLost()
    {
        Facts = FactsOf(Connection!);
        Connection = null;
    }

    /// <summary>
    /// Asks for the connection on which the client has authenticated, or for one to the server that its cookie names, else to the one of
    /// its last request where that is preferred, else to whichever is next; after a failure not to the one that has just failed if there
    /// is another.
    /// </summary>
    /// <param name="except">The server that has just failed, or null.</param>
    /// <param name="isItsTurn">The exchange has waited and was first in line.</param>
    public LinkResult Open(UpstreamServer? except, bool isItsTurn = false)
    {
        if (exchange.Pin is { } pin && pin.IsFor(Group!) && exchange.Method != HttpMethod.Connect)
            return OpenPinned(pin);
        while (true)
        {
            Server = except is null
                ? Group!.ChooseWanted(_sticky.Wanted ?? Group.Preferred(exchange.LastServer), _clientKey, out WaitQueue queue, isItsTurn)
                : Group!.Choose(except, _clientKey, out queue, isItsTurn);
            if (Server is null)
                return Wait(queue);
            if (TryOpen(Server, _mayReuse))
                return IsEstablished ? LinkResult.Ready : LinkResult.Pending;
            if (!Server.HasRoom)
            {
                // It would have room were it not for idle connections of other workers.
                Server.AskForIdle();
                return Wait(queue);
            }

            // What seemed idle in the full pool was closed already, and that has made room; or another worker was faster and has made some since.
        }
    }

    /// <summary>
    /// After a failure: asks for another connection if the exchange may be sent again, on a fresh connection to the same server after a
    /// stale one, else to another server. Null when it may not.
    /// </summary>
    public LinkResult? Retry(ProxyError error, UpstreamConnection failed, RequestPump request)
    {
        bool isUnacknowledged = Group!.RetriesUnacknowledged && !exchange.Method.IsIdempotent() && failed.NothingWasAcknowledged;
        RetryFacts facts = FactsOf(failed, request.NothingWasSent, isUnacknowledged, request.IsHeld);
        RetryCause cause = RetryPolicy.Judge(error, facts);
        if (cause == RetryCause.None || (RetryPolicy.IsOfBudget(cause) && !TryTakeBudget()))
            return null;
        Release(ExchangeFailures.ServerReasonOf(error), reset: cause == RetryCause.ResponseTimeout);
        RetryCause = cause;
        counters.Add(CounterOf(cause));
        request.Detach();
        if (cause is not (RetryCause.StaleReuse or RetryCause.Unacknowledged))
            return Open(except: Server);
        _isStaleRetryUsed = true;
        return Server!.IsUp && TryOpen(Server, mayReuse: false) ? LinkResult.Pending : Open(except: null);
    }

    /// <summary>The connection is there: if the exchange has to wait again, it does so anew.</summary>
    public void Connected() => _ticket?.Settle();

    /// <summary>
    /// The connect failed because the process is out of descriptors, which is no fault of the server: the exchange waits in line and asks again.
    /// Pairs of descriptors are reserved, but one that was closed may be in use for a moment longer, and others in the process open some, too.
    /// </summary>
    public LinkResult WaitForDescriptor()
    {
        Connection = null;
        Attempts--;
        LinkResult result = Wait(Group!.Queue);
        Group.Queue.LookAgainSoon();
        return result;
    }

    /// <summary>The connect failed: the connection is gone by itself.</summary>
    public void ConnectFailed()
    {
        Facts = default(ServerConnectionFacts) with { Address = Connection!.Address.Peer };
        Connection = null;
        Group!.ConnectFailed(Server!);
    }

    /// <summary>True when authentication went over the exchange's connection, and that is gone already or does not outlive the response.</summary>
    /// <param name="responseKeepsIt">Nothing in the response speaks against keeping the connection.</param>
    public bool PinEnds(bool responseKeepsIt) =>
        Connection is { } connection
            ? connection.IsPinned && !(responseKeepsIt && connection.Server.JudgeKeeping(connection) == ServerCloseReason.None)
            : IsOnPin;

    /// <summary>
    /// Gives the connection back after a response that has come to its end: to the pool, or to the client that has authenticated on it.
    /// False when the client's authentication is lost, so that its connection must end too.
    /// </summary>
    /// <param name="reason">Why the connection cannot be kept, or None.</param>
    /// <param name="reset">As for <see cref="Release"/>.</param>
    /// <param name="clientGoesOn">The client's connection is kept.</param>
    /// <param name="restBytes">As for <see cref="Release"/>.</param>
    public bool End(ServerCloseReason reason, bool reset, bool clientGoesOn, int restBytes)
    {
        UpstreamConnection connection = Connection!;
        bool isPinned = connection.IsPinned;
        Release(isPinned && !clientGoesOn && reason == ServerCloseReason.None ? ServerCloseReason.PinnedClientLeft : reason, reset, restBytes);

        // Handed on to the next request of the same client, it is kept when that one ends.
        if (isPinned && connection.State == UpstreamConnectionState.Busy)
            return true;
        if (!isPinned)
            return exchange.Pin is not { IsLost: true };
        if (connection.State != UpstreamConnectionState.Pinned)
            return false;
        exchange.Pin!.Keep(connection, Group!);
        return true;
    }

    /// <summary>Lets go of the connection, which another user takes over.</summary>
    public UpstreamConnection Detach()
    {
        UpstreamConnection connection = Connection!;
        Facts = FactsOf(connection);
        Connection = null;
        return connection;
    }

    /// <summary>Gives the connection back, if there is one, and leaves the queue.</summary>
    /// <param name="reason">Why the connection must be closed, or None.</param>
    /// <param name="reset">Close it with RST.</param>
    /// <param name="restBytes">How many of the bytes that it delivered last belong to the next exchange on it.</param>
    public void Release(ServerCloseReason reason, bool reset, int restBytes = 0)
    {
        LeaveQueue();
        if (Connection is not { } connection)
            return;
        Facts = FactsOf(connection);
        Connection = null;
        if (connection.State == UpstreamConnectionState.Connecting || connection.IsLentTo(user))
            connection.Server.Release(connection, reason, reset, restBytes);
        else
            connection.Server.Unfollow(connection, user);
    }

    public void OnServerHasRoom()
    {
        counters.Add(CounterId.QueueWaiting, -1);
        user.OnTurnInQueue();
    }

    public void OnQueueTimeout()
    {
        counters.Add(CounterId.QueueWaiting, -1);
        counters.Add(CounterId.TimeoutsQueue);
        exchange.Fail(Group!.IsPending ? ProxyError.NameLookupTimeout : ProxyError.QueueTimeout, RejectReason.None);
    }

    private static ServerConnectionFacts FactsOf(UpstreamConnection connection) =>
        new(connection.Id, connection.UseCount, connection.IdleAgeMs, connection.Address.Peer);

    private static CounterId CounterOf(RetryCause cause) => cause switch
    {
        RetryCause.ConnectFailure => CounterId.RetriesConnectFailure,
        RetryCause.Unacknowledged => CounterId.RetriesUnacknowledged,
        RetryCause.EmptyResponse => CounterId.RetriesEmptyResponse,
        RetryCause.ResponseTimeout => CounterId.RetriesResponseTimeout,
        _ => CounterId.RetriesStaleReuse,
    };

    private LinkResult OpenPinned(PinnedServer pin)
    {
        IsOnPin = true;
        exchange.ServerChosen();
        Connection = pin.Take(user);
        Server = Connection?.Server;
        Attempts++;
        return Connection is null ? LinkResult.PinIsLost : LinkResult.Ready;
    }

    /// <summary>One place is enough for all tries of an exchange.</summary>
    private bool TryTakeBudget()
    {
        _isInBudget = _isInBudget || Group!.RetryBudget.TryTake(loop.Clock.NowMs, Group.Retry.BudgetPercent, Group.Retry.BudgetMin);
        if (!_isInBudget)
            counters.Add(CounterId.RetriesOverBudget);
        return _isInBudget;
    }

    private RetryFacts FactsOf(UpstreamConnection connection, bool nothingWasSent, bool nothingWasAcknowledged, bool isHeld) => new()
    {
        Method = exchange.Method,
        ConnectionWasReused = connection.IsReused,
        ConnectionIsPinned = IsOnPin,
        NothingWasSent = nothingWasSent,
        NothingWasAcknowledged = nothingWasAcknowledged,
        RequestIsHeld = isHeld,
        Attempts = Attempts,
        StaleRetryUsed = _isStaleRetryUsed,
        HasAnotherServer = Group!.HasOtherThan(connection.Server),
        Settings = Group.Retry,
    };

    private bool TryOpen(UpstreamServer server, bool mayReuse)
    {
        exchange.ServerChosen();
        Connection = mayReuse ? server.TakeIdle(user) : null;
        Connection ??= server.TryConnect(user);
        if (Connection is null)
            return false;
        if (IsEstablished)
            Connected();
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
        _ticket ??= new QueueTicket(this, loop);
        bool isBack = _ticket.IsKept;
        counters.Add(CounterId.QueueWaiting);
        queue.Add(_ticket, Group.QueueTimeoutMs);
        if (isBack)
            return LinkResult.Pending;
        counters.Add(CounterId.QueueEntered);
        NotePlace(queue);
        return LinkResult.Pending;
    }

    /// <summary>While the servers of a name are looked up nobody has a place: whoever comes is served at once then.</summary>
    private void NotePlace(WaitQueue queue)
    {
        if (queue != Group!.Queue)
            QueuePlaces = QueuePlaces with { OfServer = QueuePlaces.OfServer + queue.Count };
        else if (!Group.IsPending)
            QueuePlaces = QueuePlaces with { OfGroup = QueuePlaces.OfGroup + queue.Count };
    }

    private void LeaveQueue()
    {
        if (_ticket is { IsWaiting: true })
        {
            counters.Add(CounterId.QueueWaiting, -1);
            _ticket.Leave();
        }
        _ticket?.Settle();
    }
}
