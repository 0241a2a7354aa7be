using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>A response that may be kept is read to its end although its client has half-closed, or is gone.</summary>
public sealed class CacheWithoutClientTests
{
    private const int BodyBytes = 1000;

    [Theory]
    [Trait("promise", "S4.23")]
    [InlineData("finish", "User-Agent: browser\r\n")]
    [InlineData("auto", "")]
    public async Task HalfClosedClient_GetsItsResponse_AndTheNextOneAHit(string policy, string fields)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin).Listener($"half_close = \"{policy}\""));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/", fields);
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        client.HalfClose();
        await proxy.WaitForMetric("nativeproxy_clients_half_closed", 1);
        await server.Send(CacheScene.Answer("abcdef"));
        HttpResponse response = await client.ReadResponse();
        Assert.Equal(("close", "abcdef"), (response.Connection, response.Body));
        await client.ExpectFin();
        await ExpectHit(proxy, origin, "abcdef");
    }

    /// <summary>A browser that has left is not waited for, unless what it left is worth keeping.</summary>
    [Fact]
    [Trait("promise", "S4.23")]
    public async Task Auto_GoesOn_OnceTheResponseFillsTheCache()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin).Listener("half_close = \"auto\""));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/", "User-Agent: browser\r\n");
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send(CacheScene.Fresh + "Content-Length: 6\r\n\r\nabc");
        await client.ReadThrough("abc");
        client.HalfClose();
        await proxy.WaitForMetric("nativeproxy_clients_half_closed", 1);
        await server.Send("def");
        await client.ReadThrough("def");
        await client.ExpectFin();
        await ExpectHit(proxy, origin, "abcdef");
    }

    [Theory]
    [Trait("promise", "S4.23")]
    [InlineData("finish", false)]
    [InlineData("finish", true)]
    [InlineData("auto", false)]
    public async Task ClientThatIsFullyGone_LeavesAFetchThatFillsTheCache_AndTheServerConnectionIsPooled(string policy, bool isChunked)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin).Listener($"half_close = \"{policy}\""));
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        client.Close();
        await proxy.WaitForMetric("nativeproxy_clients_half_closed", 1);
        await server.Send(CacheScene.Fresh
            + (isChunked ? $"Transfer-Encoding: chunked\r\n\r\n{BodyBytes:x}\r\n" : $"Content-Length: {BodyBytes}\r\n\r\n"));
        int sent = await SendUntilTheClientIsGone(proxy, server);
        await proxy.WaitUntilIdle();
        await server.Send(new string('x', BodyBytes - sent) + (isChunked ? "\r\n0\r\n\r\n" : ""));
        await proxy.WaitForMetric(CacheScene.Stores, 1);
        await proxy.WaitForMetric("nativeproxy_server_connections_idle", 1);
        await ExpectHit(proxy, origin, new string('x', BodyBytes));
    }

    [Fact]
    [Trait("promise", "S4.23")]
    public async Task ServerThatClosesEarlyUnderAFetchWithoutClient_LeavesNothing()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin).Listener("half_close = \"finish\""));
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        client.Close();
        await server.Send(CacheScene.Fresh + $"Content-Length: {BodyBytes}\r\n\r\n");
        await SendUntilTheClientIsGone(proxy, server);
        server.Close();
        await proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
        Assert.Equal((0, 0), (await proxy.Metric(CacheScene.Stores), await proxy.Metric(CacheScene.BytesHeld)));
    }

    [Fact]
    [Trait("promise", "S4.23")]
    public async Task Abort_EndsTheFetchWithItsClient()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send(CacheScene.Fresh + "Content-Length: 6\r\n\r\nabc");
        await client.ReadThrough("abc");
        client.Close();
        await server.ExpectReset();
        await proxy.WaitUntilIdle();
        Assert.Equal((0, 0), (await proxy.Metric(CacheScene.FetchesAlone), await proxy.Metric(CacheScene.BytesHeld)));
    }

    /// <summary>
    /// The kernel of a client that is gone answers the first bytes by a reset, which a later write finds. Returns how many were sent.
    /// </summary>
    private static async Task<int> SendUntilTheClientIsGone(ProxyUnderTest proxy, OriginConnection server)
    {
        int sent = 0;
        await Deadline.Until(
            async () =>
            {
                if (await proxy.Metric(CacheScene.FetchesAlone) == 1)
                    return true;
                await server.Send("x");
                Assert.InRange(++sent, 1, BodyBytes - 1);
                return false;
            },
            () => $"the client to be missed after {sent} bytes");
        return sent;
    }

    private static async Task ExpectHit(ProxyUnderTest proxy, ScriptedOrigin origin, string body)
    {
        HttpResponse hit = await proxy.AskOnce();
        Assert.Equal(body, hit.Body);
        Assert.NotNull(hit.Field("Age"));
        Assert.Equal((1, 1), (await proxy.Metric(CacheScene.Hits), origin.ConnectionCount));
    }
}
