using System;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Forward;
using NativeProxy.EndToEnd.Framing;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>
/// Bytes in a path or query that no URI has, but that clients send: what passes does so byte for byte, to the server, the cache and the log.
/// </summary>
public sealed class RawTargetTests
{
    /// <summary>What browsers leave raw in a path or a query.</summary>
    private const string Raw = "/a\\b\"c<d>e^f|g{h}i`j?\\\"<>^|{}`";

    private const string NonAscii = "/\u00e4\u00c3\u00a4\u0080?\u00ff";

    [Theory]
    [InlineData(Raw)]
    [InlineData("/\\\\host\\share")]
    public async Task RawAscii_PassesByteForByte(string target)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(RequestFramingSafetyTests.NothingAdded));
        await using RawClient client = await proxy.Connect();
        await client.SendByteByByte(RawClient.Get(target));
        Assert.Equal(200, (await client.ReadResponse()).Status);
        Assert.Equal(RawClient.Get(target), origin.Requests[0].Request);
    }

    [Fact]
    public async Task RawAscii_IsOneStringInTheLog()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("format = \"json\""));
        await using RawClient client = await proxy.Connect();
        await client.Ask(Raw);
        JsonElement line = JsonDocument.Parse((await proxy.Output.WaitForCount(1))[0]).RootElement;
        Assert.Equal((Raw, 200), (line.GetProperty("target").GetString(), line.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task NonAscii_IsRefused_UnlessTheListenerLetsItPass()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener(RequestFramingSafetyTests.NothingAdded).AddListener("raw", "app")
            .Listener([.. RequestFramingSafetyTests.NothingAdded, "non_ascii_target = \"pass\""]));
        await using (RawClient client = await proxy.Connect())
            Assert.Equal(400, (await client.Ask(NonAscii)).Status);
        Assert.EndsWith(" why=bad_target", (await proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
        Assert.Equal(0, origin.ConnectionCount);

        await using RawClient other = await proxy.Connect("raw");
        await other.SendByteByByte(RawClient.Get(NonAscii));
        Assert.Equal(200, (await other.ReadResponse()).Status);
        Assert.Equal(RawClient.Get(NonAscii), origin.Requests[0].Request);
        Assert.Contains("\"GET /#E4#C3#A4#80?#FF HTTP/1.1\"", (await proxy.Output.WaitForCount(2))[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET http://\u00e4/ HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: \u00e4\r\n\r\n")]
    [InlineData("GET /\u00e4\u007f HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("GET \u00e4 HTTP/1.1\r\nHost: a\r\n\r\n")]
    public async Task NonAscii_ElsewhereThanInPathAndQuery_IsAlwaysRefused(string request)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("non_ascii_target = \"pass\""));
        await using RawClient client = await proxy.Connect();
        await client.Send(request);
        Assert.Equal(400, (await client.ReadResponse()).Status);
        Assert.Equal(0, origin.ConnectionCount);
    }

    [Fact]
    public async Task CachedAnswers_OfTwoRawSpellings_AreTwo()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("non_ascii_target = \"pass\"")
            .Upstream("cache.bytes = \"1MiB\""));
        await using RawClient client = await proxy.Connect();
        foreach (string target in new[] { "/\u00e4", "/%E4", "/\\", "/%5C", "/\u00e4", "/\\" })
            Assert.Equal(200, (await client.Ask(target)).Status);
        Assert.Equal(4, origin.Requests.Count);
    }

    [Fact]
    public async Task ForwardProxy_PassesThemInPathAndQuery_AndRefusesThemInTheHost()
    {
        await using ForwardScene scene = await ForwardScene.Answering("non_ascii_target = \"pass\"");
        await scene.Client.Send($"GET {scene.Url}{Raw}\u00e4 HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        Assert.StartsWith($"GET {Raw}\u00e4 HTTP/1.1\r\n", scene.Origin.Requests[0].Request, StringComparison.Ordinal);
        foreach (string authority in new[] { "a\\b", "a\u00e4", "a\"", "<a>" })
        {
            await using RawClient client = await scene.Proxy.Connect();
            await client.Send($"GET http://{authority}/ HTTP/1.1\r\nHost: a\r\n\r\n");
            Assert.Equal(400, (await client.ReadResponse()).Status);
        }
    }
}
