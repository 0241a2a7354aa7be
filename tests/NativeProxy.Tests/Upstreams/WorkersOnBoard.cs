using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Channels;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Transport;
using NativeProxy.Upstreams.Board;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;
using NativeProxy.Upstreams.Queueing;

namespace NativeProxy.Tests.Upstreams;

/// <summary>
/// Several workers in one process: each with its loop, its view of one board, and one group whose only server is a listening socket of the test;
/// or there is another one without a limit.
/// </summary>
internal sealed class WorkersOnBoard : IDisposable
{
    private readonly Socket _listener = Peers.Listen();
    private readonly BoardListener?[] _listeners;

    /// <param name="workers">How many.</param>
    /// <param name="connectionsMax">The limit of the server.</param>
    /// <param name="deaf">A worker that answers no bell, as one that hangs; none by default.</param>
    /// <param name="hasFree">There is a second server, which is not limited.</param>
    public WorkersOnBoard(int workers, int connectionsMax, int deaf = -1, bool hasFree = false)
    {
        ProxySettings settings = ServersOnBoard.SettingsOf(
            hasFree ? "a1 b1" : "a1", $"max_connections = {connectionsMax}", "balance = \"round_robin\"\nfirst_turn = \"first\"");
        Board = ServersOnBoard.NewBoard(workers);
        Board.Publish(settings);
        UpstreamSettings upstream = settings.Upstreams[0];
        Loops = [.. Enumerable.Range(0, workers).Select(static _ => new LoopUnderTest())];
        Groups = new UpstreamGroup[workers];
        _listeners = new BoardListener?[workers];
        for (int i = 0; i < workers; i++)
        {
            int worker = i;
            UpstreamServer[] servers = [.. upstream.Servers.Select(
                server => new UpstreamServer(Loops[worker].Loop, LastingCounters.Create(), server.Name, (IPEndPoint)_listener.LocalEndPoint!))];
            UpstreamGroup group = Groups[i] = new UpstreamGroup(Loops[i].Loop, "app", logId: 0);
            Loops[i].Run(() =>
            {
                for (int j = 0; j < servers.Length; j++)
                {
                    ServerSlot? slot = Board.Find("app", servers[j].Name, "127.0.0.1:1", worker);
                    servers[j].Apply(upstream, upstream.Servers[j], j == 0 ? connectionsMax : 0, slot);
                }
                group.Apply(upstream, servers, slot: Board.FindGroup("app", worker));
            }).Wait();
            if (i == deaf)
                continue;
            _listeners[i] = new BoardListener(Board.Bells, i, Loops[i].Loop, group.FollowBoard);
            _listeners[i]!.Start();
        }
    }

    public ServerBoard Board { get; }

    public LoopUnderTest[] Loops { get; }

    public UpstreamGroup[] Groups { get; }

    public ServerPlaces Places => Board.Find("app", "a", "127.0.0.1:1")!.Places;

    public UpstreamServer Server(int worker) => Groups[worker].Servers[0];

    /// <summary>A connection of a worker to the server, or null when there was no room.</summary>
    public Task<UpstreamConnection?> TryConnect(int worker) => Loops[worker].Run(() => Server(worker).TryConnect(new RecordingUser()));

    /// <summary>An established connection.</summary>
    public async Task<UpstreamConnection> Connect(int worker)
    {
        var user = new RecordingUser();
        UpstreamConnection connection = (await Loops[worker].Run(() => Server(worker).TryConnect(user)))!;
        await user.UntilSeen("connected");
        return connection;
    }

    /// <summary>The exchange on it is over: the connection is pooled, or closed.</summary>
    public Task Release(int worker, UpstreamConnection connection, ServerCloseReason reason = ServerCloseReason.None) =>
        Loops[worker].Run(() => Server(worker).Release(connection, reason));

    /// <summary>Somebody who asks for a connection and waits for it; "served" once there is one.</summary>
    public async Task<Customer> Ask(int worker, Action<Customer>? served = null)
    {
        var customer = new Customer(Groups[worker], Loops[worker], served);
        await Loops[worker].Run(customer.Ask);
        return customer;
    }

    public void Dispose()
    {
        foreach (BoardListener? listener in _listeners)
            listener?.Stop(TimeSpan.FromSeconds(10));
        for (int i = 0; i < Loops.Length; i++)
        {
            UpstreamGroup group = Groups[i];
            Loops[i].Run(group.Retire).Wait();
            Loops[i].Dispose();
        }
        _listener.Dispose();
    }

    /// <summary>As an exchange does it: asks the group, waits, and asks again when it is told that there is room.</summary>
    internal sealed class Customer : EventRecorder, IServerWaiter
    {
        private readonly UpstreamGroup _group;
        private readonly QueueTicket _ticket;
        private readonly Action<Customer>? _served;

        public Customer(UpstreamGroup group, LoopUnderTest loop, Action<Customer>? served)
        {
            _group = group;
            _served = served;
            _ticket = new QueueTicket(this, loop.Loop);
        }

        public UpstreamConnection? Connection { get; private set; }

        public long Number => _ticket.Number;

        public void Ask() => Ask(isItsTurn: false);

        public void Leave()
        {
            _ticket.Leave();
            _ticket.Settle();
        }

        public void OnServerHasRoom() => Ask(isItsTurn: true);

        public void OnQueueTimeout() => Write("timeout");

        private void Ask(bool isItsTurn)
        {
            UpstreamServer? server = _group.Choose(except: null, hashKey: 0, out WaitQueue queue, isItsTurn);
            var user = new RecordingUser();
            Connection = server?.TakeIdle(user) ?? server?.TryConnect(user);
            if (Connection is null && server is { HasRoom: false })
                Connection = _group.InsteadOf(server, except: null, queue, isItsTurn)?.TryConnect(user);
            if (Connection is null)
            {
                queue.TryAdd(_ticket, timeoutMs: 0);
                return;
            }
            _served?.Invoke(this);
            Write("served");
        }
    }
}
