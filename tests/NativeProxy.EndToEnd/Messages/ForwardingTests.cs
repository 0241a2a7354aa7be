using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>What the server sees of a request and the client of a response, byte by byte.</summary>
public sealed class ForwardingTests
{
    [Fact]
    public async Task Request_IsRebuiltWithoutHopByHopFields()
    {
        Assert.Equal(
            "POST /a/../b?q=%20 HTTP/1.1\r\nX-Odd:   two  words\r\ncookie: a=b\r\nHost: test:80\r\nX-Forwarded-For: 127.0.0.1\r\n"
            + "X-Forwarded-Proto: http\r\nX-Forwarded-Host: test:80\r\nVia: 1.1 nativeproxy\r\nContent-Length: 3\r\n\r\nabc",
            await Forwarded(
                "POST /a/../b?q=%20 HTTP/1.1\r\nX-Odd:   two  words\r\nConnection: keep-alive, X-Named\r\nX-Named: 1\r\nKeep-Alive: timeout=5\r\n"
                + "cookie: a=b\r\nTE: trailers\r\nProxy-Connection: keep-alive\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nHost: "
                + "test:80\r\nContent-Length: 3\r\n\r\nabc"));
    }

    [Fact]
    public async Task ForwardedFields_AreAppendedToReceivedOnes_OrReplaceThem()
    {
        string request = await Forwarded(
            "GET / HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\nX-Forwarded-Proto: "
            + "https\r\nX-Forwarded-Host: spoofed\r\nVia: 1.0 other\r\n\r\n");
        Assert.Equal("192.0.2.1, 192.0.2.2, 127.0.0.1", HttpResponse.FieldOf(request, "X-Forwarded-For"));
        Assert.Equal("http", HttpResponse.FieldOf(request, "X-Forwarded-Proto"));
        Assert.Equal("test", HttpResponse.FieldOf(request, "X-Forwarded-Host"));
        Assert.Equal(["1.0 other", "1.1 nativeproxy"], HttpResponse.FieldsOf(request, "Via"));
    }

    [Fact]
    public async Task ForwardedFieldsSwitchedOff_TheRequestPassesAsItIs()
    {
        const string request =
            "GET / HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: other\r\n\r\n";
        Assert.Equal(request,
            await Forwarded(request, "forwarded = { x_forwarded_for = false, x_forwarded_proto = false, x_forwarded_host = false, via = \"\" }"));
    }

    [Theory]
    [InlineData("x_forwarded_for", "X-Forwarded-For")]
    [InlineData("x_forwarded_proto", "X-Forwarded-Proto")]
    [InlineData("x_forwarded_host", "X-Forwarded-Host")]
    public async Task EachForwardedField_HasASwitchOfItsOwn(string key, string field)
    {
        string request = await Forwarded(RawClient.Get(), $"forwarded.{key} = false");
        string[] present = [.. new[] { "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host" }
            .Where(name => HttpResponse.FieldOf(request, name) is not null)];
        Assert.Equal(2, present.Length);
        Assert.DoesNotContain(field, present);
    }

    [Fact]
    public async Task Via_NamesTheVersionOfTheClient_AndTheConfiguredPseudonym()
    {
        Assert.Equal("1.1 edge", HttpResponse.FieldOf(await Forwarded(RawClient.Get(), "forwarded.via = \"edge\""), "Via"));
        Assert.Equal("1.0 edge", HttpResponse.FieldOf(await Forwarded("GET / HTTP/1.0\r\n\r\n", "forwarded.via = \"edge\""), "Via"));
    }

