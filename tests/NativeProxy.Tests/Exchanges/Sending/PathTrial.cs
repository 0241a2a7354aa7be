using System;
using System.Linq;
using System.Net;
using NativeProxy.Config;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Tests.Config;
using NativeProxy.Tests.Http1;
using NativeProxy.Tests.Metrics;
using NativeProxy.Tests.Simulation;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Tests.Upstreams;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Tests.Exchanges.Sending;

/// <summary>
/// One <see cref="RequestPath"/> over a <see cref="ScriptedStream"/>, in a group of two servers of which a is preferred. In virtual time.
/// </summary>
internal sealed class PathTrial : INetworkServer, IDisposable
{
    private readonly VirtualLoop _virtual = new();
    private readonly ReplayBudget _budget;
    private readonly long _begunMs;

    /// <param name="settings">Lines behind the name of the <c>[[upstream]]</c>.</param>
    /// <param name="serverLines">Lines of each server.</param>
    /// <param name="servers">How many of the two there are.</param>
    public PathTrial(string settings = "", string serverLines = "", int servers = 2)
    {
        string text = SettingsTrial.With(upstream: "balance = \"first\"\n" + settings, server: serverLines)
            + $"\n[[upstream.server]]\nname = \"b\"\naddress = \"127.0.0.1:9002\"\n{serverLines}\n";
        UpstreamSettings upstream = SettingsTrial.Parse(text).Settings.Upstreams[0];
        Servers = [.. upstream.Servers.Take(servers).Select(one =>
        {
            var server = new UpstreamServer(_virtual.Loop, Counters, one.Name, IPEndPoint.Parse(one.Address));
            server.Apply(upstream, one, one.MaxConnections);
            _virtual.World.Network.AddServer(IPEndPoint.Parse(one.Address), this);
            return server;
        })];
        Group = new UpstreamGroup(_virtual.Loop, upstream.Name, logId: 0);
        Group.Apply(upstream, Servers);
        _begunMs = _virtual.Loop.Clock.NowMs;
        _budget = new ReplayBudget(_virtual.Loop.Pools, Counters) { BytesMax = 1 << 20 };
        (Path, Stream) = MakePath(User);
    }

    public LoopCounters Counters { get; } = LastingCounters.Create();

    public UpstreamServer[] Servers { get; }

    public UpstreamGroup Group { get; }

    public RecordingPathUser User { get; } = new();

    public RequestPath Path { get; }

    public ScriptedStream Stream { get; }

    /// <summary>When the present or last try came how far, in milliseconds since the trial began; -1 = it did not.</summary>
    public (long ChosenMs, long ConnectedMs) Times => TimesOf(Path);

    /// <summary>Blocks that are lent: the copy of the request, while it is kept.</summary>
    public int LentBlocks => _virtual.Loop.Pools.LentCount;

    public (long ChosenMs, long ConnectedMs) TimesOf(RequestPath path) =>
        (Since(path.Link.Times.ChosenMs), Since(path.Link.Times.ConnectedMs));

    /// <summary>Another path to the same group.</summary>
    public (RequestPath Path, ScriptedStream Stream) MakePath(RecordingPathUser user)
    {
        ScriptedStream? stream = null;
        var path = new RequestPath(user, user, face => stream = new ScriptedStream(face), _virtual.Loop, Counters, _budget);
        return (path, stream!);
    }

    /// <summary>Asks a second server by another path when the first one is slow.</summary>
    public Hedge MakeHedge(RequestPath path, RequestPath spare, Action<RequestPath> goesOn) => new(path, spare, _virtual.Loop, Counters, goesOn);

    /// <summary>Begins with a request and opens its way.</summary>
    public void Ask(HttpMethod method = HttpMethod.Get, BodyLength body = default, RequestTerms? terms = null) => Run(() =>
    {
        RequestTerms known = terms ?? new RequestTerms { Method = method };
        Xunit.Assert.True(TryBegin(Path, known, body));
        Path.Open(ahead: null, moreFollows: false);
    });

    /// <summary>The same, over a pooled connection.</summary>
    public void AskReused(HttpMethod method, BodyLength body = default)
    {
        Stream.HasIdle = true;
        Ask(method, body);
    }

    /// <summary>The same, over a fresh connection that is there by now.</summary>
    public void AskFresh(HttpMethod method, BodyLength body = default)
    {
        Ask(method, body);
        Run(Stream.Connect);
    }

    public bool TryBegin(RequestPath path, RequestTerms terms, BodyLength body) => 
        path.TryBegin(Group, terms, Asked.Of(terms.Method.ToString().ToUpperInvariant(), "/t", "Host: a\r\n", body));

    /// <summary>The client sends a piece of the body, as it may.</summary>
    public void Send(string data, bool isLast = false, string trailerLines = "")
    {
        Xunit.Assert.True(Path.WantsBody);
        Run(() => Path.Send(new BodyPiece { Data = Wire.Bytes(data), IsLast = isLast, TrailerLines = Wire.Bytes(trailerLines) }));
    }

    public void Fail(ProxyError error, SendProof proof = SendProof.Unknown, bool answerHasBegun = false) => Run(() =>
    {
        Stream.Proof = proof;
        Stream.Fail(error, answerHasBegun);
    });

    /// <summary>Takes the one connection that a server may have.</summary>
    public UpstreamConnection Fill(UpstreamServer server)
    {
        UpstreamConnection? connection = null;
        Run(() => connection = server.TryConnect(new RecordingUser()));
        return connection!;
    }

    public void Run(Action action) => _virtual.Run(action);

    private long Since(long ms) => ms == LinkTimes.NotReached ? ms : ms - _begunMs;

    public void Settle(int ms) => _virtual.Settle(ms);

    public long Count(CounterId id) => Counters.Read(id);

    ConnectAnswer INetworkServer.AnswerConnect() => ConnectAnswer.Accept;

    void INetworkServer.OnConnected(SimulatedSocket socket)
    {
    }

    void INetworkServer.Watch(SimulatedSocket proxySide)
    {
    }

    public void Dispose() => _virtual.Loop.Stop();
}
