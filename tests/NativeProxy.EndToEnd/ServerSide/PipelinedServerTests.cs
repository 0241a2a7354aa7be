using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Several requests of one client under way on one server connection: <c>upstream.keepalive.pipelining</c> above 1.</summary>
public sealed class PipelinedServerTests
{
    [Fact]
    public async Task RequestsGoOutTogether_OnAConnectionThatTheServerHasKept_AndTheAnswersComeInOrder()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin);
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Warm(origin, client);
        await client.Send(Gets(1, 4));
        for (int i = 1; i <= 4; i++)
            Assert.StartsWith($"GET /{i} ", await server.ReadRequest(), StringComparison.Ordinal);
        await server.Send(Reply(1) + Reply(2) + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n3\r\n0\r\n\r\n" + Reply(4));
        await ExpectAnswers(client, 1, 4);
        Assert.Equal(1, origin.ConnectionCount);
        Assert.Equal(3, await proxy.Metric("nativeproxy_server_requests_pipelined_total"));

        // The connection is whole: it goes on.
        await client.SendGet("/5");
        await server.Answer(Reply(5));
        await ExpectAnswers(client, 5, 5);
        Assert.Contains("sc=" + "2/6/", await LastLogLine(proxy, "/5"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnswersInAnySplit_AreTakenApart()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin);
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Warm(origin, client);
        string answers = Reply(1) + "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\n2\r\n0\r\nA: b\r\n\r\n" + Reply(3);
        for (int cut = 1; cut < answers.Length; cut++)
        {
            await client.Send(Gets(1, 3));
            for (int i = 1; i <= 3; i++)
                await server.ReadRequest();
            await server.Send(answers[..cut]);
            await server.Send(answers[cut..]);
            await ExpectAnswers(client, 1, 1);
            Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await client.ReadHead());
            await ExpectAnswers(client, 2, 3);
        }
        await client.Send(Gets(1, 3));
        for (int i = 1; i <= 3; i++)
            await server.ReadRequest();
        await server.SendByteByByte(answers);
        await ExpectAnswers(client, 1, 1);
        await client.ReadHead();
        await ExpectAnswers(client, 2, 3);
        Assert.Equal(1, origin.ConnectionCount);
    }

    [Fact]
    public async Task AFreshConnection_IsNotPipelinedOn()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Send(Gets(1, 2));
        OriginConnection first = await origin.Accept();
        OriginConnection second = await origin.Accept();
        string[] requests = [await first.ReadRequest(), await second.ReadRequest()];
        Assert.Equal((0, 0), (first.Socket.Available, second.Socket.Available));
        bool inOrder = requests[0].StartsWith("GET /1 ", StringComparison.Ordinal);
        await first.Send(Reply(inOrder ? 1 : 2));
        await second.Send(Reply(inOrder ? 2 : 1));
        await ExpectAnswers(client, 1, 2);
    }

    [Theory]
    [InlineData("HEAD /2 HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("OPTIONS /2 HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")]
    public async Task OnlyGet_IsPipelined(string request)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Upstream("keepalive.pipelining = 8").Listener("pipelining = 8").AddUpstream("other", other.Address).AddListener("other", "other"));
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Warm(origin, client);
        await client.Send(RawClient.Get("/1") + request);
        await server.ReadRequest();
        await proxy.AskOnce(listener: "other");
        Assert.Equal(0, server.Socket.Available);
        Assert.Equal(0, await proxy.Metric("nativeproxy_server_requests_pipelined_total"));
    }

    [Fact]
    public async Task NoMoreThanTheAllowedNumber_IsUnderWayOnAConnection()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.pipelining = 2").Listener("pipelining = 8"));
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Warm(origin, client);
        await client.Send(Gets(1, 3));
        OriginConnection second = await origin.Accept();
        Assert.StartsWith("GET /3 ", await second.ReadRequest(), StringComparison.Ordinal);
        Assert.StartsWith("GET /1 ", await server.ReadRequest(), StringComparison.Ordinal);
        Assert.StartsWith("GET /2 ", await server.ReadRequest(), StringComparison.Ordinal);
        await second.Send(Reply(3));
        await server.Send(Reply(1) + Reply(2));
        await ExpectAnswers(client, 1, 3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatTheServerLeavesUnanswered_IsAskedAgainElsewhere(bool withReset)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin);
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Warm(origin, client);
        await client.Send(Gets(1, 4));
        for (int i = 1; i <= 4; i++)
            await server.ReadRequest();
        await server.Send(Reply(1));
        await ExpectAnswers(client, 1, 1);
        if (withReset)
        {
            server.Reset();
        }
        else
        {
            await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n2");
            server.Close();
            await ExpectAnswers(client, 2, 2);
        }
        int[] left = withReset ? [2, 3, 4] : [3, 4];
        foreach (int _ in left)
        {
            OriginConnection fresh = await origin.Accept();
            string request = await fresh.ReadRequest();
            int number = request[5] - '0';
            Assert.Contains(number, left);
            await fresh.Send(Reply(number));
        }
        await ExpectAnswers(client, left[0], 4);
        Assert.Equal(1 + left.Length, origin.ConnectionCount);
    }

    [Fact]
    public async Task AnAnswerTooMany_EndsTheConnection_AndReachesNobody()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin);
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Warm(origin, client);
        await client.Send(Gets(1, 2));
        await server.ReadRequest();
        await server.ReadRequest();
        await server.Send(Reply(1) + Reply(2) + Reply(9));
        await ExpectAnswers(client, 1, 2);
        await server.ExpectEnd();
        await client.SendGet("/3");
        await (await origin.Accept()).Answer(Reply(3));
        await ExpectAnswers(client, 3, 3);
    }

    [Fact]
    public async Task ABadAnswer_IsSaidInItsTurn_AndTheRestIsAskedAgain()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin);
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Warm(origin, client);
        await client.Send(Gets(1, 3));
        for (int i = 1; i <= 3; i++)
            await server.ReadRequest();
        await server.Send(Reply(1) + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx" + Reply(3));
        await ExpectAnswers(client, 1, 1);
        Assert.Equal(502, (await client.ReadResponse()).Status);
        OriginConnection fresh = await origin.Accept();
        Assert.StartsWith("GET /3 ", await fresh.Answer(Reply(3)), StringComparison.Ordinal);
        await ExpectAnswers(client, 3, 3);
        await server.ExpectEnd();
    }

    [Fact]
    public async Task AServerThatDoesNotAnswer_CostsItsRequestATimeout_AndTheOthersNothing()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Upstream("keepalive.pipelining = 8", "timeouts.response = \"300ms\"").Listener("pipelining = 8"));
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Warm(origin, client);
        await client.Send(Gets(1, 2));
        await server.ReadRequest();
        await server.ReadRequest();
        Assert.Equal(504, (await client.ReadResponse()).Status);
        Assert.StartsWith("GET /2 ", await (await origin.Accept()).Answer(Reply(2)), StringComparison.Ordinal);
        await ExpectAnswers(client, 2, 2);
    }

    [Fact]
    public async Task AClientThatVanishes_LeavesNoAnswersBehind_AndNothingIsAskedAgain()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin);
        await using RawClient client = await proxy.Connect();
        OriginConnection server = await Warm(origin, client);
        await client.Send(Gets(1, 4));
        for (int i = 1; i <= 4; i++)
            await server.ReadRequest();
        await server.Send(Reply(1));
        await ExpectAnswers(client, 1, 1);
        client.Reset();
        await server.ExpectEnd();
        await proxy.WaitUntilIdle();
        await proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
        Assert.Equal(1, origin.ConnectionCount);

        // Another client begins with a connection of its own.
        await using RawClient next = await proxy.Connect();
        await next.SendGet("/5");
        await (await origin.Accept()).Answer(Reply(5));
        await ExpectAnswers(next, 5, 5);
    }

    [Fact]
    public async Task RequestsOfDifferentClients_NeverShareAConnectionAtOnce()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await Start(origin);
        await using RawClient one = await proxy.Connect();
        await using RawClient two = await proxy.Connect();
        OriginConnection server = await Warm(origin, one);
        await one.Send(Gets(1, 2));
        await server.ReadRequest();
        await server.ReadRequest();
        await two.SendGet("/3");
        OriginConnection other = await origin.Accept();
        Assert.StartsWith("GET /3 ", await other.Answer(Reply(3)), StringComparison.Ordinal);
        await ExpectAnswers(two, 3, 3);
        await server.Send(Reply(1) + Reply(2));
        await ExpectAnswers(one, 1, 2);
    }

    [Fact]
    public async Task ManyRequests_InBursts_ComeBackInOrder()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(request =>
        {
            string target = request.Split(' ')[1];
            string body = target + new string('y', target.Length * 37 % 3000);
            return $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";
        });
        await using ProxyUnderTest proxy = await Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Ask("/warm");
        string[] targets = [.. Enumerable.Range(1, 900).Select(i => $"/{i}{new string('x', i % 90)}")];
        Task sending = client.Send(string.Concat(targets.Select(target => RawClient.Get(target))));
        foreach (string target in targets)
            Assert.Equal(target + new string('y', target.Length * 37 % 3000), (await client.ReadResponse()).Body);
        await sending;
        Assert.InRange(await proxy.Metric("nativeproxy_server_requests_pipelined_total"), 1, 900);
    }

    private static Task<ProxyUnderTest> Start(ScriptedOrigin origin) =>
        ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("keepalive.pipelining = 8").Listener("pipelining = 8"));

    /// <summary>One exchange, by which the server shows that it keeps its connection.</summary>
    private static async Task<OriginConnection> Warm(ScriptedOrigin origin, RawClient client)
    {
        await client.SendGet("/warm");
        OriginConnection server = await origin.Accept();
        await server.Answer();
        await client.ReadResponse();
        return server;
    }

    private static string Gets(int first, int last) => string.Concat(Enumerable.Range(first, last - first + 1).Select(i => RawClient.Get("/" + i)));

    private static string Reply(int number) => $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}";

    private static async Task ExpectAnswers(RawClient client, int first, int last)
    {
        for (int i = first; i <= last; i++)
            Assert.Equal(i.ToString(), (await client.ReadResponse()).Body);
    }

    private static async Task<string> LastLogLine(ProxyUnderTest proxy, string target)
    {
        await proxy.Output.WaitFor($"\"GET {target} ");
        return proxy.Output.Lines[^1];
    }
}
