using System;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Text;
using NativeProxy.Clients;
using NativeProxy.Clients.Http1;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Simulation;
using NativeProxy.Tests.Simulation.Engine;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Transport;

namespace NativeProxy.Tests.Clients.Http1;

/// <summary>
/// The client's face on HTTP/1, on a loop in virtual time without sockets: clients that a test plays by hand, and a service whose users write
/// down what they hear (<see cref="RecordingClientUser"/>). Bytes travel at once and whole.
/// </summary>
internal sealed class ClientTrial : IConnectionAcceptor, IFrontendOwner, IRequestService, IDisposable
{
    private static readonly object SomeRoute = new();

    private readonly VirtualLoop _loop;
    private readonly TrialServices _services;
    private readonly List<SimulatedSocket> _clients = [];
    private readonly Dictionary<string, RecordingClientUser> _users = [];
    private bool _isOld;

    /// <param name="listener">Lines of the listener's table and its sub-tables.</param>
    /// <param name="bufferBytes">Budget of the buffers.</param>
    /// <param name="isCompletionBased">Which of the two real engines the simulated one is like.</param>
    public ClientTrial(string listener = "", long bufferBytes = 16 << 20, bool isCompletionBased = false)
    {
        _loop = new VirtualLoop(bufferBytes, isCompletionBased);
        Loop.ReadsWhole = true;
        _services = new TrialServices(Loop, listener);
        Pool = new SessionPool(_services.MakeFrontend(this, this));
        Loop.Listen(null!, this, SocketTuning.Default).Resume();
    }

    public SimulatedEventLoop Loop => _loop.Loop;

    public LoopCounters Counters => _services.Counters;

    /// <summary>Of the listener; after <see cref="Reload"/> of the one that was there before.</summary>
    public SessionPool Pool { get; }

    public Frontend Frontend => Pool.Frontend;

    /// <summary>What users and owner have heard.</summary>
    public List<string> Events { get; } = [];

    /// <summary>What happens within an event.</summary>
    public Dictionary<string, Action> When { get; } = [];

    /// <summary>Whether the users take pieces of request bodies.</summary>
    public bool TakesBodies { get; set; } = true;

    /// <summary>Bytes that a client takes ahead of its reader, on connections from now on.</summary>
    public int WindowBytes { get; set; } = 256 * 1024;

    /// <summary>The session of the client that connected last.</summary>
    public ClientSession Session { get; private set; } = null!;

    public int ConnectionCount => _clients.Count;

    public bool HasSocketToSpare { get; set; } = true;

    public ReadOnlySpan<byte> AllowedMethods => "GET, MOVE"u8;

    public bool PassesProxyCredentials => true;

    public ErrorPages? ErrorPages => null;

    bool IConnectionAcceptor.MayAccept => true;

    /// <summary>The user of a request, by its path.</summary>
    public RecordingClientUser this[string name] => _users[name];

    /// <summary>That of the latest request.</summary>
    public RecordingClientUser Latest { get; private set; } = null!;

    /// <summary>A client connects.</summary>
    public SimulatedSocket Connect()
    {
        SimulatedSocket client = _loop.ConnectClient(WindowBytes);
        _clients.Add(client);
        return client;
    }

    /// <summary>A client that has sent this.</summary>
    public SimulatedSocket Ask(params string[] pieces)
    {
        SimulatedSocket client = Connect();
        foreach (string piece in pieces)
            Write(client, piece);
        return client;
    }

    public void Write(SimulatedSocket client, string text)
    {
        if (text.Length == 0)
            return;
        client.Send(Wire.Bytes(text), out _);
        Settle();
    }

    /// <summary>The client sends FIN.</summary>
    public void End(SimulatedSocket client)
    {
        client.ShutdownSend();
        Settle();
    }

    public void Close(SimulatedSocket client, bool reset)
    {
        client.Close(reset);
        Settle();
    }

    /// <summary>All that the client has got since it read last.</summary>
    public string Read(SimulatedSocket client)
    {
        var text = new StringBuilder();
        byte[] buffer = new byte[4096];
        for (int received; (received = client.Receive(buffer, out _)) > 0;)
        {
            text.Append(Encoding.Latin1.GetString(buffer, 0, received));
            Settle();
        }
        return text.ToString();
    }

