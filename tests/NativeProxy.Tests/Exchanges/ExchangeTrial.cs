using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using NativeProxy.Clients;
using NativeProxy.Clients.Http1;
using NativeProxy.Config;
using NativeProxy.Exchanges;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Routing;
using NativeProxy.Tests.Clients.Http1;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Simulation;
using NativeProxy.Tests.Simulation.Engine;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Tests.Upstreams;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Tests.Exchanges;

/// <summary>One exchange after another between two recording faces, which write into one list, so that the order over both sides is seen.</summary>
internal sealed class ExchangeTrial : INetworkServer, IConnectionAcceptor, IFrontendOwner, IDisposable
{
    private readonly VirtualLoop _loop = new();
    private readonly TrialServices _services;
    private readonly RequestService _service;
    private readonly Frontend _frontend;
    private readonly ClientUnderTrial _connection;
    private TcpConnection _tcp = null!;

    /// <param name="listener">Lines of the listener's table and its sub-tables.</param>
    /// <param name="upstream">Lines of the upstream's table and its sub-tables.</param>
    public ExchangeTrial(string listener = "", string upstream = "")
    {
        _services = new TrialServices(Loop, listener, upstream);
        _loop.World.Network.AddServer(_services.EndPoint, this);
        _service = _services.MakeService(MakeStream);
        _frontend = _services.MakeFrontend(this, _service);
        Loop.Listen(null!, this, SocketTuning.Default).Resume();
        Peer = _loop.World.Network.ConnectClient()!;
        Settle();
        _connection = new ClientUnderTrial(_frontend, _tcp, Events);
        Client = new RecordingClientStream(_connection, Events);
        Client.User = Exchange = (Exchange)_service.MakeUser(Client);
        Server = Streams[0];
    }

    public SimulatedEventLoop Loop => _loop.Loop;

    public LoopCounters Counters => _services.Counters;

    public UpstreamGroup Group => _services.Group;

    public List<string> Events { get; } = [];

    /// <summary>How many of them came before the turn went on in which the latest request began.</summary>
    public int EventsWithinBegin { get; private set; }

    public Exchange Exchange { get; }

    public RecordingClientStream Client { get; }

    /// <summary>The server's face of the exchange.</summary>
    public RecordingServerStream Server { get; }

    /// <summary>That one, and those of fetches.</summary>
    public List<RecordingServerStream> Streams { get; } = [];

    /// <summary>The client's end of its connection, for tunnels.</summary>
    public SimulatedSocket Peer { get; }

    /// <summary>The servers' ends of connections, for tunnels and pinning.</summary>
    public List<SimulatedSocket> ServerPeers { get; } = [];

    public ClientConnection Connection => _connection;

    public int ConnectionCount => 1;

    public bool HasSocketToSpare => true;

    bool IConnectionAcceptor.MayAccept => true;

    /// <summary>A request begins, and what follows within this turn happens.</summary>
    /// <param name="request">Its head.</param>
    /// <param name="ahead">Who is in front of it.</param>
    public void Begin(string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", IClientStreamUser? ahead = null) => Run(() =>
    {
        byte[] bytes = Wire.Bytes(request);
        RequestIntake intake = RequestIntake.Read(bytes, _connection, _connection.Frontend);
        Client.Begin(_services.Scratch.Request.Version, _connection.Address);
        Exchange.Begin(bytes, _services.Scratch.Request, intake.Route!, ahead, moreFollows: false);
        EventsWithinBegin = Events.Count;
    });

    /// <summary>A piece of the request's body.</summary>
    public void Body(string data, bool isLast = false, string trailerLines = "") => Run(() =>
        Exchange.OnClientBody(new BodyPiece { Data = Wire.Bytes(data), IsLast = isLast, TrailerLines = Wire.Bytes(trailerLines) }));

    /// <summary>The server's final head, with the beginning of the body.</summary>
    public void Respond(string head, string data = "", bool isLast = true) => Run(() =>
    {
        (byte[] bytes, ResponseHead parts) = RecordingClientUser.Parse(head);
        Server.User.OnServerAnswers();
        Server.User.OnServerResponse(bytes, parts, new BodyPiece { Data = Wire.Bytes(data), IsLast = isLast });
    });

    /// <summary>More of the server's body.</summary>
    public void Pass(string data, bool isLast = false, string trailerLines = "", RecordingServerStream? stream = null) => Run(() =>
        (stream ?? Server).User.OnServerBody(new BodyPiece { Data = Wire.Bytes(data), IsLast = isLast, TrailerLines = Wire.Bytes(trailerLines) }));

    public void Interim(string head) => Run(() =>
    {
        (byte[] bytes, ResponseHead parts) = RecordingClientUser.Parse(head);
        Server.User.OnServerAnswers();
        Server.User.OnServerInterim(bytes, parts);
    });

    public void Switch(string rest) => Run(() =>
    {
        (byte[] bytes, ResponseHead parts) = RecordingClientUser.Parse("HTTP/1.1 101 Switch\r\nConnection: upgrade\r\nUpgrade: echo\r\n");
        Server.User.OnServerSwitched(bytes, parts, Wire.Bytes(rest));
    });

    public void Fail(ProxyError error, RejectReason detail = RejectReason.None, bool hasBegun = false) =>
        Run(() => Server.User.OnServerFailed(new ServerFailure { Error = error, Detail = detail, AnswerHasBegun = hasBegun }));

    /// <summary>Gives the server's face a real connection, for what cannot do without.</summary>
    public void Connect()
    {
        Run(() => Server.Connection = _services.Server.TryConnect(new RecordingUser()));
        Settle();
    }

    public string[] News()
    {
        string[] news = [.. Events];
        Events.Clear();
        return news;
    }

    public long Count(CounterId id) => Counters.Read(id);

    public void Run(Action action) => _loop.Run(action);

    public void Settle(int ms = 0) => _loop.Settle(ms);

    void IConnectionAcceptor.OnAccepted(TcpConnection connection)
    {
        _tcp = connection;
        connection.SetOwner(new Transport.RecordingOwner());
    }

    void IConnectionAcceptor.OnAcceptFailed(SocketError error) => throw new InvalidOperationException(error.ToString());

    ConnectAnswer INetworkServer.AnswerConnect() => ConnectAnswer.Accept;

    void INetworkServer.OnConnected(SimulatedSocket socket) => ServerPeers.Add(socket);

    void INetworkServer.Watch(SimulatedSocket proxySide)
    {
    }

    void IFrontendOwner.OnLeaves()
    {
    }

    void IFrontendOwner.OnEnded(ClientConnection connection)
    {
    }

    void IFrontendOwner.OnFollowed(ClientConnection connection)
    {
    }

    public void Dispose() => Loop.Stop();

    private RecordingServerStream MakeStream(IServerStreamUser user)
    {
        var stream = new RecordingServerStream(user, Events);
        Streams.Add(stream);
        return stream;
    }

    /// <summary>A connection of which only the socket is real.</summary>
    private sealed class ClientUnderTrial : ClientConnection
    {
        private readonly List<string> _events;

        public ClientUnderTrial(Frontend frontend, TcpConnection tcp, List<string> events)
        {
            Frontend = frontend;
            _events = events;
            Take(tcp, identity: null);
        }

        public override Frontend Frontend { get; }

        public override long IdleSinceMs => -1;

        public override void Drain()
        {
        }

        public override void FollowSuccessor()
        {
        }

        public override void OnBondEnded() => _events.Add("bond ended");

        protected override bool GiveUp(CloseReason reason) => false;

        protected override void OnEnding()
        {
        }

        protected override void EndOf()
        {
        }
    }
}
