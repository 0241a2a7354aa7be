using System;
using System.Net.Sockets;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Queueing;

namespace NativeProxy.Passthrough;

/// <summary>
/// The way of one client connection to a server, where bytes are passed on as they are: which server, a place in the line of one that is full, and
/// another server after a connect that failed (HAProxy's redispatch, nginx's proxy_next_upstream). Always a connection of its own: bytes of two
/// clients never share one. Owner: one <see cref="TcpSession"/>, which uses it again; thread: the loop. Never sends.
/// </summary>
/// <param name="user">For whom.</param>
/// <param name="loop">The loop.</param>
/// <param name="counters">Of the worker.</param>
internal sealed class ServerWay(IServerWayUser user, EventLoop loop, LoopCounters counters) : IServerConnectionUser, IServerWaiter
{
    private QueueTicket? _ticket;
    private UpstreamConnection? _connection;
    private ulong _clientKey;
    private int _port;

    /// <summary>It is one of those in flight that the group counts.</summary>
    private bool _isCounted;

    /// <summary>The upstream of the present or last way; null before the first one.</summary>
    public UpstreamGroup? Group { get; private set; }

    /// <summary>The server of the present or last try; null when none was chosen.</summary>
    public UpstreamServer? Server { get; private set; }

    /// <summary>The connection that it has, or opens; null while there is none.</summary>
    public UpstreamConnection? Connection => _connection;

    /// <summary>Until when it stands in line, in loop time; -1 = it does not, or without a limit.</summary>
    public long DueMs => _ticket?.DueMs ?? -1;

    /// <summary>Connects so far.</summary>
    public int Attempts { get; private set; }

    /// <summary>True while it stands in line.</summary>
    public bool IsWaiting => _ticket is { IsWaiting: true };

    public bool IsOpaque => true;

    /// <summary>Asks for a server. False when none takes connections; else an event follows.</summary>
    /// <param name="group">Among which servers.</param>
    /// <param name="clientKey">Stands for the client where servers are chosen by it.</param>
    /// <param name="port">The port that the client has connected to.</param>
    public bool TryBegin(UpstreamGroup group, ulong clientKey, int port)
    {
        _ticket?.Settle();
        _port = port;
        Group = group;
        Server = null;
        _clientKey = clientKey;
        Attempts = 0;
        if (!group.Load.TryEnter(ref _isCounted, loop.Clock.NowMs, counters))
            return false;
        bool isUnderWay = TryOpen(except: null);
        if (!isUnderWay)
            group.Load.Leave(ref _isCounted);
        return isUnderWay;
    }

    /// <summary>Gives the connection up, if there is one, and leaves the line.</summary>
    /// <param name="reason">Why it is closed.</param>
    /// <param name="reset">Close it with RST.</param>
    public void Release(ServerCloseReason reason, bool reset)
    {
        if (_ticket is { IsWaiting: true })
        {
            counters.Add(CounterId.QueueWaiting, -1);
            _ticket.Leave();
        }
        _ticket?.Settle();
        Group?.Load.Leave(ref _isCounted);
        UpstreamConnection? connection = _connection;
        _connection = null;
        connection?.Server.Release(connection, reason, reset);
    }

    public void Describe(ref AskerFacts asker) => user.Describe(ref asker);

    public void OnServerConnected(UpstreamConnection connection)
    {
        _ticket?.Settle();
        Group!.Passive?.Answered(connection.Server, status: 0, loop.Clock.NowMs);
        user.OnServerReady(connection);
    }

    public void OnServerConnectFailed(UpstreamConnection connection, SocketError error)
    {
        _connection = null;
        Tell(TryAgain(error));
    }

    public void OnServerTurn(UpstreamConnection connection) => Check.That(false, "nothing is pipelined here");

    public void OnServerTurnLost(UpstreamConnection connection) => Check.That(false, "nothing is pipelined here");

    public void OnServerReceived(UpstreamConnection connection, ReadOnlySpan<byte> bytes) => CheckHandedOver();

