using System;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Responses that the proxy keeps and gives again.</summary>
public sealed class CacheTests
{
    [Fact]
    public async Task SecondClient_GetsTheSameResponseWithItsAge_AndTheServerSeesOneRequest()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(CacheScene.Answer("kept"));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await using RawClient client = await proxy.Connect(showsDate: true);
        HttpResponse first = await client.Ask("/a?b=1");
        Assert.Null(first.Field("Age"));
        HttpResponse second = await client.Ask("/a?b=1");
        Assert.Equal("kept", second.Body);
        Assert.InRange(int.Parse(second.Field("Age")!, CultureInfo.InvariantCulture), 0, 100);
        Assert.Equal(first.Head, Regex.Replace(second.Head, "Age: .*\r\n", ""));
        Assert.Single(origin.Requests);
        Assert.Equal((1, 1), (await proxy.Metric(CacheScene.Hits), await proxy.Metric(CacheScene.Stores)));
        Assert.Contains(" web app/<CACHE> 0/0/0/0/", (await proxy.Output.WaitForCount(2))[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutBytes_NothingIsKept()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(CacheScene.Answer("kept"));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await proxy.AskOnce();
        Assert.Null((await proxy.AskOnce()).Field("Age"));
        Assert.Equal(2, origin.Requests.Count);
    }

    [Fact]
    public async Task ResponseInChunks_IsGivenAgainInTheFormThatTheClientUnderstands()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(CacheScene.Fresh
            + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\nX-T: 1\r\n\r\n");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await proxy.AskOnce();
        HttpResponse hit = await proxy.AskOnce();
        Assert.Equal(("abcdef", true, "X-T: 1\r\n"), (hit.Body, hit.IsChunked, hit.Trailers));

        await using RawClient old = await proxy.Connect();
        await old.Send("GET / HTTP/1.0\r\nHost: test\r\n\r\n");
        HttpResponse plain = await old.ReadResponse();
        Assert.Equal(("abcdef", "close"), (plain.Body, plain.Connection));

        await using RawClient curious = await proxy.Connect();
        await curious.Send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n" + RawClient.Get());
        Assert.NotNull((await curious.ReadResponse("HEAD")).Field("Age"));
        Assert.Equal("abcdef", (await curious.ReadResponse()).Body);
        Assert.Single(origin.Requests);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task HitsAndMisses_AreAnsweredInTheOrderOfTheirRequests(int pipelining)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(static request => CacheScene.Answer(request.Split(' ')[1])
            .Replace("max-age=600", request.StartsWith("GET /hit", StringComparison.Ordinal) ? "max-age=600" : "no-store", StringComparison.Ordinal));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin).Listener($"pipelining = {pipelining}"));
        await proxy.AskOnce("/hit1");
        await proxy.AskOnce("/hit2");
        string[] targets = ["/hit1", "/miss1", "/hit2", "/hit1", "/miss2", "/miss3", "/hit2", "/hit1", "/miss4"];
        await using RawClient client = await proxy.Connect();
        await client.Send(string.Concat(targets.Select(static target => RawClient.Get(target))));
        foreach (string target in targets)
        {
            HttpResponse response = await client.ReadResponse();
            Assert.Equal((target, target.StartsWith("/hit", StringComparison.Ordinal)), (response.Body, response.Field("Age") is not null));
        }
        Assert.Equal(5, await proxy.Metric(CacheScene.Hits));
        Assert.Equal(6, origin.Requests.Count);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: other\r\n\r\n")]
    [InlineData("GET http://other/ HTTP/1.1\r\nHost: test\r\n\r\n")]
    [InlineData("GET //test/ HTTP/1.1\r\nHost: test\r\n\r\n")]
    [InlineData("GET /? HTTP/1.1\r\nHost: test\r\n\r\n")]
    [InlineData("GET /%2f HTTP/1.1\r\nHost: test\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\nRange: bytes=0-1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\nIf-Match: \"x\"\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\nAuthorization: Basic eA==\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: test\r\nCache-Control: no-cache\r\n\r\n")]
    public async Task AnotherRequest_ReachesTheServer_AndPutsNothingInThePlaceOfTheFirst(string request)
    {
        int count = 0;
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(_ => CacheScene.Answer($"answer {++count}"));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await proxy.AskOnce();
        await using RawClient client = await proxy.Connect();
        await client.Send(request);
        Assert.Equal("answer 2", (await client.ReadResponse()).Body);

        // Only a client that asks for the same, and for something newer, renews what is kept.
        string expected = request.Contains("no-cache", StringComparison.Ordinal) ? "answer 2" : "answer 1";
        Assert.Equal(expected, (await proxy.AskOnce()).Body);
        Assert.Equal(2, origin.Requests.Count);
    }

