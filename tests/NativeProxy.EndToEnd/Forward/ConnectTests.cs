using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Forward;

/// <summary>CONNECT opens a tunnel of bytes to host and port.</summary>
public sealed class ConnectTests
{
    [Fact]
    public async Task Tunnel_CarriesBytesBothWays()
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        OriginConnection server = await scene.Tunnel();
        Assert.Equal("", server.Received);
        await scene.Client.Send("\x16\x03\x01\0GET / HTTP/1.1\r\n\r\n");
        Assert.Equal("\x16\x03\x01\0GET / HTTP/1.1\r\n\r\n", await server.Read(22));
        await server.Send("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", await scene.Client.ReadHead());
        await scene.Client.Send(RawClient.Get("/again"));
        Assert.Equal(RawClient.Get("/again"), await server.ReadHead());
    }

    [Theory]
    [InlineData("early")]
    [InlineData("GET http://127.0.0.1/ HTTP/1.1\r\n\r\n")]
    [InlineData("\r\n")]
    public async Task BytesBehindTheHead_GoIntoTheTunnel(string early)
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        await scene.Client.Send(ForwardScene.Connect(scene.Origin.Address) + early);
        OriginConnection server = await scene.Origin.Accept();
        Assert.Equal(early, await server.Read(early.Length));
        await scene.Client.ReadHead();
        await scene.Client.Send("later");
        Assert.Equal("later", await server.Read(5));
    }

    [Fact]
    public async Task MuchEarlyData_IsKeptInOrder()
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        byte[] data = new byte[3_000_000];
        new Random(1).NextBytes(data);
        await scene.Client.Send($"CONNECT localhost:{scene.Origin.Port} HTTP/1.1\r\nHost: h\r\n\r\n");
        Task sending = scene.Client.Send(data);
        OriginConnection server = await scene.Origin.Accept();
        byte[] received = await server.ReadBytes(data.Length);
        await sending;
        Assert.True(received.AsSpan().SequenceEqual(data));
        Assert.Equal("HTTP/1.1 200 Connection established\r\n\r\n", await scene.Client.ReadHead());
    }

    [Fact]
    public async Task ServerThatSpeaksFirst_IsHeard()
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        await scene.Client.Send(ForwardScene.Connect(scene.Origin.Address));
        await (await scene.Origin.Accept()).Send("220 hello\r\n");
        Assert.Equal("HTTP/1.1 200 Connection established\r\n\r\n220 hello\r\n", await scene.Client.ReadThrough("hello\r\n"));
    }

    [Fact]
    public async Task ConnectByteByByte_OfHttp10_AndWithEmptyBody_OpensATunnelToo()
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        await scene.Client.SendByteByByte($"CONNECT {scene.Origin.Address} HTTP/1.0\r\nContent-Length: 0\r\nProxy-Connection: keep-alive\r\n\r\n");
        await scene.Origin.Accept();
        Assert.Equal("HTTP/1.1 200 Connection established\r\n\r\n", await scene.Client.ReadHead());
    }

    [Fact]
    public async Task ConnectAfterARequest_OnTheSameConnection_OpensATunnel()
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        await scene.Client.SendGet(scene.Url);
        await (await scene.Origin.Accept()).Answer();
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        OriginConnection server = await scene.Tunnel();
        Assert.Equal(2, server.Number);
    }

    [Fact]
    public async Task EitherSidesEnd_IsPassedOn_AndTheOtherMayFinish()
    {
        await using (ForwardScene scene = await ForwardScene.Driven())
        {
            OriginConnection server = await scene.Tunnel();
            await scene.Client.Send("last");
            scene.Client.HalfClose();
            Assert.Equal("last", await server.Read(4));
            await server.ExpectFin();
            await server.Send("answer");
            Assert.Equal("answer", await scene.Client.Read(6));
            server.Close();
            await scene.Client.ExpectFin();
            await scene.Proxy.WaitUntilIdle();
        }
        await using (ForwardScene scene = await ForwardScene.Driven())
        {
            OriginConnection server = await scene.Tunnel();
            server.HalfClose();
            await scene.Client.ExpectFin();
            await scene.Client.Send("rest");
            Assert.Equal("rest", await server.Read(4));
            scene.Client.Close();
            await server.ExpectFin();
            await scene.Proxy.WaitUntilIdle();
            Assert.Contains($"\"CONNECT {scene.Origin.Address} HTTP/1.1\"", (await scene.Proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task LineOfATunnel_SaysWhatWasDialled_AndWhatPassedBothWays()
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        string head = $"CONNECT localhost:{scene.Origin.Port} HTTP/1.1\r\nHost: h\r\n\r\n";
        await scene.Client.Send(head + "early");
        OriginConnection server = await scene.Origin.Accept();
        Assert.Equal("early", await server.Read(5));
        await scene.Client.ReadHead();
        await scene.Client.Send(new byte[100_000]);
        await server.ReadBytes(100_000);
        scene.Client.HalfClose();
        await server.ExpectFin();
        server.Close();
        await scene.Client.ExpectFin();

        string line = (await scene.Proxy.Output.WaitForCount(1))[0];
        Assert.Contains($" da={scene.Origin.Address} rt=none rs=tunnel_ended ", line, StringComparison.Ordinal);
        Assert.Equal(head.Length + 5 + 100_000, await scene.Proxy.Metric("nativeproxy_bytes_total{peer=\"client\",direction=\"in\"}"));
    }

    [Fact]
    public async Task MuchData_FlowsWholeInBothDirectionsAtOnce()
    {
        const int bytes = 20_000_000;
        await using ForwardScene scene = await ForwardScene.Driven();
        OriginConnection server = await scene.Tunnel();
        byte[] data = new byte[bytes];
        new Random(2).NextBytes(data);
        Task down = server.Send(data);
        Task up = scene.Client.Send(data);
        Task<byte[]> atServer = server.ReadBytes(bytes);
        Assert.True((await scene.Client.ReadBytes(bytes)).AsSpan().SequenceEqual(data));
        Assert.True((await atServer).AsSpan().SequenceEqual(data));
        await Task.WhenAll(down, up);
    }

    [Fact]
    public async Task IdleTunnel_IsEndedAfterItsTimeout()
    {
        await using ForwardScene scene = await ForwardScene.Driven("timeouts.tunnel = \"400ms\"");
        var time = new PassingTime();
        OriginConnection server = await scene.Tunnel();
        await scene.Client.ExpectEnd();
        await server.ExpectEnd();
        time.AssertAtLeast(400);
    }

    [Fact]
    public async Task DestinationThatRefuses_Is502_AndWhatFollowsIsNotReadAsARequest()
    {
        using var dead = new DeadServer();
        await using ForwardScene scene = await ForwardScene.Answering();
        await scene.Client.Send(ForwardScene.Connect(dead.Address) + RawClient.Get(scene.Url));
        HttpResponse response = await scene.Client.ReadResponse("CONNECT");
        Assert.Equal((502, "close"), (response.Status, response.Field("Connection")));
        await scene.Client.ExpectEnd();
        Assert.Equal(0, scene.Origin.ConnectionCount);
    }

    [Fact]
    public async Task ClientThatGoesAwayWhileConnecting_LeavesNothingBehind()
    {
        await using ForwardScene scene = await ForwardScene.Driven();
        await scene.Proxy.Freeze();
        await scene.Client.Send(ForwardScene.Connect($"localhost:{scene.Origin.Port}"));
        scene.Client.Reset();
        scene.Proxy.Thaw();
        await scene.Proxy.WaitUntilIdle();
        await scene.Proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
        Assert.Equal(0, await scene.Proxy.Metric("nativeproxy_tunnels_open"));
    }
}