    /// <summary>What the client sees: "open", "fin" or "reset".</summary>
    public static string Fate(SimulatedSocket client) => client.IsReset ? "reset" : client.Incoming.EndArrived ? "fin" : "open";

    public void Respond(string name, string head, string data = "", bool isLast = true, CloseReason reason = CloseReason.None) =>
        Run(() => _users[name].Respond(head, data, isLast, reason));

    public void Send(string name, string data, bool isLast = false, string trailerLines = "") =>
        Run(() => _users[name].Send(data, isLast, trailerLines));

    public void Resume(string name) => Run(_users[name].Stream.ResumeBody);

    /// <summary>Another listener takes the place of the one that is there. Returns it.</summary>
    public Frontend Reload(string listener = "")
    {
        var successor = new SessionPool(_services.MakeFrontend(this, this, new TrialServices(Loop, listener).Settings));
        _isOld = true;
        Pool.Successor = successor;
        Run(Session.FollowSuccessor);
        return successor.Frontend;
    }

    /// <summary>Does this inside a turn, and all that follows from it.</summary>
    public void Run(Action action) => _loop.Run(action);

    /// <summary>Lets everything happen that is due within this time.</summary>
    public void Settle(int ms = 0) => _loop.Settle(ms);

    /// <summary>One thing happens, outside or in the loop; when nothing is due, time moves.</summary>
    public void Step() => _loop.Step();

    public long Count(CounterId id) => Counters.Read(id);

    /// <summary>Why client connections were closed.</summary>
    public string Closes() => _services.ClientCloses();

    /// <summary>Events since this was asked last.</summary>
    public string[] News()
    {
        string[] news = [.. Events];
        Events.Clear();
        return news;
    }

    /// <summary>Nothing is left of it all when the clients have gone; null, or what is.</summary>
    public string? Leftovers()
    {
        foreach (SimulatedSocket client in _clients)
            client.Close(reset: true);
        Settle(1000);
        return Loop.Sockets.Count != 0 ? $"{Loop.Sockets.Count} open"
            : Count(CounterId.RequestsInFlight) != 0 ? "requests in flight"
            : Count(CounterId.RequestsBehindOthers) != 0 ? "requests behind others"
            : Count(CounterId.ClientsHalfClosed) != 0 ? "half-closed"
            : Loop.Wheel.LinkedCount != 0 ? $"{Loop.Wheel.LinkedCount} timers"
            : Loop.Pools.DescribeLeaks();
    }

    void IConnectionAcceptor.OnAccepted(TcpConnection connection)
    {
        Session = (ClientSession)Pool.Lend();
        Session.Begin(connection, new SessionStart(Identity: null, Loop.Clock.NowMs, Frontend.Timeouts.RequestHeaderMs));
    }

    void IConnectionAcceptor.OnAcceptFailed(SocketError error) => throw new InvalidOperationException(error.ToString());

    void IFrontendOwner.OnLeaves() => Note("leaves the listener");

    void IFrontendOwner.OnEnded(ClientConnection connection)
    {
        var session = (ClientSession)connection;
        Note(_isOld && session.Frontend != Frontend ? "connection ended on the successor" : "connection ended");
        Pool.Return(session);
    }

    void IFrontendOwner.OnFollowed(ClientConnection connection) => Note("followed");

    object? IRequestService.Route(
        ReadOnlySpan<byte> bytes, RequestHead head, in PeerAddress client, out ProxyError refusal, out RejectReason detail)
    {
        detail = RejectReason.None;
        refusal = Wire.Text(head.Target.Of(bytes)) == "/denied" ? ProxyError.DestinationRefused : ProxyError.None;
        return refusal == ProxyError.None ? SomeRoute : null;
    }

    string? IRequestService.NameOf(object route) => "some";

    IClientStreamUser IRequestService.MakeUser(ClientStream stream) => new RecordingClientUser(stream, this);

    void IRequestService.OnRefused(ClientConnection connection, in Refusal refusal) => Note(
        $"refused {refusal.Error} {refusal.Detail} {refusal.StatusCode} {refusal.CloseReason}, {refusal.Request.Length} bytes"
        + (refusal.ShowsLine ? " with its line" : ""));

    public void Dispose() => Loop.Stop();

    internal void Began(RecordingClientUser user) => Latest = _users[user.Name] = user;

    internal void Note(string text)
    {
        Events.Add(text);
        if (When.TryGetValue(text, out Action? then))
            then();
    }
}
