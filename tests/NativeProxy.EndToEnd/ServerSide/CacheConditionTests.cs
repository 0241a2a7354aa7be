using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>What a client asks of a stored response: a condition, an age, a rest of freshness.</summary>
public sealed class CacheConditionTests
{
    private const string Tagged = CacheScene.Fresh
        + "ETag: \"v1\"\r\nLast-Modified: Tue, 01 Jul 2025 10:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody";

    [Theory]
    [InlineData("GET", "If-None-Match: \"v1\"\r\n")]
    [InlineData("HEAD", "If-None-Match: W/\"v1\", \"x\"\r\n")]
    [InlineData("GET", "If-Modified-Since: Tuesday, 01-Jul-25 10:00:00 GMT\r\n")]
    public async Task ClientThatHasTheStoredResponse_IsToldSo_WithoutAskingTheServer(string method, string condition)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(Tagged);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await proxy.AskOnce("/x");
        await using RawClient client = await proxy.Connect();
        await client.Send($"{method} /x HTTP/1.1\r\nHost: test\r\n{condition}\r\n" + RawClient.Get("/x"));
        HttpResponse told = await client.ReadResponse(method);
        HttpResponse whole = await client.ReadResponse();
        Assert.Equal((304, "\"v1\"", null, null), (told.Status, told.Field("ETag"), told.Field("Content-Length"), told.Field("Content-Type")));
        Assert.NotNull(told.Field("Age"));
        Assert.Equal((200, "body"), (whole.Status, whole.Body));
        Assert.Single(origin.Requests);
        Assert.Contains(" app/<CACHE> ", await proxy.Output.WaitFor(" 304 "), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("If-None-Match: \"v2\"\r\n", 1)]
    [InlineData("If-None-Match: \"v2\"\r\nIf-Modified-Since: Tue, 01 Jul 2025 10:00:00 GMT\r\n", 1)]
    [InlineData("If-Modified-Since: Tue, 01 Jul 2025 09:00:00 GMT\r\n", 1)]
    [InlineData("Cache-Control: max-age=300\r\n", 1)]
    [InlineData("Cache-Control: min-fresh=30\r\n", 1)]
    [InlineData("Pragma: akamai-x-cache-on\r\n", 1)]
    [InlineData("Pragma: no-cache\r\nCache-Control: max-age=300\r\n", 1)]
    [InlineData("Cache-Control: min-fresh=900\r\n", 2)]
    [InlineData("Pragma: no-cache\r\n", 2)]
    public async Task ClientThatHasNot_GetsTheWhole_FromTheCacheIfThatIsNewEnough(string fields, int asked)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(Tagged);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await proxy.AskOnce("/x");
        await using RawClient client = await proxy.Connect();
        HttpResponse response = await client.Ask("/x", fields);
        Assert.Equal((200, "body", asked), (response.Status, response.Body, origin.Requests.Count));
    }

    [Fact]
    public async Task ConditionalRequestThatTheCacheCannotAnswer_GoesToTheServerAsItCame_AndItsAnswerIsNotKept()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(static request => request.Contains("If-None-Match: \"v1\"",
            StringComparison.Ordinal) ? "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n" : Tagged);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await using RawClient client = await proxy.Connect();
        Assert.Equal(304, (await client.Ask("/x", "If-None-Match: \"v1\"\r\n")).Status);
        Assert.Equal("body", (await client.Ask("/x")).Body);
        Assert.Equal(2, origin.Requests.Count);
    }
}
