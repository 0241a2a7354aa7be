using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Connections that a server switches to another protocol, such as WebSocket.</summary>
public sealed class TunnelTests
{
    private const string Upgrade = "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: x\r\n\r\n";
    private const string Switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

    [Fact]
    public async Task Upgrade_IsForwarded_AndBytesFlowBothWays()
    {
        await using Scene scene = await Scene.Upgraded();
        await scene.Client.Send("ping\0\xff");
        Assert.Equal("ping\0\xff", await scene.Server.Read(6));
        await scene.Server.Send("GET / HTTP/1.1\r\n\r\n");
        Assert.Equal("GET / HTTP/1.1\r\n\r\n", await scene.Client.Read(18));
        await scene.Client.Send("HTTP/1.1 400\r\n\r\n");
        Assert.Equal("HTTP/1.1 400\r\n\r\n", await scene.Server.Read(16));
    }

    [Fact]
    public async Task BytesInTheSegmentOfTheUpgrade_AreNotLost()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send(Upgrade + "early");
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadHead();
        Assert.Equal(0, server.Socket.Available);
        await server.Send(Switch + "hello");
        await scene.Client.ReadHead();
        Assert.Equal("hello", await scene.Client.Read(5));
        Assert.Equal("early", await server.Read(5));
    }

    [Fact]
    public async Task ClientEndsItsHalf_TheServerHearsOfIt_AndMayStillSend()
    {
        await using Scene scene = await Scene.Upgraded();
        await scene.Client.Send("last");
        scene.Client.HalfClose();
        Assert.Equal("last", await scene.Server.Read(4));
        await scene.Server.ExpectFin();
        await scene.Server.Send("still here");
        Assert.Equal("still here", await scene.Client.Read(10));
        scene.Server.Close();
        await scene.Client.ExpectFin();
        await scene.Proxy.WaitUntilIdle();
    }

    [Fact]
    public async Task ServerEndsItsHalf_TheClientHearsOfIt_AndMayStillSend()
    {
        await using Scene scene = await Scene.Upgraded();
        await scene.Server.Send("last");
        scene.Server.HalfClose();
        Assert.Equal("last", await scene.Client.Read(4));
        await scene.Client.ExpectFin();
        await scene.Client.Send("still here");
        Assert.Equal("still here", await scene.Server.Read(10));
        scene.Client.Close();
        await scene.Server.ExpectFin();
        await scene.Proxy.WaitUntilIdle();
    }

    [Fact]
    public async Task ResetOfEitherSide_EndsTheOther()
    {
        await using (Scene scene = await Scene.Upgraded())
        {
            scene.Client.Reset();
            await scene.Server.ExpectEnd();
            await scene.Proxy.WaitUntilIdle();
        }
        await using (Scene scene = await Scene.Upgraded())
        {
            scene.Server.Reset();
            await scene.Client.ExpectEnd();
        }
    }

    [Fact]
    public async Task IdleTunnel_IsEndedAfterItsTimeout()
    {
        await using Scene scene = await Scene.Start("timeouts.tunnel = \"400ms\"");
        var time = new PassingTime();
        OriginConnection server = await scene.SwitchProtocols();
        await scene.Client.ExpectEnd();
        await server.ExpectEnd();
        time.AssertAtLeast(400);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_timeouts_total{kind=\"tunnel\"}"));
    }

    [Fact]
    public async Task MuchData_FlowsWholeInBothDirectionsAtOnce()
    {
        const int bytes = 20_000_000;
        await using Scene scene = await Scene.Upgraded();
        byte[] data = new byte[bytes];
        new Random(1).NextBytes(data);
        Task down = scene.Server.Send(data);
        Task up = scene.Client.Send(data);
        Task<byte[]> atServer = scene.Server.ReadBytes(bytes);
        byte[] atClient = await scene.Client.ReadBytes(bytes);
        Assert.True(atClient.AsSpan().SequenceEqual(data));
        await Task.WhenAll(down, up, atServer);
        Assert.True((await atServer).AsSpan().SequenceEqual(data));
    }

    [Fact]
    public async Task UpgradeThatIsNotAllowed_IsAnOrdinaryRequest()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Send(Upgrade + RawClient.Get("/next"));
        Assert.Equal(200, (await client.ReadResponse()).Status);
        Assert.Equal(200, (await client.ReadResponse()).Status);
        Assert.Null(HttpResponse.FieldOf(origin.Requests[0].Request, "Upgrade"));
        Assert.Null(HttpResponse.FieldOf(origin.Requests[0].Request, "Connection"));
    }

    [Fact]
    public async Task UpgradeThatTheServerIgnores_IsAnOrdinaryExchange_AndTheConnectionIsNotPooled()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send(Upgrade + RawClient.Get("/next"));
        OriginConnection server = await scene.Origin.Accept();
        await server.Answer();
        await server.ExpectFin();
        await (await scene.Origin.Accept()).Answer();
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
    }

    [Fact]
    public async Task SwitchWithoutAnUpgradeRequest_Is502()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.SendGet();
        await (await scene.Origin.Accept()).Answer(Switch);
        Assert.Equal(502, (await scene.Client.ReadResponse()).Status);
    }

    private sealed class Scene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client) : IAsyncDisposable
    {
        public ScriptedOrigin Origin => origin;

        public ProxyUnderTest Proxy => proxy;

        public RawClient Client => client;

        public OriginConnection Server { get; private set; } = null!;

        public static async Task<Scene> Start(params string[] listenerLines)
        {
            ScriptedOrigin origin = ScriptedOrigin.Driven();
            ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("upgrade = [\"websocket\"]").Listener(listenerLines));
            return new Scene(origin, proxy, await proxy.Connect());
        }

        public static async Task<Scene> Upgraded()
        {
            Scene scene = await Start();
            await scene.SwitchProtocols();
            return scene;
        }

        public async Task<OriginConnection> SwitchProtocols()
        {
            await client.Send(Upgrade);
            Server = await origin.Accept();
            string head = await Server.ReadHead();
            Assert.Equal(("Upgrade", "websocket"), (HttpResponse.FieldOf(head, "Connection"), HttpResponse.FieldOf(head, "Upgrade")));
            await Server.Send(Switch);
            Assert.Equal(Switch, await client.ReadHead());
            return Server;
        }

        public async ValueTask DisposeAsync()
        {
            // Both sides: a tunnel whose client has sent FIN lives on for what the server still has to say.
            await client.DisposeAsync();
            await origin.DisposeAsync();
            await proxy.DisposeAsync();
        }
    }
}
