using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using static NativeProxy.EndToEnd.ServerSide.PipelinedScene;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Several requests of one client under way on one server connection: <c>upstream.keepalive.pipelining</c> above 1.</summary>
public sealed class PipelinedServerTests
{
    [Fact]
    public async Task RequestsGoOutTogether_OnAConnectionThatTheServerHasKept_AndTheAnswersComeInOrder()
    {
        await using PipelinedScene scene = await PipelinedScene.Start();
        OriginConnection server = await scene.Warm();
        await scene.Ask(server, 1, 4);
        await server.Send(Reply(1) + Reply(2) + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n3\r\n0\r\n\r\n" + Reply(4));
        await scene.ExpectAnswers(1, 4);
        Assert.Equal(1, scene.Origin.ConnectionCount);
        Assert.Equal(3, await scene.Proxy.Metric("nativeproxy_server_requests_pipelined_total"));

        // The connection is whole: it goes on.
        await scene.Client.SendGet("/5");
        await server.Answer(Reply(5));
        await scene.ExpectAnswers(5, 5);
        Assert.Matches(@" sc=\d+/6/", await LastLogLine(scene.Proxy, "/5"));
    }

    [Fact]
    public async Task AnswersInAnySplit_AreTakenApart()
    {
        await using PipelinedScene scene = await PipelinedScene.Start();
        OriginConnection server = await scene.Warm();
        string answers = Reply(1) + "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\n2\r\n0\r\nA: b\r\n\r\n"
            + Reply(3);
        for (int cut = 1; cut < answers.Length; cut++)
        {
            await scene.Ask(server, 1, 3);
            await server.Send(answers[..cut]);
            await server.Send(answers[cut..]);
            await scene.ExpectAnswers(1, 1);
            Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await scene.Client.ReadHead());
            await scene.ExpectAnswers(2, 3);
        }
        await scene.Ask(server, 1, 3);
        await server.SendByteByByte(answers);
        await scene.ExpectAnswers(1, 1);
        await scene.Client.ReadHead();
        await scene.ExpectAnswers(2, 3);
        Assert.Equal(1, scene.Origin.ConnectionCount);
    }

    [Fact]
    public async Task AFreshConnection_IsNotPipelinedOn()
    {
        await using PipelinedScene scene = await PipelinedScene.Start();
        await scene.Send(1, 2);
        OriginConnection first = await scene.Origin.Accept();
        OriginConnection second = await scene.Origin.Accept();
        string[] requests = [await first.ReadRequest(), await second.ReadRequest()];
        Assert.Equal((0, 0), (first.Socket.Available, second.Socket.Available));
        bool inOrder = requests[0].StartsWith("GET /1 ", StringComparison.Ordinal);
        await first.Send(Reply(inOrder ? 1 : 2));
        await second.Send(Reply(inOrder ? 2 : 1));
        await scene.ExpectAnswers(1, 2);
    }