    [Theory]
    [InlineData("GET http://abs.example:81/p?q HTTP/1.1\r\nHost: other\r\n\r\n", "GET /p?q HTTP/1.1\r\nHost: abs.example:81\r\n")]
    [InlineData("GET http://abs.example HTTP/1.1\r\nHost: other\r\n\r\n", "GET / HTTP/1.1\r\nHost: abs.example\r\n")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: h\r\n")]
    [InlineData("OPTIONS http://abs.example HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: abs.example\r\n")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: app\r\n")]
    public async Task Target_IsSentInOriginForm_WithTheRightHost(string request, string start) =>
        Assert.StartsWith(start, await Forwarded(request), StringComparison.Ordinal);

    [Fact]
    public async Task Response_IsRebuiltWithoutHopByHopFields()
    {
        HttpResponse response = await Returned(
            "HTTP/1.1 299 Any Reason\r\nServer: x\r\nKeep-Alive: timeout=9\r\nConnection: keep-alive, X-Named\r\nX-Named: 1\r\nSet-Cookie: "
            + "a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok");
        Assert.Equal("HTTP/1.1 299 Any Reason\r\nServer: x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\n", response.Head);
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 1000\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 1000\r\n\r\n")]
    public async Task ResponsesWithoutABody_EndWithTheirHead(string method, string response, string expected)
    {
        await using AnsweringScene scene = await AnsweringScene.Start(response);
        for (int i = 0; i < 3; i++)
        {
            await scene.Client.Send($"{method} / HTTP/1.1\r\nHost: h\r\n\r\n");
            Assert.Equal(expected, await scene.Client.ReadHead());
        }
        Assert.Equal("", scene.Client.Untaken);
        Assert.Equal([1, 1, 1], scene.Origin.RequestConnections);
    }

    [Fact]
    public async Task ErrorAnswerToHead_HasNoBody()
    {
        using var dead = new DeadServer();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(dead.Address));
        await using RawClient client = await proxy.Connect();
        await client.Send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 502 ", await client.ReadHead(), StringComparison.Ordinal);
        await client.Send("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 502 ", await client.ReadHead(), StringComparison.Ordinal);
        await client.ExpectFin();
    }

    [Fact]
    public async Task InterimResponses_AreForwardedAsTheyCome()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Ask();
        foreach (string interim in (string[])["HTTP/1.1 102 Processing\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n"])
        {
            await server.Send(interim);
            Assert.Equal(interim, await scene.Client.ReadHead());
        }
        await server.Send(OriginConnection.Ok);
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
    }

    [Fact]
    public async Task InterimResponses_AreKeptFromHttp10Clients()
    {
        await using AnsweringScene scene = await AnsweringScene.Start("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OriginConnection.Ok);
        await scene.Client.Send("GET / HTTP/1.0\r\n\r\n");
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
    }

    [Fact]
    public async Task AFloodOfInterimResponses_Is502()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(string.Concat(Enumerable.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 1000)));
        await scene.Client.SendGet();
        string head;
        while ((head = await scene.Client.ReadHead()).StartsWith("HTTP/1.1 102 ", StringComparison.Ordinal))
        {
        }
        Assert.StartsWith("HTTP/1.1 502 ", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExpectContinue_TheServersInterimAnswerReleasesTheBody()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        OriginConnection server = await scene.Origin.Accept();
        Assert.Equal("100-continue", HttpResponse.FieldOf(await server.ReadHead(), "Expect"));
        await server.Send("HTTP/1.1 100 Continue\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await scene.Client.ReadHead());
        await scene.Client.Send("body");
        Assert.Equal("body", await server.Read(4));
        await server.Send(OriginConnection.Ok);
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal((200, null), (response.Status, response.Connection));
        await scene.Client.SendGet();
        await server.Answer();
        await scene.Client.ReadResponse();
    }

    [Fact]
    public async Task ExpectContinue_AFinalAnswerInsteadIsForwarded_AndTheConnectionEnds()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadHead();
        await server.Send("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal((417, "close"), (response.Status, response.Connection));
        await scene.Client.ExpectFin();
        await server.ExpectEnd();
    }

    [Fact]
    public async Task EarlyResponseWhileUploading_ReachesTheClient_ThoughItGoesOnSending()
    {
        await using DrivenScene scene = await DrivenScene.Start("timeouts.linger = \"20s\"");
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000000\r\n\r\n");
        await scene.Client.Send(new string('x', 100_000));
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadHead();
        await server.Send("HTTP/1.1 413 Too Much\r\nContent-Length: 3\r\nConnection: close\r\n\r\n");
        await server.Send("no!");
        server.Close();

        // The client keeps sending before it reads: a reset would destroy the answer.
        for (int i = 0; i < 50; i++)
            await scene.Client.Send(new string('x', 100_000));
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal((413, "close", "no!"), (response.Status, response.Connection, response.Body));
        await scene.Client.ExpectFin();
    }

    [Fact]
    public async Task RequestBody_IsStreamed_NotCollected()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadHead();
        foreach (string part in (string[])["a", "bb", "ccc"])
        {
            await scene.Client.Send($"{part.Length}\r\n{part}\r\n");
            Assert.Equal($"{part.Length}\r\n{part}\r\n", await server.ReadThrough(part + "\r\n"));
        }
        await scene.Client.Send("0\r\n\r\n");
        Assert.Equal("0\r\n\r\n", await server.ReadHead());
        await server.Send(OriginConnection.Ok);
        await scene.Client.ReadResponse();
    }

    /// <summary>What the server receives of a request.</summary>
    private static async Task<string> Forwarded(string request, params string[] listenerLines)
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener(listenerLines));
        await scene.Client.Send(request);
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        return scene.Origin.Requests.Single().Request;
    }

    private static async Task<HttpResponse> Returned(string response)
    {
        await using AnsweringScene scene = await AnsweringScene.Start(response);
        return await scene.Client.Ask();
    }

    [Fact]
    public async Task ServerThatNeitherContinuesNorAnswers_IsToBlame_NotTheClientThatWaits()
    {
        await using DrivenScene scene = await DrivenScene.Start(
            config => config.Listener("timeouts.request_body = \"100ms\"").Upstream("timeouts.response = \"400ms\""));
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadHead();

        Assert.Equal(504, (await scene.Client.ReadResponse("POST")).Status);
    }
}
