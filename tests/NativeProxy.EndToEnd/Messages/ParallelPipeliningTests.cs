using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using static NativeProxy.EndToEnd.Messages.ParallelScene;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Several requests of one client connection in flight at once: <c>pipelining</c> above 1.</summary>
public sealed class ParallelPipeliningTests
{
    [Fact]
    [Trait("promise", "B8")]
    public async Task SafeRequests_RunBesideEachOther_AndAreAnsweredInTheirOrder()
    {
        await using ParallelScene scene = await ParallelScene.Start(pipelining: 4);
        await scene.Client.Send(RawClient.Get("/1") + "HEAD /2 HTTP/1.1\r\nHost: h\r\n\r\n" + "OPTIONS /3 HTTP/1.1\r\nHost: h\r\n\r\n"
            + RawClient.Get("/4"));
        OriginConnection[] servers =
            [await scene.Take("GET /1 "), await scene.Take("HEAD /2 "), await scene.Take("OPTIONS /3 "), await scene.Take("GET /4 ")];
        await servers[3].Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfourth\r\n0\r\n\r\n");
        await servers[2].Send("HTTP/1.1 204 No Content\r\nAllow: third\r\n\r\n");
        await servers[1].Send("HTTP/1.1 200 OK\r\nContent-Length: 222\r\n\r\n");
        await scene.Proxy.WaitForMetric("nativeproxy_server_connections_idle", 3);
        Assert.Equal("", scene.Client.Received);
        await servers[0].Send(Reply("first"));
        await scene.ExpectBodies("first");
        Assert.Equal("222", (await scene.Client.ReadResponse("HEAD")).Field("Content-Length"));
        Assert.Equal("third", (await scene.Client.ReadResponse()).Field("Allow"));
        await scene.ExpectBodies("fourth");
        Assert.Equal(3, await scene.Proxy.Metric("nativeproxy_requests_in_parallel_total"));

        // All four server connections are whole and used again.
        await scene.Client.Send(RawClient.Get("/5"));
        Assert.StartsWith("GET /5 ", await servers[0].Answer(), StringComparison.Ordinal);
        await scene.Client.ReadResponse();
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task NoMoreThanTheAllowedNumber_IsInFlight()
    {
        await using ParallelScene scene = await ParallelScene.Start(pipelining: 2);
        await scene.Client.Send(Gets(4));
        OriginConnection first = await scene.Take("GET /1 ");
        OriginConnection second = await scene.Take("GET /2 ");
        await second.Send(Reply("second"));
        await scene.Proxy.WaitForMetric("nativeproxy_server_connections_idle", 1);

        // The second is answered but not delivered: it still counts.
        Assert.Equal((2, 0), (scene.Origin.ConnectionCount, second.Socket.Available));
        await first.Send(Reply("first"));
        OriginConnection[] next = [first, second];
        string[] requests = await Task.WhenAll(next.Select(server => server.ReadRequest()));
        Assert.Equal(["GET /3 ", "GET /4 "], requests.Select(request => request[..7]).Order());
        int third = Array.FindIndex(requests, request => request.StartsWith("GET /3 ", StringComparison.Ordinal));
        await next[1 - third].Send(Reply("fourth"));
        await next[third].Send(Reply("third"));
        await scene.ExpectBodies("first", "second", "third", "fourth");
        Assert.Equal(2, scene.Origin.ConnectionCount);
    }

    [Theory]
    [Trait("promise", "B8")]
    [Trait("promise", "S3.19")]
    [InlineData("POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")]
    [InlineData("POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("PUT /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")]
    [InlineData("DELETE /2 HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("GET /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody")]
    [InlineData("GET /2 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("GET /2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")]
    [InlineData("GET /2 HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")]
    [InlineData("PURGE /2 HTTP/1.1\r\nHost: h\r\n\r\n")]
    public async Task WhatIsNotSafe_OrHasABody_WaitsForWhatWasBefore_AndWhatFollowsWaitsForIt(string request)
    {
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using ParallelScene scene = await ParallelScene.Start(pipelining: 8,
            config => config.AddUpstream("other", other.Address).AddListener("other", "other"));
        await scene.Client.Send(RawClient.Get("/1") + request + RawClient.Get("/3"));
        OriginConnection server = await scene.Take("GET /1 ");
        await scene.Proxy.AskOnce(listener: "other");
        Assert.Equal((1, 0), (scene.Origin.ConnectionCount, server.Socket.Available));
        await server.Send(Reply("first"));
        await scene.ExpectBodies("first");
        if (server.Socket.Available == 0 && scene.Origin.ConnectionCount > 1)
            server = await scene.Origin.Accept();
        Assert.Contains(" /2 ", await server.ReadRequest(), StringComparison.Ordinal);
        await scene.Proxy.AskOnce(listener: "other");
        Assert.Equal(0, await scene.Proxy.Metric("nativeproxy_requests_in_parallel_total"));
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task WhatWaits_IsBounded_AndArrivesByteForByte()
    {
        const int BodyBytes = 6_000_000;
        const int Followers = 3;
        const string ServerBytes = "nativeproxy_bytes_total{peer=\"server\",direction=\"in\"}";
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using ParallelScene scene = await ParallelScene.Start(pipelining: 4,
            config => config.AddUpstream("other", other.Address).AddListener("other", "other"));
        OriginConnection[] servers = await scene.Ask(Followers + 1);
        string[] bodies = [.. Enumerable.Range(0, Followers).Select(i => string.Concat(Enumerable.Repeat($"{i}-abcdefg/", BodyBytes / 10)))];
        Task[] sending = [.. bodies.Select((body, i) => servers[i + 1].Send(Reply(body)))];

        // The servers are paused with little taken from each, whatever they would like to send.
        await Deadline.Until(async () => await scene.Proxy.Metric(ServerBytes) >= Followers * 32 * 1024, () => "the proxy to take what it may");
        for (int turn = 0; turn < 20; turn++)
            await scene.Proxy.AskOnce(listener: "other");
        Assert.InRange(await scene.Proxy.Metric(ServerBytes), Followers * 32 * 1024, Followers * 170 * 1024);
        await servers[0].Send(Reply("first"));
        await scene.ExpectBodies(["first", .. bodies]);
        await Task.WhenAll(sending);
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task AFailureOfALaterRequest_IsAnsweredInItsTurn()
    {
        await using ParallelScene scene = await ParallelScene.Start(pipelining: 4);
        OriginConnection[] servers = await scene.Ask(4);

        // No answer; an answer cut in the middle, of which the client has seen nothing yet; a sound one.
        servers[1].Close();
        await servers[2].Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut");
        servers[2].Close();
        await servers[3].Send(Reply("fourth"));
        await scene.Proxy.WaitForMetric("nativeproxy_server_connections_open", 2);
        await servers[0].Send(Reply("first"));
        await scene.ExpectBodies("first");
        await scene.ExpectStatus(502);
        await scene.ExpectStatus(502);
        await scene.ExpectBodies("fourth");
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task AMalformedRequest_IsRefusedInItsTurn()
    {
        await using ParallelScene scene = await ParallelScene.Start(pipelining: 4);
        await scene.Client.Send(RawClient.Get("/1") + RawClient.Get("/2") + "GET /3 HTTP/1.1\r\nHost : h\r\n\r\n" + RawClient.Get("/4"));
        OriginConnection first = await scene.Take("GET /1 ");
        await (await scene.Take("GET /2 ")).Send(Reply("second"));
        await first.Send(Reply("first"));
        await scene.ExpectBodies("first", "second");
        await scene.ExpectStatus(400);
        await scene.Client.ExpectFin();
        Assert.Equal(2, scene.Origin.ConnectionCount);
    }

    [Fact]
    [Trait("promise", "B8")]
    [Trait("promise", "S3.18")]
    public async Task WhenAResponseEndsTheConnection_TheOthersAreGivenUp_AndTheLogNamesThem()
    {
        await using ParallelScene scene = await ParallelScene.Start(pipelining: 3, "keepalive.after_error = false");
        OriginConnection[] servers = await scene.Ask(3);
        await servers[1].Send(Reply("second"));
        await scene.Proxy.WaitForMetric("nativeproxy_server_connections_idle", 1);
        await servers[0].Send("HTTP/1.1 500 Broken\r\nContent-Length: 2\r\n\r\nno");
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal((500, "close"), (response.Status, response.Connection));
        await scene.Client.ExpectFin();
        await servers[2].ExpectEnd();
        await Deadline.Until(() => scene.Proxy.Output.Lines.Count == 3, () => "three lines of the log");
        for (int i = 0; i < 3; i++)
        {
            Assert.Contains($"\"GET /{i + 1} HTTP/1.1\"", scene.Proxy.Output.Lines[i], StringComparison.Ordinal);
            Assert.Contains("after_error", scene.Proxy.Output.Lines[i], StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task NothingBegins_BehindTheLastRequestOfAConnection()
    {
        await using ParallelScene scene = await ParallelScene.Start(
            pipelining: 8, config => config.AddListener("three", "app").Listener("pipelining = 8", "keepalive.max_requests = 3"));
        await scene.Client.Send(RawClient.Get("/1") + RawClient.Get("/2", "Connection: close\r\n") + RawClient.Get("/3") + RawClient.Get("/4"));
        OriginConnection first = await scene.Take("GET /1 ");
        await (await scene.Take("GET /2 ")).Send(Reply("second"));
        await first.Send(Reply("first"));
        Assert.Null((await scene.Client.ReadResponse()).Connection);
        Assert.Equal("close", (await scene.Client.ReadResponse()).Connection);
        await scene.Client.ExpectFin();
        Assert.Equal(2, scene.Origin.ConnectionCount);

        await using RawClient limited = await scene.Proxy.Connect("three");
        await limited.Send(Gets(5));
        await Deadline.Until(() => scene.Origin.ConnectionCount == 3, () => "a third server connection");
        await scene.Proxy.WaitForMetric("nativeproxy_requests_in_flight", 3);
        Assert.Equal(5, await scene.Proxy.Metric("nativeproxy_requests_total"));
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task AClientThatVanishes_TakesAllItsRequestsAlong()
    {
        await using ParallelScene scene = await ParallelScene.Start(pipelining: 3);
        OriginConnection[] servers = await scene.Ask(3);
        await servers[1].Send(Reply("second"));
        await scene.Proxy.WaitForMetric("nativeproxy_server_connections_idle", 1);
        scene.Client.Reset();
        await servers[0].ExpectEnd();
        await servers[2].ExpectEnd();
        await scene.Proxy.WaitUntilIdle();
        Assert.Equal(3, await scene.Proxy.Metric("nativeproxy_requests_aborted_total"));
        await scene.Proxy.WaitForMetric("nativeproxy_server_connections_open", 1);
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task AHalfClosedClient_GetsAllAnswersThatWereBegun()
    {
        await using ParallelScene scene = await ParallelScene.Start(pipelining: 3, "half_close = \"finish\"");
        OriginConnection[] servers = await scene.Ask(3);
        scene.Client.HalfClose();
        await scene.Proxy.WaitForMetric("nativeproxy_clients_half_closed", 1);
        await servers[2].Send(Reply("third"));
        await servers[1].Send(Reply("second"));
        await servers[0].Send(Reply("first"));
        await scene.ExpectBodies("first", "second", "third");
        await scene.Client.ExpectFin();
        await scene.Proxy.WaitForMetric("nativeproxy_clients_half_closed", 0);
    }

    [Fact]
    [Trait("promise", "B8")]
    [Trait("promise", "S3.12")]
    public async Task ADrain_WaitsForAllThatWasBegun_AndTheLastResponseSaysClose()
    {
        await using ParallelScene scene = await ParallelScene.Start(pipelining: 2);
        OriginConnection[] servers = await scene.Ask(2);
        await using RawClient idle = await scene.Proxy.Connect();
        await idle.Send(RawClient.Get("/idle"));
        await (await scene.Take("GET /idle ")).Send(OriginConnection.Ok);
        await idle.ReadResponse();
        scene.Proxy.Signal(LinuxSignals.Terminate);
        await idle.ExpectFin();
        await servers[0].Send(Reply("first"));
        await servers[1].Send(Reply("second"));
        Assert.Null((await scene.Client.ReadResponse()).Connection);
        Assert.Equal("close", (await scene.Client.ReadResponse()).Connection);
        await scene.Client.ExpectFin();
        scene.Client.Close();
        Assert.Equal(0, await scene.Proxy.WaitForExit());
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task ASlowClient_GetsManyLargeAnswersInOrder()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(request => Reply(request.Split(' ')[1] + new string('x', 300_000)));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("pipelining = 8"));
        await using RawClient client = await proxy.Connect(receiveBufferBytes: 4096);
        string[] targets = [.. Enumerable.Range(1, 40).Select(i => "/" + i)];
        Task sending = client.Send(string.Concat(targets.Select(target => RawClient.Get(target))));
        foreach (string target in targets)
            Assert.Equal(target + new string('x', 300_000), (await client.ReadResponse()).Body);
        await sending;
    }
}