    [Theory]
    [InlineData("HEAD /2 HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("OPTIONS /2 HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")]
    public async Task OnlyGet_IsPipelined(string request)
    {
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using PipelinedScene scene = await PipelinedScene.Start(change: config => config.AddUpstream("other", other.Address)
            .AddListener("other", "other"));
        OriginConnection server = await scene.Warm();
        await scene.Client.Send(RawClient.Get("/1") + request);
        await server.ReadRequest();
        await scene.Proxy.AskOnce(listener: "other");
        Assert.Equal(0, server.Socket.Available);
        Assert.Equal(0, await scene.Proxy.Metric("nativeproxy_server_requests_pipelined_total"));
    }

    [Fact]
    public async Task NoMoreThanTheAllowedNumber_IsUnderWayOnAConnection()
    {
        await using PipelinedScene scene = await PipelinedScene.Start(onConnection: 2);
        OriginConnection server = await scene.Warm();
        await scene.Send(1, 3);
        OriginConnection second = await scene.Origin.Accept();
        await ExpectRequests(second, 3, 3);
        await ExpectRequests(server, 1, 2);
        await second.Send(Reply(3));
        await server.Send(Reply(1) + Reply(2));
        await scene.ExpectAnswers(1, 3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatTheServerLeavesUnanswered_IsAskedAgainElsewhere(bool withReset)
    {
        await using PipelinedScene scene = await PipelinedScene.Start();
        OriginConnection server = await scene.Warm();
        await scene.Ask(server, 1, 4);
        await server.Send(Reply(1));
        await scene.ExpectAnswers(1, 1);
        if (withReset)
        {
            server.Reset();
        }
        else
        {
            await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n2");
            server.Close();
            await scene.ExpectAnswers(2, 2);
        }
        int[] left = withReset ? [2, 3, 4] : [3, 4];
        foreach (int _ in left)
        {
            OriginConnection fresh = await scene.Origin.Accept();
            string request = await fresh.ReadRequest();
            int number = request[5] - '0';
            Assert.Contains(number, left);
            await fresh.Send(Reply(number));
        }
        await scene.ExpectAnswers(left[0], 4);
        Assert.Equal(1 + left.Length, scene.Origin.ConnectionCount);
    }

    [Fact]
    public async Task AnAnswerTooMany_EndsTheConnection_AndReachesNobody()
    {
        await using PipelinedScene scene = await PipelinedScene.Start();
        OriginConnection server = await scene.Warm();
        await scene.Ask(server, 1, 2);
        await server.Send(Reply(1) + Reply(2) + Reply(9));
        await scene.ExpectAnswers(1, 2);
        await server.ExpectEnd();
        await scene.Client.SendGet("/3");
        await scene.ServeOnFreshConnection(3);
    }

    [Fact]
    public async Task ABadAnswer_IsSaidInItsTurn_AndTheRestIsAskedAgain()
    {
        await using PipelinedScene scene = await PipelinedScene.Start();
        OriginConnection server = await scene.Warm();
        await scene.Ask(server, 1, 3);
        await server.Send(Reply(1) + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx" + Reply(3));
        await scene.ExpectAnswers(1, 1);
        Assert.Equal(502, (await scene.Client.ReadResponse()).Status);
        await scene.ServeOnFreshConnection(3);
        await server.ExpectEnd();
    }

    [Fact]
    public async Task AServerThatDoesNotAnswer_CostsItsRequestATimeout_AndTheOthersNothing()
    {
        await using PipelinedScene scene = await PipelinedScene.Start(change: config => config.Upstream("timeouts.response = \"2s\""));
        OriginConnection server = await scene.Warm();
        await scene.Ask(server, 1, 2);
        Assert.Equal(504, (await scene.Client.ReadResponse()).Status);
        await scene.ServeOnFreshConnection(2);
    }

    [Fact]
    public async Task AClientThatVanishes_LeavesNoAnswersBehind_AndNothingIsAskedAgain()
    {
        await using PipelinedScene scene = await PipelinedScene.Start();
        OriginConnection server = await scene.Warm();
        await scene.Ask(server, 1, 4);
        await server.Send(Reply(1));
        await scene.ExpectAnswers(1, 1);
        scene.Client.Reset();
        await server.ExpectEnd();
        await scene.Proxy.WaitUntilIdle();
        await scene.Proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
        Assert.Equal(1, scene.Origin.ConnectionCount);

        // Another client begins with a connection of its own.
        await using RawClient next = await scene.Proxy.Connect();
        await next.SendGet("/5");
        await scene.ServeOnFreshConnection(5, next);
    }

    [Fact]
    public async Task RequestsOfDifferentClients_NeverShareAConnectionAtOnce()
    {
        await using PipelinedScene scene = await PipelinedScene.Start();
        await using RawClient other = await scene.Proxy.Connect();
        OriginConnection server = await scene.Warm();
        await scene.Ask(server, 1, 2);
        await other.SendGet("/3");
        await scene.ServeOnFreshConnection(3, other);
        await server.Send(Reply(1) + Reply(2));
        await scene.ExpectAnswers(1, 2);
    }

    [Fact]
    public async Task ManyRequests_InBursts_ComeBackInOrder()
    {
        ScriptedOrigin origin = ScriptedOrigin.Answering(request =>
        {
            string target = request.Split(' ')[1];
            string body = target + new string('y', target.Length * 37 % 3000);
            return $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";
        });
        await using PipelinedScene scene = await PipelinedScene.Start(origin: origin);
        await scene.Client.Ask("/warm");
        string[] targets = [.. Enumerable.Range(1, 900).Select(i => $"/{i}{new string('x', i % 90)}")];
        Task sending = scene.Client.Send(string.Concat(targets.Select(target => RawClient.Get(target))));
        foreach (string target in targets)
            Assert.Equal(target + new string('y', target.Length * 37 % 3000), (await scene.Client.ReadResponse()).Body);
        await sending;
        Assert.InRange(await scene.Proxy.Metric("nativeproxy_server_requests_pipelined_total"), 1, 900);
    }

    private static async Task<string> LastLogLine(ProxyUnderTest proxy, string target)
    {
        await proxy.Output.WaitFor($"\"GET {target} ");
        return proxy.Output.Lines[^1];
    }
}