    public void OnServerEndOfStream(UpstreamConnection connection) => CheckHandedOver();

    public void OnServerSendDrained(UpstreamConnection connection) => CheckHandedOver();

    public void OnServerSendFailed(UpstreamConnection connection, SocketError error) => CheckHandedOver();

    public void OnServerFailed(UpstreamConnection connection, SocketError error) => CheckHandedOver();

    public void OnServerTimeout(UpstreamConnection connection) => Check.That(false, "no answer is owed here");

    public void OnServerHasRoom()
    {
        counters.Add(CounterId.QueueWaiting, -1);
        Tell(TryOpen(except: null, isItsTurn: true));
    }

    public void OnQueueTimeout()
    {
        counters.Add(CounterId.QueueWaiting, -1);
        counters.Add(CounterId.TimeoutsQueue);
        Tell(isUnderWay: false);
    }

    private void Tell(bool isUnderWay)
    {
        if (!isUnderWay)
        {
            Group!.Load.Leave(ref _isCounted);
            user.OnNoServer();
        }
        else if (IsWaiting)
        {
            user.OnWaits();
        }
    }

    private static void CheckHandedOver() => Check.That(false, "a connection that is there has another user");

    /// <summary>A connect failed. True when another one, perhaps to the same server, is under way, or waits.</summary>
    private bool TryAgain(SocketError error)
    {
        if (error == SocketError.TooManyOpenSockets)
        {
            // No fault of the server: descriptors that were closed may be in use for a moment longer.
            Attempts--;
            bool isPending = TryWait(Group!.Queue);
            Group.Queue.LookAgainSoon();
            return isPending;
        }

        // Nor is a lack of ports to come from.
        if (error != SocketError.AddressAlreadyInUse)
        {
            Group!.ConnectFailed(Server!);
            Group.Passive?.Failed(Server!, loop.Clock.NowMs);
        }
        ref readonly UpstreamRetrySettings retry = ref Group!.Rules.Retry.Settings;
        if (Attempts >= retry.Attempts || !retry.IsOn(RetryCondition.ConnectFailure))
            return false;
        counters.Add(CounterId.RetriesConnectFailure);
        return TryOpen(except: Server);
    }

    private bool TryOpen(UpstreamServer? except, bool isItsTurn = false)
    {
        while (true)
        {
            Server = Group!.Choose(except, _clientKey, out WaitQueue queue, isItsTurn);
            if (Server is null)
                return TryWait(queue);
            _connection = Server.TryConnect(this, IdentityAt(Server));
            if (_connection is not null)
            {
                Attempts++;
                return true;
            }
            if (!Server.HasRoom)
            {
                // It would have room were it not for idle connections of other workers.
                Server = Group.InsteadOf(Server, except, queue, isItsTurn);
                _connection = Server?.TryConnect(this, IdentityAt(Server));
                if (_connection is null)
                    return TryWait(queue);
                Attempts++;
                return true;
            }
        }
    }

    /// <summary>None but the server's own where that has its port. A port that there is not is one that nobody answers on.</summary>
    private ConnectionIdentity? IdentityAt(UpstreamServer server) => server.Terms.PortOffset is { } offset
        ? new ConnectionIdentity(server.Identity.Security) { Port = Math.Clamp(_port + offset, 1, ushort.MaxValue) }
        : null;

    private bool TryWait(WaitQueue queue)
    {
        if (queue == Group!.Queue && !Group.HasServer && !Group.IsPending)
        {
            counters.Add(CounterId.NoServerAvailable);
            return false;
        }
        _ticket ??= new QueueTicket(this, loop);
        bool isBack = _ticket.IsKept;
        if (!queue.TryAdd(_ticket, Group.IsPending ? Group.Rules.ConnectTimeoutMs : Group.Rules.QueueTimeoutMs, priority: 0))
        {
            counters.Add(CounterId.QueueFull);
            return false;
        }
        counters.Add(CounterId.QueueWaiting);
        if (!isBack)
            counters.Add(CounterId.QueueEntered);
        return true;
    }
}
