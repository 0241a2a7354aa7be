using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Forward;
using NativeProxy.EndToEnd.Framing;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Max-Forwards of TRACE and OPTIONS (RFC 9110 7.6.2): counted down, and at 0 the proxy is where the request ends.</summary>
public sealed class MaxForwardsTests
{
    private const string Allow = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE";

    [Theory]
    [InlineData("OPTIONS", "/", "5", "4")]
    [InlineData("OPTIONS", "*", "1", "0")]
    [InlineData("TRACE", "/x", "010", "9")]
    [InlineData("TRACE", "/x", "2147483648", "2147483647")]
    [InlineData("OPTIONS", "/", "99999999999999999999999999", "2147483647")]
    public async Task Number_IsCountedDown(string method, string target, string received, string sent)
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send($"{method} {target} HTTP/1.1\r\nHost: a\r\nmax-forwards: {received}\r\nX: 1\r\n\r\n");
        Assert.Equal(200, (await scene.Client.ReadResponse(method)).Status);
        Assert.Equal($"{method} {target} HTTP/1.1\r\nHost: a\r\nX: 1\r\nMax-Forwards: {sent}\r\n\r\n", scene.Origin.Requests[0].Request);
    }

    /// <summary>Who names it in Connection wants it to end here; the limit of those who sent it before must hold all the same.</summary>
    [Fact]
    public async Task NumberThatIsNamedInConnection_IsCountedDownAllTheSame()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send("OPTIONS / HTTP/1.1\r\nHost: a\r\nConnection: Max-Forwards\r\nMax-Forwards: 3\r\n\r\n");
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        Assert.Equal("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 2\r\n\r\n", scene.Origin.Requests[0].Request);
    }

    [Theory]
    [InlineData("GET", "0")]
    [InlineData("GET", "7")]
    [InlineData("PUT", "x")]
    [InlineData("options", "0")]
    public async Task OtherMethod_PassesWithItAsItCame(string method, string value)
    {
        await using Scene scene = await Scene.Start();
        string request = $"{method} / HTTP/1.1\r\nHost: a\r\nMax-Forwards: {value}\r\n\r\n";
        await scene.Client.Send(request);
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        Assert.Equal(request, scene.Origin.Requests[0].Request);
    }

    [Theory]
    [InlineData("OPTIONS", "")]
    [InlineData("TRACE", "-1")]
    [InlineData("OPTIONS", "+1")]
    [InlineData("OPTIONS", "0x1")]
    [InlineData("TRACE", "1, 2")]
    [InlineData("OPTIONS", "1 2")]
    [InlineData("TRACE", "1.0")]
    [InlineData("OPTIONS", "0\r\nMax-Forwards: 0")]
    [InlineData("OPTIONS", "5\r\nMax-Forwards: 0")]
    public async Task ValueThatIsNotOneNumber_IsRefused(string method, string value)
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send($"{method} / HTTP/1.1\r\nHost: a\r\nMax-Forwards: {value}\r\n\r\n");
        Assert.Equal(400, (await scene.Client.ReadResponse()).Status);
        Assert.EndsWith(" why=bad_max_forwards", (await scene.Proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
        Assert.Equal(0, scene.Origin.ConnectionCount);
    }

    [Theory]
    [InlineData("*", "0")]
    [InlineData("/x", "0000")]
    public async Task OptionsAtTheEnd_SaysWhatTheProxyServes_AndTheConnectionGoesOn(string target, string value)
    {
        await using Scene scene = await Scene.Start();
        for (int i = 0; i < 2; i++)
        {
            await scene.Client.Send($"OPTIONS {target} HTTP/1.1\r\nHost: a\r\nMax-Forwards: {value}\r\n\r\n");
            HttpResponse answer = await scene.Client.ReadResponse("OPTIONS");
            Assert.Equal((200, Allow, "0", ""), (answer.Status, answer.Field("Allow"), answer.Field("Content-Length"), answer.Body));
            Assert.Null(answer.Connection);
        }
        Assert.Equal(0, scene.Origin.ConnectionCount);
        Assert.Equal(200, (await scene.Client.Ask()).Status);
        string line = (await scene.Proxy.Output.WaitForCount(1))[0];
        Assert.Contains($" app/<NOSRV> ", line, StringComparison.Ordinal);
        Assert.EndsWith(" rs=- why=-", line, StringComparison.Ordinal);
        Assert.Equal(2, await scene.Proxy.Metric("nativeproxy_responses_by_proxy_total"));
    }

    [Fact]
    public async Task TraceAtTheEnd_ReflectsTheHead_WithoutWhatIsSecret()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.SendByteByByte(
            "TRACE /a?b HTTP/1.1\r\nHost: a\r\nCookie: secret=1\r\nX-Odd:  one two \r\nAUTHORIZATION: Basic c2VjcmV0\r\nVia: 1.1 "
            + "other\r\nProxy-Authorization: secret\r\ncookie: secret=2\r\nMax-Forwards: 0\r\n\r\n");
        HttpResponse answer = await scene.Client.ReadResponse("TRACE");
        Assert.Equal((200, "message/http"), (answer.Status, answer.Field("Content-Type")));
        Assert.Equal("TRACE /a?b HTTP/1.1\r\nHost: a\r\nX-Odd: one two\r\nVia: 1.1 other\r\nMax-Forwards: 0\r\n\r\n", answer.Body);
        Assert.Equal(0, scene.Origin.ConnectionCount);
        Assert.Equal(200, (await scene.Client.Ask()).Status);
    }

    [Fact]
    public async Task OldClient_IsAnsweredToo_AndItsConnectionEnds()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send("TRACE / HTTP/1.0\r\nMax-Forwards: 0\r\n\r\n");
        string answer = (await scene.Client.ReadToEnd()).Text;
        Assert.EndsWith("\r\n\r\nTRACE / HTTP/1.0\r\nMax-Forwards: 0\r\n\r\n", answer, StringComparison.Ordinal);
        Assert.Equal("close", HttpResponse.FieldOf(answer, "Connection"));
    }

    /// <summary>A body that nobody reads must not become a request.</summary>
    [Theory]
    [InlineData("OPTIONS", "Content-Length: 41\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: smuggled\r\n\r\n")]
    [InlineData("TRACE", "Content-Length: 41\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: smuggled\r\n\r\n")]
    [InlineData("OPTIONS", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: smuggled\r\n\r\n")]
    public async Task RequestWithABodyAtTheEnd_IsAnswered_AndTheConnectionEnds(string method, string rest)
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send($"{method} / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n{rest}");
        HttpResponse answer = await scene.Client.ReadResponse(method);
        Assert.Equal((200, "close"), (answer.Status, answer.Connection));
        await scene.Client.ExpectFin();
        Assert.Equal(0, scene.Origin.ConnectionCount);
    }

    [Fact]
    public async Task MethodThatIsNotServed_IsToldTheSameMethodsAsOptions()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
        HttpResponse answer = await scene.Client.ReadResponse();
        Assert.Equal((405, Allow), (answer.Status, answer.Field("Allow")));
    }

    [Fact]
    public async Task EmptyBodyByLength_IsNone()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nContent-Length: 0\r\n\r\n" + RawClient.Get());
        Assert.Equal(Allow, (await scene.Client.ReadResponse()).Field("Allow"));
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task AnswerOfTheProxy_KeepsItsPlaceAmongPipelinedRequests(int pipelining)
    {
        await using Scene scene = await Scene.Start($"pipelining = {pipelining}");
        const string last = "OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n";
        await scene.Client.Send(RawClient.Get("/1") + last + RawClient.Get("/2") + last + last + RawClient.Get("/3"));
        foreach (string? allow in new[] { null, Allow, null, Allow, Allow, null })
            Assert.Equal((200, allow), await Next());
        async Task<(int, string?)> Next() => await scene.Client.ReadResponse() is var answer ? (answer.Status, answer.Field("Allow")) : default;
    }

    [Fact]
    public async Task ForwardProxy_CountsDown_AndAnswersAtTheEnd()
    {
        await using ForwardScene scene = await ForwardScene.Answering();
        await scene.Client.Send($"OPTIONS {scene.Url} HTTP/1.1\r\nHost: x\r\nMax-Forwards: 1\r\n\r\n");
        Assert.Equal(200, (await scene.Client.ReadResponse("OPTIONS")).Status);
        Assert.StartsWith("OPTIONS * HTTP/1.1\r\n", scene.Origin.Requests[0].Request, StringComparison.Ordinal);
        Assert.Equal("0", HttpResponse.FieldOf(scene.Origin.Requests[0].Request, "Max-Forwards"));

        await scene.Client.Send($"OPTIONS {scene.Url}/x HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n");
        HttpResponse options = await scene.Client.ReadResponse("OPTIONS");
        Assert.Equal((200, "CONNECT, " + Allow), (options.Status, options.Field("Allow")));
        await scene.Client.Send($"TRACE {scene.Url}/x HTTP/1.1\r\nHost: x\r\nProxy-Authorization: secret\r\nMax-Forwards: 0\r\n\r\n");
        Assert.Equal($"TRACE {scene.Url}/x HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n", (await scene.Client.ReadResponse("TRACE")).Body);
        Assert.Single(scene.Origin.Requests);
    }

    private sealed class Scene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client) : IAsyncDisposable
    {
        public ScriptedOrigin Origin => origin;

        public ProxyUnderTest Proxy => proxy;

        public RawClient Client => client;

        public static async Task<Scene> Start(params string[] listenerLines)
        {
            ScriptedOrigin origin = ScriptedOrigin.Answering();
            ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(RequestFramingSafetyTests.NothingAdded)
                .Listener(listenerLines));
            return new Scene(origin, proxy, await proxy.Connect());
        }

        public async ValueTask DisposeAsync()
        {
            await client.DisposeAsync();
            await proxy.DisposeAsync();
            await origin.DisposeAsync();
        }
    }
}
