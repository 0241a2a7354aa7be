using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Http;
using NativeProxy.Tests.Hosting;
using NativeProxy.Tests.Pipes;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Admin;

public sealed class SmallHttpServerTests : IDisposable
{
    private readonly ManualTime _time = new();
    private SmallHttpServer? _server;
    private Socket? _listening;
    private Echo? _echo;

    public void Dispose() => _server?.Dispose();

    [Fact]
    public void RequestsOfOneConnection_AreAnsweredInTurn()
    {
        using Socket client = Peers.Connect(Serve());

        for (int i = 0; i < 3; i++)
        {
            client.SendText($"GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n");
            (string head, string body) = client.ReadMessage();
            Assert.Matches("^HTTP/1\\.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/plain\r\n", head);
            Assert.DoesNotContain("Connection:", head, StringComparison.Ordinal);
            Assert.Equal($"Get /{i}", body);
        }

    }

    [Fact]
    public void PipelinedRequests_AreAllAnsweredInOrder()
    {
        using Socket client = Peers.Connect(Serve());

        client.SendText(string.Concat(Enumerable.Range(0, 20).Select(static i => $"GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n")));

        for (int i = 0; i < 20; i++)
            Assert.Equal($"Get /{i}", client.ReadMessage().Body);
    }

    [Fact]
    public void HeadInPieces_IsAnsweredOnce()
    {
        using Socket client = Peers.Connect(Serve());

        foreach (char one in "GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            client.SendText(one.ToString());

        Assert.EndsWith("\r\n\r\nGet /slow", Encoding.ASCII.GetString(client.ReadToEnd()), StringComparison.Ordinal);
    }

    [Fact]
    public void Head_GetsTheHeadAlone()
    {
        using Socket client = Peers.Connect(Serve());

        client.SendText("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        string answer = Encoding.ASCII.GetString(client.ReadToEnd());
        Assert.Contains("\r\nContent-Length: 7\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ")]
    [InlineData("bad request\r\n\r\n", "HTTP/1.1 400 ")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 400 ")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400 ")]
    public void LastRequest_IsAnsweredThenTheConnectionEnds(string request, string expected)
    {
        using Socket client = Peers.Connect(Serve());

        client.SendText(request + "GET /never HTTP/1.1\r\nHost: a\r\n\r\n");

        string answer = Encoding.ASCII.GetString(client.ReadToEnd());
        Assert.StartsWith(expected, answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("/never", answer, StringComparison.Ordinal);
    }

    /// <summary>What is no request is no HEAD either, whatever came before it.</summary>
    [Fact]
    public void MalformedRequestBehindAHead_IsToldWhatIsWrong()
    {
        using Socket client = Peers.Connect(Serve());
        client.SendText("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n?\r\n");
        string answers = Encoding.ASCII.GetString(client.ReadToEnd());
        Assert.EndsWith("most of them without a body\n", answers, StringComparison.Ordinal);
    }

    /// <summary>Whoever says at once that nothing more will come is answered as well (`nc -N`).</summary>
    [Theory]
    [InlineData("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET /1 HTTP/1.0\r\n\r\n")]
    public void ClientThatHalfCloses_IsAnsweredWhole(string request)
    {
        IPEndPoint server = Serve();
        for (int i = 0; i < 50; i++)
        {
            using Socket client = Peers.Connect(server);
            client.SendText(request);
            client.Shutdown(SocketShutdown.Send);
            Assert.EndsWith("\r\n\r\nGet /1", Encoding.ASCII.GetString(client.ReadToEnd()), StringComparison.Ordinal);
        }
    }

    /// <summary>Where bodies are taken: whole, however they come, and the next request behind them.</summary>
    [Theory]
    [InlineData("Content-Length: 3\r\n\r\nabc", "HTTP/1.1 200 ", "Post /x abc")]
    [InlineData("Content-Length: 0\r\n\r\n", "HTTP/1.1 200 ", "Post /x")]
    [InlineData("Content-Length: 9\r\n\r\n123456789", "HTTP/1.1 413 ", "at most 8 bytes")]
    [InlineData("Content-Length: 99999999999\r\n\r\n", "HTTP/1.1 413 ", "at most 8 bytes")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "HTTP/1.1 411 ", "Content-Length")]
    [InlineData("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "HTTP/1.1 400 ", "well-formed")]
    public void Body_IsTakenUpToItsLimit(string rest, string expected, string said)
    {
        using Socket client = Peers.Connect(Serve(bodyBytesMax: 8));
        string request = "POST /x HTTP/1.1\r\nHost: a\r\n" + rest;
        foreach (char sign in request)
            client.SendText(sign.ToString());
        client.SendText("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        string answer = Encoding.ASCII.GetString(client.ReadToEnd());
        Assert.StartsWith(expected, answer, StringComparison.Ordinal);
        Assert.Contains(said, answer, StringComparison.Ordinal);
        Assert.Equal(expected.Contains("200", StringComparison.Ordinal), answer.EndsWith("Get /next", StringComparison.Ordinal));
    }

    /// <summary>Whoever waits to be asked for its body is told to send it without that (RFC 9110 10.1.1: 100, or a final status).</summary>
    [Fact]
    public void BodyThatWaitsToBeAskedFor_IsNotWaitedFor()
    {
        using Socket client = Peers.Connect(Serve(bodyBytesMax: 8));
        client.SendText("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 417 ", Encoding.ASCII.GetString(client.ReadToEnd()), StringComparison.Ordinal);
    }

    /// <summary>Who may not ask need not send its body to hear it, nor may it hold a place meanwhile.</summary>
    [Theory]
    [InlineData("Content-Length: 3\r\n\r\n")]
    [InlineData("Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")]
    [InlineData("Content-Length: 9\r\n\r\n")]
    [InlineData("Content-Length: 3\r\n\r\nabc")]
    public void BodyOfWhoIsRefused_IsNotWaitedFor(string rest)
    {
        using Socket client = Peers.Connect(Serve(bodyBytesMax: 8));
        client.SendText("POST /refused HTTP/1.1\r\nHost: a\r\n" + rest);
        Assert.StartsWith("HTTP/1.1 401 ", Encoding.ASCII.GetString(client.ReadToEnd()), StringComparison.Ordinal);
        Assert.Empty(_echo!.Threads);
    }

    [Fact]
    public void Http10WithKeepAlive_StaysOpen()
    {
        using Socket client = Peers.Connect(Serve());

        for (int i = 0; i < 2; i++)
        {
            client.SendText("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            Assert.Equal("Get /", client.ReadMessage().Body);
        }

    }

    [Fact]
    public void EndlessHead_IsRefused()
    {
        using Socket client = Peers.Connect(Serve());

        client.SendText("GET / HTTP/1.1\r\nHost: a\r\nX: " + new string('x', 9000));

        Assert.StartsWith("HTTP/1.1 400 ", Encoding.ASCII.GetString(client.ReadToEnd()), StringComparison.Ordinal);
    }

    [Fact]
    public void LargeAnswersToAClientThatDoesNotRead_WaitForItAndArriveWhole()
    {
        using Socket client = Peers.Connect(Serve(answerBytes: 600_000));

        // The answers exceed what kernel and queue take; the pause must hold the later requests back.
        for (int i = 0; i < 40; i++)
            client.SendText("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        for (int i = 0; i < 40; i++)
            Assert.Equal(600_000, client.ReadMessage().Body.Length);
    }

    [Fact]
    public async Task Answers_AreMadeOffTheLoopThread()
    {
        using var test = new LoopUnderTest();
        int loopThread = await test.Run(static () => Environment.CurrentManagedThreadId);
        using Socket client = Peers.Connect(Serve());
        for (int i = 0; i < 20; i++)
        {
            // In pieces, so that reads wait and are completed by the loop thread.
            client.SendText("GET / HTTP/1.1\r\n");
            await test.Settle();
            client.SendText("Host: a\r\n\r\n");
            Assert.Equal("Get /", client.ReadMessage().Body);
        }

        Assert.Equal(20, _echo!.Threads.Count);
        Assert.DoesNotContain(loopThread, _echo.Threads);
    }

    [Fact]
    public void MoreSilentConnectionsThanPlaces_GiveWayToWhoAsks()
    {
        IPEndPoint server = Serve(placesMax: 4);
        Socket[] silent = [.. Enumerable.Range(0, 20).Select(_ => Peers.Connect(server))];
        using Socket client = Peers.Connect(server);
        client.SendText("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal("Get /metrics", client.ReadMessage().Body);

        // Those that were there longest have gone in order; three are still there.
        Assert.All(silent[..17], static socket => Assert.Equal(SocketError.Success, socket.ReadToError()));
        Array.ForEach(silent, static socket => socket.Dispose());
    }

    [Fact]
    public void ConnectionThatHasAskedAndIdles_GivesWayAsWell()
    {
        IPEndPoint server = Serve(placesMax: 1);
        using Socket first = Peers.Connect(server);
        first.SendText("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal("Get /1", first.ReadMessage().Body);
        using Socket second = Peers.Connect(server);
        second.SendText("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal("Get /2", second.ReadMessage().Body);
        Assert.Equal(SocketError.Success, first.ReadToError());
    }

    [Fact]
    public async Task WhileEveryPlaceIsInTheMiddleOfARequest_ProbesAreAnswered_OthersGet503()
    {
        IPEndPoint server = Serve(placesMax: 3);
        Socket[] slow = await SlowClients(server, 3);
        for (int i = 0; i < 3 * SmallHttpServer.ProbePlacesMax; i++)
        {
            using Socket probe = Peers.Connect(server);
            probe.SendText("GET /probe HTTP/1.1\r\nHost: a\r\n\r\n");
            string answer = Encoding.ASCII.GetString(probe.ReadToEnd());
            Assert.StartsWith("HTTP/1.1 200 OK\r\n", answer, StringComparison.Ordinal);
            Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
            Assert.EndsWith("\r\n\r\nGet /probe", answer, StringComparison.Ordinal);
        }
        using Socket other = Peers.Connect(server);
        other.SendText("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
        string refusal = Encoding.ASCII.GetString(other.ReadToEnd());
        Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\n", refusal, StringComparison.Ordinal);
        Assert.Contains("\r\nRetry-After: 1\r\n", refusal, StringComparison.Ordinal);

        // The slow ones have lost nothing by it.
        slow[0].SendText("\r\n");
        Assert.Equal("Get /slow", slow[0].ReadMessage().Body);
        Array.ForEach(slow, static socket => socket.Dispose());
    }

    [Fact]
    public async Task SilentConnectionsOnPlacesForProbes_GiveWayToTheNext()
    {
        IPEndPoint server = Serve(placesMax: 1);
        Socket[] slow = await SlowClients(server, 1);
        Socket[] silent = [.. Enumerable.Range(0, 3 * SmallHttpServer.ProbePlacesMax).Select(_ => Peers.Connect(server))];
        using Socket probe = Peers.Connect(server);
        probe.SendText("GET /probe HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.EndsWith("\r\n\r\nGet /probe", Encoding.ASCII.GetString(probe.ReadToEnd()), StringComparison.Ordinal);
        Array.ForEach((Socket[])[.. slow, .. silent], static socket => socket.Dispose());
    }

    /// <summary>What a client that says nothing, or not enough, is given; the connection then ends.</summary>
    [Theory]
    [InlineData("", 60_000)]
    [InlineData("GET / HTTP/1.1\r\n", 10_000)]
    public async Task ClientThatDoesNotAsk_IsLetGo(string sent, int limitMs)
    {
        using Socket client = Peers.Connect(Serve());
        await _time.UntilNextDue(60_000);
        client.SendText(sent);
        await _time.UntilNextDue(limitMs);
        _time.AdvanceTo(limitMs - 1);
        Assert.False(client.Poll(0, SelectMode.SelectRead));
        _time.AdvanceTo(limitMs);

        Assert.Equal(SocketError.Success, client.ReadToError());
    }

    [Fact]
    public async Task ClientThatTakesNothing_IsLetGo()
    {
        using Socket client = Peers.Connect(Serve(answerBytes: 30_000_000));
        client.SendText("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await _time.UntilNextDue(30_000);

        // The whole answer does not fit into any buffer between here and there.
        long before = _echo!.Threads.Count;
        Assert.Equal(1, before);
        _time.AdvanceTo(30_000);
        await Waiting.Until(() => _time.NextDueMs is null, () => "the connection to be given up");
    }

    /// <summary>What a stream would say to a client that takes nothing is not kept for it, and after a while the stream ends.</summary>
    [Fact]
    public async Task StreamToAClientThatTakesNothing_IsNotKeptForIt_AndEnds()
    {
        using Socket client = Peers.Connect(Serve());
        client.SendText("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
        await _time.UntilNextDue(30_000);
        _time.AdvanceTo(30_000);
        await Waiting.Until(() => _echo!.Stream.IsDisposed, () => "the stream to end");
        Assert.InRange(_echo!.Stream.AskedCount, 1, 200);
        await _time.UntilNextDue(null);
    }

    [Fact]
    public async Task EndedServer_HasNoAnswerRunning_AndNoTimer()
    {
        Socket[] clients = [.. Enumerable.Range(0, 5).Select(_ => Peers.Connect(_server is null ? Serve() : (IPEndPoint)_listening!.LocalEndPoint!))];
        clients[0].SendText("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal("Get /", clients[0].ReadMessage().Body);
        _server!.Dispose();

        await _time.UntilNextDue(null);
        Assert.All(clients, static client => Assert.Empty(client.ReadToEnd()));
        Array.ForEach(clients, static client => client.Dispose());
    }

    [Fact]
    public void AnswerThatFails_IsSaid_AndTheConnectionGoesOn()
    {
        using Socket client = Peers.Connect(Serve());
        for (int i = 0; i < 2; i++)
        {
            client.SendText("GET /fails HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 500 Internal Server Error\r\n", client.ReadMessage().Head, StringComparison.Ordinal);
        }
    }

    /// <summary>A mistake that ends a connection's task must not be waited for at the end.</summary>
    [Fact]
    public async Task ServerWhoseResponderThrows_EndsWhole()
    {
        using Socket client = Peers.Connect(Serve());
        client.SendText("GET /throws HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Empty(client.ReadToEnd());
        _server!.Dispose();
        await _server.Ended.WaitAsync(LoopUnderTest.Deadline);
    }

    /// <summary>Clients in the middle of a head: the last empty line is missing.</summary>
    private async Task<Socket[]> SlowClients(IPEndPoint server, int count)
    {
        var slow = new Socket[count];
        for (int i = 0; i < count; i++)
        {
            slow[i] = Peers.Connect(server);
            slow[i].SendText("GET /slow HTTP/1.1\r\nHost: a\r\n");
        }
        await Waiting.Until(() => _time.DueCount(10_000) == count, () => $"{_time.DueCount(10_000)} of {count} heads have begun");
        return slow;
    }

    private IPEndPoint Serve(int placesMax = 100, int answerBytes = 0, int bodyBytesMax = 0)
    {
        _listening = Peers.Listen();
        _echo = new Echo(answerBytes) { BodyBytesMax = bodyBytesMax };
        _server = SmallHttpServer.Start(_listening, _echo, placesMax, _time);
        return (IPEndPoint)_listening.LocalEndPoint!;
    }

    /// <summary>Answers with method and target, or with so many bytes.</summary>
    private sealed class Echo(int answerBytes) : IResponder
    {
        public ConcurrentBag<int> Threads { get; } = [];

        public Endless Stream { get; } = new();

        /// <inheritdoc/>
        public int BodyBytesMax { get; init; }

        public SmallResponse? RefusalOf(in SmallRequest request) =>
            request.Path.SequenceEqual("/refused"u8) ? new SmallResponse(401, "text/plain", default) : null;

        public SmallResponse Respond(in SmallRequest request)
        {
            Threads.Add(Environment.CurrentManagedThreadId);
            if (request.Path.SequenceEqual("/throws"u8))
                throw new InvalidOperationException("a test");
            if (request.Path.SequenceEqual("/stream"u8))
                return new SmallResponse(200, "text/plain", default) { Stream = Stream };
            if (request.Path.SequenceEqual("/fails"u8))
                return SmallResponse.After(Task.FromException<SmallResponse>(new InvalidOperationException("a test")));
            string body = Encoding.ASCII.GetString(request.Body);
            return new SmallResponse(200, "text/plain", answerBytes > 0
                ? new byte[answerBytes]
                : Encoding.ASCII.GetBytes($"{request.Method} {Encoding.ASCII.GetString(request.Target)}{(body.Length > 0 ? " " + body : "")}"));
        }

        public bool IsProbe(ReadOnlySpan<byte> target) => target.SequenceEqual("/probe"u8);
    }

    /// <summary>Has always something to say.</summary>
    private sealed class Endless : SmallStream
    {
        private readonly byte[] _piece = new byte[1 << 20];
        private volatile bool _isDisposed;

        public int AskedCount { get; private set; }

        public bool IsDisposed => _isDisposed;

        public override Task<byte[]> NextAsync(CancellationToken over)
        {
            AskedCount++;
            return Task.FromResult(_piece);
        }

        public override void Dispose() => _isDisposed = true;
    }
}
