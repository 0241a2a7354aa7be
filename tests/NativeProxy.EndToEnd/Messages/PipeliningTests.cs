using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Requests that are sent before the response to an earlier one.</summary>
public sealed class PipeliningTests
{
    [Fact]
    [Trait("promise", "S3.14")]
    public async Task RequestsInOneSegment_AreAnsweredInTheirOrder()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(Echo);
        string[] targets = [.. Enumerable.Range(1, 40).Select(i => "/" + i)];
        await scene.Client.Send(string.Concat(targets.Select(target => RawClient.Get(target))));
        foreach (string target in targets)
            Assert.Equal(target, (await scene.Client.ReadResponse()).Body);
        Assert.All(scene.Origin.RequestConnections, number => Assert.Equal(1, number));
    }

    [Fact]
    [Trait("promise", "S3.14")]
    public async Task MixedRequestsInOneSegment_AreAnsweredInTheirOrder_ErrorsOfTheProxyToo()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(Echo);
        await scene.Client.Send(RawClient.Get("/1") + RawClient.Post("/2", "body") + "HEAD /3 HTTP/1.1\r\nHost: h\r\n\r\n" + RawClient.Get("/4")
            + "BAD\r\n\r\n");
        Assert.Equal("/1", (await scene.Client.ReadResponse()).Body);
        Assert.Equal("/2", (await scene.Client.ReadResponse()).Body);
        Assert.Contains("Content-Length: 2\r\n", (await scene.Client.ReadResponse("HEAD")).Head, StringComparison.Ordinal);
        Assert.Equal("/4", (await scene.Client.ReadResponse()).Body);
        Assert.Equal(400, (await scene.Client.ReadResponse()).Status);
        await scene.Client.ExpectFin();
    }

    [Fact]
    [Trait("promise", "S3.15")]
    public async Task BytesBehindTheFirstRequest_AreParsedWithoutAnotherReadEvent()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.Send(RawClient.Post("/1", "body") + RawClient.Get("/2") + RawClient.Get("/3"));

        // The client sends nothing more and reads nothing; only the server acts from here on.
        OriginConnection server = await scene.Origin.Accept();
        foreach (string start in (string[])["POST /1 ", "GET /2 ", "GET /3 "])
            Assert.StartsWith(start, await server.Answer(), StringComparison.Ordinal);
        Assert.Equal(0, server.Socket.Available);
    }

    [Theory]
    [Trait("promise", "S3.16")]
    [InlineData(1)]
    [InlineData(14)]
    [InlineData(20)]
    [InlineData(9000)]
    [InlineData(20000)]
    public async Task APipelinedRequestCutInTheMiddle_IsKeptAndCompletedByLaterReads(int cutAt)
    {
        await using AnsweringScene scene = await AnsweringScene.Start(Echo);
        string second = RawClient.Get("/second", $"X-Large: {new string('x', 25_000)}\r\n");
        await scene.Client.Send(RawClient.Get("/first") + second[..cutAt]);
        Assert.Equal("/first", (await scene.Client.ReadResponse()).Body);
        await scene.Client.Send(second[cutAt..] + RawClient.Get("/third"));
        Assert.Equal("/second", (await scene.Client.ReadResponse()).Body);
        Assert.Equal("/third", (await scene.Client.ReadResponse()).Body);
        Assert.Contains($"X-Large: {new string('x', 25_000)}\r\n", scene.Origin.Requests[1].Request, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("promise", "S3.16")]
    public async Task AFloodOfPipelinedRequests_IsServedCompletely()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(Echo);
        string[] targets = [.. Enumerable.Range(1, 600).Select(i => $"/{i}/{new string('x', i % 300)}")];
        Task sending = scene.Client.Send(string.Concat(targets.Select(target => RawClient.Get(target))));
        foreach (string target in targets)
            Assert.Equal(target, (await scene.Client.ReadResponse()).Body);
        await sending;
    }

    [Fact]
    [Trait("promise", "S3.17")]
    public async Task PipelinedRequests_AreProcessedOneAfterAnother_InOneRoundTripOfTheClient()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).AddUpstream("other", other.Address).AddListener("other", "other"));
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/1") + RawClient.Get("/2"));
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();

        // The server takes its time. The second request does not start meanwhile, neither here nor on another connection.
        await proxy.AskOnce(listener: "other");
        Assert.Equal((0, 1), (server.Socket.Available, origin.ConnectionCount));

        // With its answer the second request comes at once, though the client has not had a turn: one client round trip for both.
        await server.Send(OriginConnection.Ok);
        Assert.StartsWith("GET /2 ", await server.Answer(), StringComparison.Ordinal);
        Assert.Equal("", client.Received);
        await client.ReadResponse();
        await client.ReadResponse();
    }

    [Fact]
    [Trait("promise", "S3.17")]
    public async Task RequestsThatAreNotPipelined_TakeARoundTripOfTheClientEach()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Exchange(request: RawClient.Get("/1"));
        Assert.Equal(0, server.Socket.Available);
        await scene.Client.SendGet("/2");
        Assert.StartsWith("GET /2 ", await server.Answer(), StringComparison.Ordinal);
        await scene.Client.ReadResponse();
    }

    [Fact]
    [Trait("promise", "S3.18")]
    public async Task PipelinedRequestsBehindTheClose_AreNeitherAnsweredNorExecuted()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(Echo, config => config.Listener("keepalive.max_requests = 2"));
        await scene.Client.Send(RawClient.Get("/1") + RawClient.Get("/2") + RawClient.Post("/3", "x") + RawClient.Get("/4"));
        Assert.Null((await scene.Client.ReadResponse()).Connection);
        HttpResponse last = await scene.Client.ReadResponse();
        Assert.Equal(("/2", "close"), (last.Body, last.Connection));
        await scene.Client.ExpectFin();
        scene.Client.Close();
        await scene.Proxy.WaitUntilIdle();
        Assert.Equal(2, scene.Origin.Requests.Count);
        Assert.Equal(2, (await scene.Proxy.Output.WaitForCount(2)).Count);

        // The client may send the rest again.
        Assert.Equal("/4", (await scene.Proxy.AskOnce("/4")).Body);
    }

    [Fact]
    [Trait("promise", "S3.19")]
    public async Task APipelinedPost_StartsAfterTheEarlierResponseIsComplete_AndIsNeverRepeated()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).AddUpstream("other", other.Address).AddListener("other", "other"));
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/1") + RawClient.Post("/2", "once"));
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
        await client.ReadThrough("\r\n\r\no");
        await proxy.AskOnce(listener: "other");
        Assert.Equal((0, 1), (server.Socket.Available, origin.ConnectionCount));
        await server.Send("k");
        await client.Read(1);
        Assert.EndsWith("once", await server.ReadRequest(), StringComparison.Ordinal);
        server.Close();
        Assert.Equal(502, (await client.ReadResponse()).Status);
        await proxy.AskOnce(listener: "other");
        Assert.Equal(1, origin.ConnectionCount);
    }

    [Fact]
    [Trait("promise", "S3.20")]
    public async Task AfterABrokenPipeline_AClientMayGoOnWithSingleRequests()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(request =>
            request.StartsWith("GET /last", StringComparison.Ordinal)
                ? "HTTP/1.1 500 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
                : Echo(request));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("keepalive.after_error = false"));
        await using RawClient broken = await proxy.Connect();
        await broken.Send(RawClient.Get("/1") + RawClient.Get("/last") + RawClient.Get("/3"));
        Assert.Equal("/1", (await broken.ReadResponse()).Body);
        HttpResponse last = await broken.ReadResponse();
        Assert.Equal((500, "close"), (last.Status, last.Connection));
        await broken.ExpectFin();
        Assert.Equal(2, origin.Requests.Count);
        await using RawClient again = await proxy.Connect();
        Assert.Equal("/3", (await again.Ask("/3")).Body);
        Assert.Equal("/4", (await again.Ask("/4")).Body);
    }

    [Fact]
    [Trait("promise", "S3.21")]
    public async Task ARequestBehindABodyThatIsReadLate_IsFramedRight()
    {
        string body = RawClient.Get("/hidden") + new string('x', 200_000);
        await using DrivenScene scene = await DrivenScene.Start();
        Task sending = scene.Client.Send(RawClient.Post("/1", body) + RawClient.Get("/2"));
        OriginConnection server = await scene.Origin.Accept();
        Assert.EndsWith(body, await server.ReadRequest(), StringComparison.Ordinal);
        await sending;
        await server.Send(OriginConnection.Ok);
        Assert.StartsWith("GET /2 ", await server.Answer(), StringComparison.Ordinal);
        await scene.Client.ReadResponse();
        await scene.Client.ReadResponse();
    }

    [Theory]
    [Trait("promise", "S3.21")]
    [InlineData("Content-Length: 1000\r\n", "")]
    [InlineData("Transfer-Encoding: chunked\r\n", "3e8\r\n")]
    public async Task ABodyThatTheServerDoesNotWant_IsNeverTakenForARequest(string framing, string chunk)
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.Send($"POST /1 HTTP/1.1\r\nHost: h\r\n{framing}\r\n{chunk}");
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadHead();
        await server.Send("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
        Assert.Equal((403, "close"), await StatusAndConnection(scene.Client));
        await scene.Client.Send(RawClient.Get("/hidden"));
        await scene.Client.ExpectFin();
        scene.Client.Close();
        await scene.Proxy.WaitUntilIdle();
        Assert.Equal(1, scene.Origin.ConnectionCount);
        Assert.DoesNotContain("hidden", server.Received + (await server.ReadToEnd()).Text, StringComparison.Ordinal);
    }

    private static async Task<(int Status, string? Connection)> StatusAndConnection(RawClient client)
    {
        HttpResponse response = await client.ReadResponse();
        return (response.Status, response.Connection);
    }

    private static string Echo(string request)
    {
        string target = request.Split(' ')[1];
        return $"HTTP/1.1 200 OK\r\nContent-Length: {target.Length}\r\n\r\n{(request.StartsWith("HEAD", StringComparison.Ordinal) ? "" : target)}";
    }
}
