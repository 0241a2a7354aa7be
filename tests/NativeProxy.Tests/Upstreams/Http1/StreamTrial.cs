using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text;
using NativeProxy.Buffers;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Simulation;
using NativeProxy.Tests.Simulation.Engine;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Http1;

namespace NativeProxy.Tests.Upstreams.Http1;

/// <summary>
/// An <see cref="UpstreamServer"/> on a loop in virtual time, without sockets, and the streams that ask it. A test plays the server by hand.
/// Everything runs inside a turn of the loop (<see cref="Run"/>).
/// </summary>
internal sealed class StreamTrial : INetworkServer, IDisposable
{
    private readonly VirtualLoop _virtual = new();
    private readonly WireScratch _scratch = new(16 * 1024, 100, EventLoop.ReceiveBytesMax);

    /// <param name="settings">Lines behind the name of the <c>[[upstream]]</c>.</param>
    public StreamTrial(string settings = "")
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, 9001);
        _virtual.World.Network.AddServer(endPoint, this);
        UpstreamSettings upstream = ServerUnderTest.SettingsOf(settings);
        Server = new UpstreamServer(Loop, Counters, "a", endPoint);
        Server.Apply(upstream, upstream.Servers[0], upstream.Servers[0].MaxConnections);
    }

    public SimulatedEventLoop Loop => _virtual.Loop;

    public LoopCounters Counters { get; } = LastingCounters.Create();

    public UpstreamServer Server { get; }

    /// <summary>The server's ends of its connections, in the order in which they were opened.</summary>
    public List<SimulatedSocket> Peers { get; } = [];

    public SimulatedSocket Peer => Peers[^1];

    /// <summary>How a connect ends.</summary>
    public ConnectAnswer Answer { get; set; } = ConnectAnswer.Accept;

    /// <summary>Bytes that a connection takes ahead of its reader, on connections from now on.</summary>
    public int WindowBytes { get; set; } = 256 * 1024;

    /// <summary>A stream on which another exchange has begun.</summary>
    public (Http1ServerStream Stream, RecordingStreamUser User) Begin(AnswerTerms? terms = null)
    {
        var user = new RecordingStreamUser();
        var stream = new Http1ServerStream(user, Loop, _scratch);
        stream.Begin(terms ?? new AnswerTerms { Method = HttpMethod.Get });
        return (stream, user);
    }

    /// <summary>The same, with a connection.</summary>
    public (Http1ServerStream Stream, RecordingStreamUser User) Open(AnswerTerms? terms = null, bool mayReuse = false)
    {
        (Http1ServerStream stream, RecordingStreamUser user) = Begin(terms);
        Run(() => stream.TryOpen(Server, mayReuse));
        user.Events.Clear();
        return (stream, user);
    }

    /// <summary>The same, with a request on its way, which was read by the server.</summary>
    public (Http1ServerStream Stream, RecordingStreamUser User) Ask(AnswerTerms? terms = null, bool mayReuse = false)
    {
        (Http1ServerStream stream, RecordingStreamUser user) = Open(terms, mayReuse);
        Start(stream);
        Read();
        return (stream, user);
    }

    /// <summary>A stream whose connection has carried a request before.</summary>
    public (Http1ServerStream Stream, RecordingStreamUser User) AskAgain(AnswerTerms? terms = null)
    {
        Reuse();
        return Ask(terms, mayReuse: true);
    }

    /// <summary>Leaves a connection in the pool.</summary>
    public void Reuse()
    {
        (Http1ServerStream stream, _) = Ask();
        Write("HTTP/1.1 204 Done\r\n\r\n");
        Run(() => stream.End(stream.Judge(), clientGoesOn: true, out _));
    }

    /// <summary>Sends a request whose body is as its length says, as far as it is there.</summary>
    public void Start(
        ServerStream stream, string first = "", bool isLast = true, BodyLength body = default, string lines = "Host: a\r\n") =>
        Run(() => stream.Start(
            Asked.Of(body.HasBody ? "POST" : "GET", "/", lines, body),
            new BodyPiece { Data = Wire.Bytes(first), IsLast = isLast }, moreFollows: false));

    public void Send(ServerStream stream, string data, bool isLast = false, string trailerLines = "") =>
        Run(() => stream.Send(new BodyPiece { Data = Wire.Bytes(data), IsLast = isLast, TrailerLines = Wire.Bytes(trailerLines) }));

    /// <summary>The server sends, and all of it comes in one delivery.</summary>
    public void Write(string text) => Run(() =>
    {
        UpstreamConnection connection = ConnectionOf(Peer);
        byte[] bytes = Wire.Bytes(text);
        ((IConnectionOwner)connection).OnReceived(connection.Tcp!, bytes);
        bytes.AsSpan().Fill(0xDD);
    });

    /// <summary>What the server has got since it was asked last.</summary>
    public string Read(SimulatedSocket? peer = null)
    {
        peer ??= Peer;
        var text = new StringBuilder();
        byte[] buffer = new byte[4096];
        for (int received; (received = peer.Receive(buffer, out _)) > 0;)
        {
            text.Append(Encoding.Latin1.GetString(buffer, 0, received));
            Settle();
        }
        return text.ToString();
    }

    public UpstreamConnection ConnectionOf(SimulatedSocket peer) =>
        (UpstreamConnection)Loop.Live.Single(connection => connection.SocketId == peer.Id).Owner!;

    /// <inheritdoc cref="VirtualLoop.Run"/>
    public void Run(Action action) => _virtual.Run(action);

    /// <inheritdoc cref="VirtualLoop.Settle"/>
    public void Settle(int ms = 0) => _virtual.Settle(ms);

    public long Count(CounterId id) => Counters.Read(id);

    /// <summary>Whether exactly one server connection was closed, for this reason.</summary>
    public bool WasClosedFor(ServerCloseReason reason) => Count(CloseCounters.Of(reason)) == 1;

    /// <summary>Nothing is lent, every connection and buffer is gone once the pool is empty.</summary>
    public string? Leftovers()
    {
        Run(() => Server.Connections.Purge(ServerCloseReason.Purged));
        foreach (SimulatedSocket peer in Peers)
            peer.Close(reset: true);
        Settle(1000);
        return Server.LentCount != 0 ? $"{Server.LentCount} lent"
            : Loop.Sockets.Count != 0 ? $"{Loop.Sockets.Count} open" : Loop.Pools.DescribeLeaks();
    }

    ConnectAnswer INetworkServer.AnswerConnect() => Answer;

    void INetworkServer.OnConnected(SimulatedSocket socket) => Peers.Add(socket);

    void INetworkServer.Watch(SimulatedSocket proxySide) => proxySide.Incoming.WindowBytes = proxySide.Outgoing.WindowBytes = WindowBytes;

    public void Dispose() => Loop.Stop();
}