    [Fact]
    public async Task Post_MakesTheNextGetAskTheServer()
    {
        int count = 0;
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(_ => CacheScene.Answer($"answer {++count}"));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await using RawClient client = await proxy.Connect();
        Assert.Equal("answer 1", (await client.Ask("/x")).Body);
        Assert.Equal("answer 1", (await client.Ask("/x")).Body);
        await client.Send(RawClient.Post("/x", "change"));
        Assert.Equal("answer 2", (await client.ReadResponse()).Body);
        Assert.Equal("answer 3", (await client.Ask("/x")).Body);
    }

    [Fact]
    public async Task CutBody_IsNotKept()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send(CacheScene.Fresh + "Content-Length: 10\r\n\r\nhalf");
        server.Close();
        Assert.EndsWith("half", (await client.ReadToEnd()).Text, StringComparison.Ordinal);
        await using RawClient next = await proxy.Connect();
        await next.SendGet();
        await (await origin.Accept()).Answer(CacheScene.Answer("whole"));
        Assert.Equal("whole", (await next.ReadResponse()).Body);
        Assert.Equal("whole", (await proxy.AskOnce()).Body);
        Assert.Equal(1, await proxy.Metric(CacheScene.Stores));
    }

    [Fact]
    public async Task SlowReaderOfALargeHit_CostsAQueueAndNoCopy_AndGetsEveryByte()
    {
        const int BodyBytes = 32 * 1024 * 1024;
        string body = new('x', BodyBytes - 1);
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(CacheScene.Answer(body + "!"));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Upstream("cache.bytes = \"64MiB\"", "cache.object_bytes = \"48MiB\""));
        await using (RawClient fast = await proxy.Connect())
            Assert.Equal(BodyBytes, (await fast.Ask()).Body.Length);
        long before = ProcessView.ResidentBytes(proxy.Id);
        await using RawClient slow = await proxy.Connect(receiveBufferBytes: 4096);
        await slow.SendGet();
        await proxy.WaitForMetric(CacheScene.Hits, 1);
        for (int i = 0; i < 3; i++)
            await proxy.Metric("nativeproxy_requests_total");
        Assert.Equal(1, await proxy.Metric("nativeproxy_requests_in_flight"));
        Assert.InRange(ProcessView.ResidentBytes(proxy.Id) - before, long.MinValue, 8 * 1024 * 1024);
        HttpResponse response = await slow.ReadResponse();
        Assert.True(response.Body == body + "!", "the body is another one");
        Assert.Single(origin.Requests);
    }

    [Fact]
    public async Task Reload_KeepsWhatIsThere_AndSwitchingTheCacheOffEmptiesIt()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(CacheScene.Answer("kept"));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await proxy.AskOnce();
        await proxy.Reload(static text => text.Replace("8MiB", "9MiB", StringComparison.Ordinal));
        Assert.NotNull((await proxy.AskOnce()).Field("Age"));
        await proxy.Reload(static text => text.Replace("cache.bytes = \"9MiB\"", "cache.bytes = 0", StringComparison.Ordinal));
        await proxy.WaitForMetric(CacheScene.BytesHeld, 0);
        Assert.Null((await proxy.AskOnce()).Field("Age"));
        Assert.Equal(2, origin.Requests.Count);
    }

    [Fact]
    public async Task OnlyIfCached_Without_IsA504_AndTheConnectionStays()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(CacheScene.Answer("kept"));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await using RawClient client = await proxy.Connect();
        Assert.Equal(504, (await client.Ask("/", "Cache-Control: only-if-cached\r\n")).Status);
        Assert.Equal("kept", (await client.Ask()).Body);
        Assert.Equal("kept", (await client.Ask("/", "Cache-Control: only-if-cached\r\n")).Body);
        Assert.Single(origin.Requests);
    }

    /// <summary>A connection that carries a login is its client's: what comes over it is neither kept nor taken from the cache.</summary>
    [Fact]
    public async Task PinnedClient_IsAnsweredByItsServer()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await using RawClient client = await proxy.Connect();
        OriginConnection own = await LoginScene.Authenticate(origin, client);
        await client.SendGet("/mine");
        await own.Answer(CacheScene.Answer("secret"));
        Assert.Equal("secret", (await client.ReadResponse()).Body);

        await using RawClient other = await proxy.Connect();
        await other.SendGet("/mine");
        await (await origin.Accept()).Answer(CacheScene.Answer("public"));
        Assert.Equal("public", (await other.ReadResponse()).Body);
        Assert.Equal("public", (await proxy.AskOnce("/mine")).Body);

        await client.SendGet("/mine");
        await own.Answer(CacheScene.Answer("secret"));
        Assert.Equal("secret", (await client.ReadResponse()).Body);
    }
}
