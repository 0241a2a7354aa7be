using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>
/// What servers get wrong without harm passes, framed anew, and is counted once per response; whatever is doubtful about it is neither pooled
/// nor cached. The rows of the framing table say what exactly passes.
/// </summary>
public sealed class ToleratedAnswerTests
{
    private const string Head = "HTTP/1.1 200 OK\r\n";
    private const string Padded = Head + "Transfer-Encoding: chunked\r\n\r\n3  \r\nabc\r\n2\t\r\nde\r\n0 \r\n\r\n";
    private const string TwoEnds = Head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

    [Theory]
    [InlineData("padded_chunk_size", Padded)]
    [InlineData("length_with_coding", TwoEnds)]
    [InlineData("identity_coding", Head + "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello")]
    [InlineData("status_above_599", "HTTP/1.1 777 Fine\r\nContent-Length: 5\r\n\r\nhello")]
    public async Task ToleratedFault_IsCountedOncePerResponse(string kind, string response)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(response);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        for (int i = 1; i <= 2; i++)
        {
            Assert.Equal(5, (await client.Ask()).Body.Length);
            Assert.Equal(i, await proxy.Metric($"nativeproxy_server_tolerated_total{{kind=\"{kind}\"}}"));
        }
        Assert.Equal(2, await proxy.MetricSum("nativeproxy_server_tolerated_total"));
    }

    [Fact]
    public async Task SoundAnswer_IsNotCounted()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(Head + "Transfer-Encoding: chunked\r\n\r\n3 ;a=b\r\nabc\r\n0\r\n\r\n");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        Assert.Equal("abc", (await client.Ask()).Body);
        Assert.Equal(0, await proxy.MetricSum("nativeproxy_server_tolerated_total"));
    }

    [Fact]
    public async Task IdentityWithoutALength_LastsUntilTheServerCloses()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send(Head + "Transfer-Encoding: identity\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        await client.ReadThrough("0\r\n\r\n");
        server.Close();
        Assert.Equal("\r\n0\r\n\r\n", await client.Read(7));
        Assert.Equal(200, await OneMore(client, origin));
    }

    /// <summary>An old client reads a body without chunks until the close, and never sees the length that did not count.</summary>
    [Fact]
    public async Task LengthBesideACoding_DoesNotReachAnOldClientEither()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(TwoEnds);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        Assert.Equal("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", (await client.ReadToEnd()).Text);
    }

    /// <summary>The longer of the two ends would reach into the next answer, the shorter would leave bytes of this one before it.</summary>
    [Theory]
    [InlineData(TwoEnds)]
    [InlineData(Head + "Content-Length: 300\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")]
    [InlineData(Head + "Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\nhello")]
    public async Task ConnectionOfADoubtfulAnswer_IsNotUsedAgain(string response)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(response);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 3; i++)
            Assert.Equal("hello", (await client.Ask()).Body);
        Assert.Equal([1, 2, 3], origin.RequestConnections);
        await proxy.WaitForMetric("nativeproxy_server_closes_total{reason=\"ambiguous\"}", 3);
    }

    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5  \r\nhello\r\n0\r\n\r\n", 1)]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 2)]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\nhello", 2)]
    public async Task DoubtfulAnswer_IsNotCached_AndPaddingIsNoDoubt(string fieldsAndBody, int requests)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(Head + "Cache-Control: max-age=60\r\n" + fieldsAndBody);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("cache.bytes = \"1MiB\""));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 2; i++)
            Assert.Equal("hello", (await client.Ask()).Body);
        Assert.Equal(requests, origin.Requests.Count);

        // Served again from the cache it is not counted again.
        Assert.Equal(requests, await proxy.MetricSum("nativeproxy_server_tolerated_total"));
    }

    [Fact]
    public async Task StatusAbove599_PassesAsItIs_AndCountsAs5xx()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering("HTTP/1.1 999 Request denied\r\nContent-Length: 2\r\n\r\nno");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        HttpResponse response = await client.Ask();
        Assert.Equal((999, "no"), (response.Status, response.Body));
        Assert.Contains(" 999 ", (await proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
        Assert.Equal(1, await proxy.Metric("nativeproxy_responses_total{class=\"5xx\"}"));
    }

    /// <summary>A switch that was asked for is one, whatever length it says; nothing of it is read as a body, or passed on.</summary>
    [Fact]
    public async Task LengthOnASwitch_IsLeftOut_AndTheTunnelBegins()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("upgrade = [\"websocket\"]"));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send(
            "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 4\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfrom the server");
        Assert.Equal("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", await client.ReadHead());
        Assert.Equal("from the server", await client.Read(15));
        await client.Send("from the client");
        Assert.Equal("from the client", await server.Read(15));
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_tolerated_total{kind=\"length_on_switch\"}"));
        server.Close();
        await client.ExpectFin();
    }

    private static async Task<int> OneMore(RawClient client, ScriptedOrigin origin)
    {
        await client.SendGet("/next");
        OriginConnection server = await origin.Accept();
        await server.Answer();
        return (await client.ReadResponse()).Status;
    }
}
