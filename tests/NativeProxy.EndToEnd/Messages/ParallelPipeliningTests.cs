using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Several requests of one client connection in flight at once: <c>pipelining</c> above 1.</summary>
public sealed class ParallelPipeliningTests
{
    [Fact]
    [Trait("promise", "B8")]
    public async Task SafeRequests_RunBesideEachOther_AndAreAnsweredInTheirOrder()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin, pipelining: 4);
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/1") + "HEAD /2 HTTP/1.1\r\nHost: h\r\n\r\n" + "OPTIONS /3 HTTP/1.1\r\nHost: h\r\n\r\n" + RawClient.Get("/4"));
        OriginConnection[] servers = [await Take(origin, "GET /1 "), await Take(origin, "HEAD /2 "), await Take(origin, "OPTIONS /3 "), await Take(origin, "GET /4 ")];
        await servers[3].Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfourth\r\n0\r\n\r\n");
        await servers[2].Send("HTTP/1.1 204 No Content\r\nAllow: third\r\n\r\n");
        await servers[1].Send("HTTP/1.1 200 OK\r\nContent-Length: 222\r\n\r\n");
        await proxy.WaitForMetric("nativeproxy_server_connections_idle", 3);
        Assert.Equal("", client.Received);
        await servers[0].Send(Reply("first"));
        Assert.Equal("first", (await client.ReadResponse()).Body);
        Assert.Equal("222", (await client.ReadResponse("HEAD")).Field("Content-Length"));
        Assert.Equal("third", (await client.ReadResponse()).Field("Allow"));
        Assert.Equal("fourth", (await client.ReadResponse()).Body);
        Assert.Equal(3, await proxy.Metric("nativeproxy_requests_in_parallel_total"));

        // All four server connections are whole and used again.
        await client.Send(RawClient.Get("/5"));
        Assert.StartsWith("GET /5 ", await servers[0].Answer(), StringComparison.Ordinal);
        await client.ReadResponse();
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task NoMoreThanTheAllowedNumber_IsInFlight()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin, pipelining: 2);
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/1") + RawClient.Get("/2") + RawClient.Get("/3") + RawClient.Get("/4"));
        OriginConnection first = await Take(origin, "GET /1 ");
        OriginConnection second = await Take(origin, "GET /2 ");
        await second.Send(Reply("second"));
        await proxy.WaitForMetric("nativeproxy_server_connections_idle", 1);

        // The second is answered but not delivered: it still counts.
        Assert.Equal((2, 0), (origin.ConnectionCount, second.Socket.Available));
        await first.Send(Reply("first"));
        OriginConnection[] next = [first, second];
        string[] requests = await Task.WhenAll(next.Select(server => server.ReadRequest()));
        Assert.Equal(["GET /3 ", "GET /4 "], requests.Select(request => request[..7]).Order());
        int third = Array.FindIndex(requests, request => request.StartsWith("GET /3 ", StringComparison.Ordinal));
        await next[1 - third].Send(Reply("fourth"));
        await next[third].Send(Reply("third"));
        foreach (string body in (string[])["first", "second", "third", "fourth"])
            Assert.Equal(body, (await client.ReadResponse()).Body);
        Assert.Equal(2, origin.ConnectionCount);
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
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).AddUpstream("other", other.Address).AddListener("other", "other").AddListener("many", "app").Listener("pipelining = 8"));
        await using RawClient client = await proxy.Connect("many");
        await client.Send(RawClient.Get("/1") + request + RawClient.Get("/3"));
        OriginConnection server = await Take(origin, "GET /1 ");
        await proxy.AskOnce(listener: "other");
        Assert.Equal((1, 0), (origin.ConnectionCount, server.Socket.Available));
        await server.Send(Reply("first"));
        Assert.Equal("first", (await client.ReadResponse()).Body);
        if (server.Socket.Available == 0 && origin.ConnectionCount > 1)
            server = await origin.Accept();
        Assert.Contains(" /2 ", await server.ReadRequest(), StringComparison.Ordinal);
        await proxy.AskOnce(listener: "other");
        Assert.Equal(0, await proxy.Metric("nativeproxy_requests_in_parallel_total"));
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task WhatWaits_IsBounded_AndArrivesByteForByte()
    {
        const int BodyBytes = 6_000_000;
        const int Followers = 3;
        const string ServerBytes = "nativeproxy_bytes_total{peer=\"server\",direction=\"in\"}";
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("pipelining = 4").AddUpstream("other", other.Address).AddListener("other", "other"));
        await using RawClient client = await proxy.Connect();
        await client.Send(string.Concat(Enumerable.Range(1, Followers + 1).Select(i => RawClient.Get("/" + i))));
        OriginConnection first = await Take(origin, "GET /1 ");
        string[] bodies = [.. Enumerable.Range(0, Followers).Select(i => string.Concat(Enumerable.Repeat($"{i}-abcdefg/", BodyBytes / 10)))];
        Task[] sending = new Task[Followers];
        for (int i = 0; i < Followers; i++)
        {
            OriginConnection server = await Take(origin, $"GET /{i + 2} ");
            sending[i] = server.Send(Reply(bodies[i]));
        }

        // The servers are paused with little taken from each, whatever they would like to send.
        await Deadline.Until(async () => await proxy.Metric(ServerBytes) >= Followers * 32 * 1024, () => "the proxy to take what it may");
        for (int turn = 0; turn < 20; turn++)
            await proxy.AskOnce(listener: "other");
        Assert.InRange(await proxy.Metric(ServerBytes), Followers * 32 * 1024, Followers * 170 * 1024);
        await first.Send(Reply("first"));
        Assert.Equal("first", (await client.ReadResponse()).Body);
        foreach (string body in bodies)
            Assert.Equal(body, (await client.ReadResponse()).Body);
        await Task.WhenAll(sending);
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task AFailureOfALaterRequest_IsAnsweredInItsTurn()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin, pipelining: 4);
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/1") + RawClient.Get("/2") + RawClient.Get("/3") + RawClient.Get("/4"));
        OriginConnection first = await Take(origin, "GET /1 ");
        OriginConnection second = await Take(origin, "GET /2 ");
        OriginConnection third = await Take(origin, "GET /3 ");
        OriginConnection fourth = await Take(origin, "GET /4 ");

        // No answer; an answer cut in the middle, of which the client has seen nothing yet; a sound one.
        second.Close();
        await third.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut");
        third.Close();
        await fourth.Send(Reply("fourth"));
        await proxy.WaitForMetric("nativeproxy_server_connections_open", 2);
        await first.Send(Reply("first"));
        Assert.Equal("first", (await client.ReadResponse()).Body);
        Assert.Equal(502, (await client.ReadResponse()).Status);
        Assert.Equal(502, (await client.ReadResponse()).Status);
        Assert.Equal("fourth", (await client.ReadResponse()).Body);
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task AMalformedRequest_IsRefusedInItsTurn()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin, pipelining: 4);
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/1") + RawClient.Get("/2") + "GET /3 HTTP/1.1\r\nHost : h\r\n\r\n" + RawClient.Get("/4"));
        OriginConnection first = await Take(origin, "GET /1 ");
        await (await Take(origin, "GET /2 ")).Send(Reply("second"));
        await first.Send(Reply("first"));
        Assert.Equal("first", (await client.ReadResponse()).Body);
        Assert.Equal("second", (await client.ReadResponse()).Body);
        Assert.Equal(400, (await client.ReadResponse()).Status);
        await client.ExpectFin();
        Assert.Equal(2, origin.ConnectionCount);
    }

    [Fact]
    [Trait("promise", "B8")]
    [Trait("promise", "S3.18")]
    public async Task WhenAResponseEndsTheConnection_TheOthersAreGivenUp_AndTheLogNamesThem()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("pipelining = 3", "keepalive.after_error = false"));
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/1") + RawClient.Get("/2") + RawClient.Get("/3"));
        OriginConnection first = await Take(origin, "GET /1 ");
        OriginConnection second = await Take(origin, "GET /2 ");
        OriginConnection third = await Take(origin, "GET /3 ");
        await second.Send(Reply("second"));
        await proxy.WaitForMetric("nativeproxy_server_connections_idle", 1);
        await first.Send("HTTP/1.1 500 Broken\r\nContent-Length: 2\r\n\r\nno");
        HttpResponse response = await client.ReadResponse();
        Assert.Equal((500, "close"), (response.Status, response.Connection));
        await client.ExpectFin();
        await third.ExpectEnd();
        await Deadline.Until(() => proxy.Output.Lines.Count == 3, () => "three lines of the log");
        for (int i = 0; i < 3; i++)
        {
            Assert.Contains($"\"GET /{i + 1} HTTP/1.1\"", proxy.Output.Lines[i], StringComparison.Ordinal);
            Assert.Contains("after_error", proxy.Output.Lines[i], StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task NothingBegins_BehindTheLastRequestOfAConnection()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener("pipelining = 8").AddListener("three", "app").Listener("pipelining = 8", "keepalive.max_requests = 3"));
        await using RawClient asked = await proxy.Connect();
        await asked.Send(RawClient.Get("/1") + RawClient.Get("/2", "Connection: close\r\n") + RawClient.Get("/3") + RawClient.Get("/4"));
        OriginConnection first = await Take(origin, "GET /1 ");
        await (await Take(origin, "GET /2 ")).Send(Reply("second"));
        await first.Send(Reply("first"));
        Assert.Null((await asked.ReadResponse()).Connection);
        Assert.Equal("close", (await asked.ReadResponse()).Connection);
        await asked.ExpectFin();
        Assert.Equal(2, origin.ConnectionCount);

        await using RawClient limited = await proxy.Connect("three");
        await limited.Send(string.Concat(Enumerable.Range(1, 5).Select(i => RawClient.Get("/" + i))));
        await Deadline.Until(() => origin.ConnectionCount == 3, () => "a third server connection");
        await proxy.WaitForMetric("nativeproxy_requests_in_flight", 3);
        Assert.Equal(5, await proxy.Metric("nativeproxy_requests_total"));
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task AClientThatVanishes_TakesAllItsRequestsAlong()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin, pipelining: 3);
        RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/1") + RawClient.Get("/2") + RawClient.Get("/3"));
        OriginConnection first = await Take(origin, "GET /1 ");
        OriginConnection second = await Take(origin, "GET /2 ");
        OriginConnection third = await Take(origin, "GET /3 ");
        await second.Send(Reply("second"));
        await proxy.WaitForMetric("nativeproxy_server_connections_idle", 1);
        client.Reset();
        await first.ExpectEnd();
        await third.ExpectEnd();
        await proxy.WaitUntilIdle();
        Assert.Equal(3, await proxy.Metric("nativeproxy_requests_aborted_total"));
        await proxy.WaitForMetric("nativeproxy_server_connections_open", 1);
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task AHalfClosedClient_GetsAllAnswersThatWereBegun()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("pipelining = 3", "half_close = \"finish\""));
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/1") + RawClient.Get("/2") + RawClient.Get("/3"));
        OriginConnection first = await Take(origin, "GET /1 ");
        OriginConnection second = await Take(origin, "GET /2 ");
        OriginConnection third = await Take(origin, "GET /3 ");
        client.HalfClose();
        await proxy.WaitForMetric("nativeproxy_clients_half_closed", 1);
        await third.Send(Reply("third"));
        await second.Send(Reply("second"));
        await first.Send(Reply("first"));
        foreach (string body in (string[])["first", "second", "third"])
            Assert.Equal(body, (await client.ReadResponse()).Body);
        await client.ExpectFin();
        await proxy.WaitForMetric("nativeproxy_clients_half_closed", 0);
    }

    [Fact]
    [Trait("promise", "B8")]
    [Trait("promise", "S3.12")]
    public async Task ADrain_WaitsForAllThatWasBegun_AndTheLastResponseSaysClose()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin, pipelining: 2);
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/1") + RawClient.Get("/2"));
        OriginConnection first = await Take(origin, "GET /1 ");
        OriginConnection second = await Take(origin, "GET /2 ");
        await using RawClient idle = await proxy.Connect();
        await idle.Send(RawClient.Get("/idle"));
        await (await Take(origin, "GET /idle ")).Send(OriginConnection.Ok);
        await idle.ReadResponse();
        proxy.Signal(LinuxSignals.Terminate);
        await idle.ExpectFin();
        await first.Send(Reply("first"));
        await second.Send(Reply("second"));
        Assert.Null((await client.ReadResponse()).Connection);
        Assert.Equal("close", (await client.ReadResponse()).Connection);
        await client.ExpectFin();
        client.Close();
        Assert.Equal(0, await proxy.WaitForExit());
    }

    [Fact]
    [Trait("promise", "B8")]
    public async Task ASlowClient_GetsManyLargeAnswersInOrder()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(request => Reply(request.Split(' ')[1] + new string('x', 300_000)));
        await using ProxyUnderTest proxy = await Start(origin, pipelining: 8);
        await using RawClient client = await proxy.Connect(receiveBufferBytes: 4096);
        string[] targets = [.. Enumerable.Range(1, 40).Select(i => "/" + i)];
        Task sending = client.Send(string.Concat(targets.Select(target => RawClient.Get(target))));
        foreach (string target in targets)
            Assert.Equal(target + new string('x', 300_000), (await client.ReadResponse()).Body);
        await sending;
    }

    private static Task<ProxyUnderTest> Start(ScriptedOrigin origin, int pipelining) =>
        ProxyUnderTest.Start(ProxyConfig.For(origin).Listener($"pipelining = {pipelining}"));

    private static string Reply(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    /// <summary>The next server connection, with the request that it must carry.</summary>
    private static async Task<OriginConnection> Take(ScriptedOrigin origin, string requestStart)
    {
        OriginConnection connection = await origin.Accept();
        Assert.StartsWith(requestStart, await connection.ReadRequest(), StringComparison.Ordinal);
        return connection;
    }
}
