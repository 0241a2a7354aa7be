using System;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>
/// Many clients that send or read slowly, or not at all, are cut at their timeouts; whoever is alive is not, and others are served.
/// </summary>
public sealed class SlowClientTests
{
    private const int Clients = 150;

    [Fact]
    public async Task HeadsThatTrickle_GetA408AtTheHeaderTimeout_AndAreCounted()
    {
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(echo.Address, echo, ["timeouts.request_header = \"800ms\""]));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        await using (await Bystander.Beside(proxy))
        {
            await Load.AtOnce(Clients, async _ =>
            {
                await using RawClient client = await proxy.Connect();
                var time = new PassingTime();
                await client.Send("GET / HTTP/1.1\r\nHost: h\r\nX: ");
                Task trickling = Trickle(client, "y");
                Assert.Equal(408, (await client.ReadResponse()).Status);
                time.AssertAtLeast(800);
                await client.ExpectEnd();
                await trickling;
            });
        }
        await baseline.ExpectReturn();
        Assert.Equal(Clients, await proxy.Metric("nativeproxy_timeouts_total{kind=\"request_header\"}"));
    }

    [Fact]
    public async Task ConnectionsThatStaySilent_AreClosedWithoutAWord()
    {
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(echo.Address, echo,
            ["timeouts.request_header = \"500ms\"", "defer_accept = false"]));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        await using (await Bystander.Beside(proxy))
        {
            await Load.AtOnce(Clients, async _ =>
            {
                await using RawClient client = await proxy.Connect();
                await client.ExpectFin();
            });
        }
        await baseline.ExpectReturn();
        Assert.Equal(Clients, await proxy.Metric("nativeproxy_timeouts_total{kind=\"request_header\"}"));
    }

    [Fact]
    public async Task BodiesThatStop_GetA408AtTheBodyTimeout_AndTheServerIsReset()
    {
        string[] bodies =
        [
            "Content-Length: 1000\r\n\r\n0123456789",
            "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n",
            "Transfer-Encoding: chunked\r\n\r\n1\r\n0\r\n0\r\nX-Trailer: ",
        ];
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo, ["timeouts.request_body = \"500ms\""]));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        await using (await Bystander.Beside(proxy))
        {
            Task servers = Load.AtOnce(Clients, async _ => Assert.Equal(StreamEnd.Reset, (await (await origin.Accept()).ReadToEnd()).End));
            await Load.AtOnce(Clients, async i =>
            {
                await using RawClient client = await proxy.Connect();
                var time = new PassingTime();
                await client.Send("POST / HTTP/1.1\r\nHost: h\r\n" + bodies[i % bodies.Length]);
                Assert.Equal(408, (await client.ReadResponse()).Status);
                time.AssertAtLeast(500);
                await client.ExpectEnd();
            });
            await servers;
        }
        await baseline.ExpectReturn();
        Assert.Equal(Clients, await proxy.Metric("nativeproxy_timeouts_total{kind=\"request_body\"}"));
    }

    [Fact]
    public async Task BodiesThatTrickleButLive_AreNotCut()
    {
        const string body = "0123456789abcdef";
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo,
            ["timeouts.request_body = \"2s\"", "timeouts.request_header = \"500ms\""]));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        await using (await Bystander.Beside(proxy))
        {
            await Load.AtOnce(20, async _ =>
            {
                await using RawClient client = await proxy.Connect();
                var time = new PassingTime();
                await client.Send($"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n");
                foreach (char one in body)
                {
                    await PassingTime.Of(200);
                    await client.Send(one.ToString());
                }
                time.AssertAtLeast(3000);
                Assert.Equal(200, (await client.ReadResponse()).Status);
            });
        }
        await baseline.ExpectReturn();
        Assert.All(origin.Requests, request => Assert.EndsWith("\r\n\r\n" + body, request.Request, StringComparison.Ordinal));
        Assert.Equal(0, await proxy.MetricSum("nativeproxy_timeouts_total"));
    }

    [Fact]
    public async Task ClientsThatDoNotRead_StopTheirServers_AndAreResetAtTheSendTimeout()
    {
        const int clients = 16;
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ScriptedOrigin echo = Load.Echo();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Load.Config(origin.Address, echo, ["timeouts.send = \"1s\""]));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        await using (Bystander bystander = await Bystander.Beside(proxy))
        {
            RawClient[] readers = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => proxy.Connect(receiveBufferBytes: 8 * 1024)));
            await Load.AtOnce(clients, async i =>
            {
                await readers[i].SendGet();
                OriginConnection server = await origin.Accept();
                await server.ReadRequest();
                Assert.True(await Load.Flood(server, "HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n", "x", Load.PausedBytesMax));
                baseline.ExpectBoundedMemory();
            });
            await bystander.ExpectService();
            await Load.AtOnce(clients, async i => await readers[i].DisposeAsync());
        }
        await baseline.ExpectReturn();
        Assert.Equal(clients, await proxy.Metric("nativeproxy_timeouts_total{kind=\"client_send\"}"));
    }

    /// <summary>Sends a piece now and then, until the peer has closed.</summary>
    private static async Task Trickle(RawClient client, string piece)
    {
        try
        {
            while (true)
            {
                await PassingTime.Of(100);
                await client.Send(piece);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut, as it should be.
        }
    }
}
