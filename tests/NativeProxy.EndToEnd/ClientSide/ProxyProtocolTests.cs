using System;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ClientSide;

/// <summary>Listeners behind a balancer that announces its clients with PROXY headers.</summary>
public sealed class ProxyProtocolTests
{
    private const string V1 = "PROXY TCP4 192.0.2.33 198.51.100.1 40000 80\r\n";
    private const string V2 =
        "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x2a \x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x33 \x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x9c\x40\0\x50\x04\0\x03xyz";
    private const string Local = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

    [Theory]
    [InlineData(V1, "192.0.2.33", "192.0.2.33:40000")]
    [InlineData(V2, "2001:db8::33", "2001:db8::33:40000")]
    public async Task PeerAddress_IsTheClient_ForEveryRequestOfTheConnection(string header, string address, string logged)
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send(header + RawClient.Get("/1"));
        await scene.Client.ReadResponse();
        await scene.Client.Ask("/2", "X-Forwarded-For: 203.0.113.9\r\n");
        Assert.Equal([address, "203.0.113.9, " + address],
            scene.Origin.Requests.Select(item => HttpResponse.FieldOf(item.Request, "X-Forwarded-For")));
        Assert.All(await scene.Proxy.Output.WaitForCount(2), line => Assert.StartsWith(logged + " [", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Local)]
    [InlineData("PROXY UNKNOWN\r\n")]
    public async Task HeaderWithoutASource_LeavesThePeerAsTheClient(string header)
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send(header + RawClient.Get());
        await scene.Client.ReadResponse();
        Assert.Equal("127.0.0.1", HttpResponse.FieldOf(scene.Origin.Requests[0].Request, "X-Forwarded-For"));
        Assert.StartsWith($"127.0.0.1:{scene.Client.LocalPort} [", (await scene.Proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(V1)]
    [InlineData(V2)]
    public async Task HeaderAndRequestByteByByte_AreAsGoodAsWhole(string header)
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.SendByteByByte(header + RawClient.Get());
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        Assert.Contains(HttpResponse.FieldOf(scene.Origin.Requests[0].Request, "X-Forwarded-For"), (string[])["192.0.2.33", "2001:db8::33"]);
    }

    [Fact]
    public async Task PipelinedRequestsInTheSegmentOfTheHeader_AreAllAnswered()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send(V1 + RawClient.Get("/1") + RawClient.Post("/2", "body") + RawClient.Get("/3"));
        for (int i = 0; i < 3; i++)
            Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        Assert.Equal(3, scene.Origin.Requests.Count);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("PROXY TCP4 192.0.2.33 198.51.100.1 40000\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x31\x11\0\0")]
    [InlineData("PROXY UNKNOWN\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")]
    public async Task MissingOrBrokenHeader_ClosesWithoutAnAnswer(string bytes)
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send(bytes);
        await scene.Client.ExpectEnd();
        Assert.Matches($"^127\\.0\\.0\\.1:{scene.Client.LocalPort} .* -1 0 - - PR-- .* \"<BADREQ>\" .* rs=bad_proxy_header why=bad_proxy_header$",
            (await scene.Proxy.Output.WaitForCount(1))[0]);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_client_closes_total{reason=\"bad_proxy_header\"}"));
        Assert.Equal(0, scene.Origin.ConnectionCount);
    }

    [Fact]
    public async Task SecondHeader_IsABadRequest()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send(V1 + V1 + RawClient.Get());
        Assert.Equal(400, (await scene.Client.ReadResponse()).Status);
    }

    [Fact]
    public async Task HeaderOnAListenerThatExpectsNone_IsABadRequest()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Send(V1 + RawClient.Get());
        Assert.Equal(400, (await client.ReadResponse()).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("PROXY TCP4 192.0.2.33")]
    [InlineData("\r\n\r\n\0\r\nQUIT\n\x21")]
    public async Task HeaderThatDoesNotComeInTime_ClosesWithoutAnAnswer(string beginning)
    {
        await using Scene scene = await Scene.Start("timeouts.request_header = \"300ms\"", "timeouts.linger = \"100ms\"");
        var time = new PassingTime();
        await using RawClient late = await scene.Proxy.Connect();
        await late.Send(beginning);
        await late.ExpectEnd();
        time.AssertAtLeast(300);
        Assert.Equal(0, scene.Origin.ConnectionCount);
    }

    [Fact]
    public async Task RequestThatDoesNotComeAfterItsHeader_IsAnsweredWith408()
    {
        await using Scene scene = await Scene.Start("timeouts.request_header = \"300ms\"");
        await scene.Client.Send(V1 + "GET / HT");
        Assert.Equal(408, (await scene.Client.ReadResponse()).Status);
        Assert.StartsWith("192.0.2.33:40000 [", (await scene.Proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProbeThatOnlyConnects_IsNotLogged()
    {
        await using Scene scene = await Scene.Start();
        scene.Client.Close();
        await scene.Proxy.WaitUntilIdle();
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_client_closes_total{reason=\"client_closed\"}"));
        Assert.Empty(scene.Proxy.Output.Lines);
    }

    [Fact]
    public async Task Reload_SwitchesTheHeaderForNewConnectionsOnly()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send(V1 + RawClient.Get());
        await scene.Client.ReadResponse();
        await using RawClient early = await scene.Proxy.Connect();
        await early.Send("PROXY TCP4 192.0.2.34 ");
        await scene.Proxy.WaitForMetric("nativeproxy_client_connections_open", 2);
        await scene.Proxy.Reload(text => Regex.Replace(text, "proxy_protocol = true", "proxy_protocol = false"));
        await scene.Client.Ask();
        await early.Send("198.51.100.1 1 2\r\n" + RawClient.Get());
        Assert.Equal(200, (await early.ReadResponse()).Status);
        await using RawClient plain = await scene.Proxy.Connect();
        Assert.Equal(200, (await plain.Ask()).Status);
        Assert.Equal(
            ["192.0.2.33", "192.0.2.33", "192.0.2.34", "127.0.0.1"],
            scene.Origin.Requests.Select(item => HttpResponse.FieldOf(item.Request, "X-Forwarded-For")));
    }

    private sealed class Scene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client) : IAsyncDisposable
    {
        public ScriptedOrigin Origin => origin;

        public ProxyUnderTest Proxy => proxy;

        public RawClient Client => client;

        public static async Task<Scene> Start(params string[] listenerLines)
        {
            ScriptedOrigin origin = ScriptedOrigin.Answering();
            ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("proxy_protocol = true").Listener(listenerLines));
            return new Scene(origin, proxy, await proxy.Connect());
        }

        public async ValueTask DisposeAsync()
        {
            await client.DisposeAsync();
            await origin.DisposeAsync();
            await proxy.DisposeAsync();
        }
    }
}
