using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ClientSide;

/// <summary>A client that shuts its sending side after a request.</summary>
public sealed class HalfCloseTests
{
    [Fact]
    [Trait("promise", "S4.20")]
    [Trait("promise", "S4.25")]
    public async Task Finish_TheClientGetsTheWholeResponse_ThenFin_AndIsToldClose()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("half_close = \"finish\""));
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        client.HalfClose();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await proxy.Metric("nativeproxy_requests_total");
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
        await server.Send("def");
        HttpResponse response = await client.ReadResponse();
        Assert.Equal(("close", "abcdef"), (response.Connection, response.Body));
        await client.ExpectFin();
        await proxy.WaitUntilIdle();
    }

    [Fact]
    [Trait("promise", "S4.25")]
    public async Task Finish_NoFurtherRequestIsRead()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("half_close = \"finish\""));
        await using RawClient client = await proxy.Connect();
        await proxy.Freeze();
        await client.Send(RawClient.Get("/first") + RawClient.Get("/second"));
        client.HalfClose();
        proxy.Thaw();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await proxy.Metric("nativeproxy_requests_total");
        await server.Send(OriginConnection.Ok);
        Assert.Equal("close", (await client.ReadResponse()).Connection);
        await client.ExpectFin();
        Assert.Equal(0, server.Socket.Available);
        Assert.Equal(1, origin.ConnectionCount);
    }

    [Fact]
    [Trait("promise", "S4.22")]
    public async Task Finish_AClientThatIsFullyGone_IsNoticedAtTheFirstWrites_WithoutABusyLoopOrALeak()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("half_close = \"finish\""));
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        client.Close();
        await proxy.Metric("nativeproxy_requests_total");

        // A half-closed socket stays readable: a loop that asks it again and again would use all of this time.
        long ticks = ProcessView.ProcessorTicks(proxy.Id);
        await PassingTime.Of(600);
        Assert.InRange(ProcessView.ProcessorTicks(proxy.Id) - ticks, 0, 20);
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
        await Record.ExceptionAsync(async () =>
        {
            for (int i = 0; i < 1000; i++)
                await server.Send(new string('x', 100_000));
        });
        await proxy.WaitUntilIdle();
        await proxy.WaitForMetric("nativeproxy_server_connections_open", 0);
    }

    [Fact]
    [Trait("promise", "S4.21")]
    public async Task Abort_TheExchangeIsGivenUp_AndTheServerIsReset()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        client.HalfClose();
        await server.ExpectReset();
        await client.ExpectFin();
        await proxy.WaitUntilIdle();
    }

    [Theory]
    [Trait("promise", "S4.21")]
    [InlineData("abort")]
    [InlineData("finish")]
    public async Task FinInsideARequest_EndsTheExchangeInBothPolicies(string policy)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener($"half_close = \"{policy}\""));
        await using RawClient client = await proxy.Connect();
        await client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
        OriginConnection server = await origin.Accept();
        await server.ReadThrough("abc");
        client.HalfClose();
        await server.ExpectReset();
        await client.ExpectFin();
        await proxy.WaitUntilIdle();
    }
}
