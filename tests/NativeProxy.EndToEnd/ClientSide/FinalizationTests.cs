using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ClientSide;

/// <summary>What happens to the client connection once a response is finished, and when either side breaks.</summary>
public sealed class FinalizationTests
{
    [Fact]
    [Trait("promise", "S3.11")]
    public async Task KeepDecided_GoesToKeepAlive()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("timeouts.linger = \"0s\""));
        await using RawClient client = await proxy.Connect();
        await client.Ask();
        Assert.Equal("ok", (await client.Ask()).Body);
    }

    [Fact]
    [Trait("promise", "S3.11")]
    public async Task CloseDecidedWithLinger_TheProxySendsFinAndReadsOn_SoThatTheClientIsNotReset()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Listener("timeouts.linger = \"20s\"", "keepalive.max_requests = 1"));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/");
        Assert.Equal("ok", (await client.ReadResponse()).Body);
        await client.ExpectFin();

        // Many segments after the FIN: each would be answered with RST if the socket were closed, and then a later send fails.
        for (int i = 0; i < 20; i++)
        {
            await client.Send(new string('x', 10_000));
            await proxy.Metric("nativeproxy_requests_total");
        }
        Assert.Equal(1, await proxy.Metric("nativeproxy_client_connections_open"));
        client.HalfClose();
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
    }

    [Fact]
    [Trait("promise", "S3.11")]
    public async Task CloseDecidedWithLinger_EndsWithTheLingerTime()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Listener("timeouts.linger = \"300ms\"", "keepalive.max_requests = 1"));
        await using RawClient client = await proxy.Connect();
        var time = new PassingTime();
        await client.SendGet("/");
        await client.ReadResponse();
        await client.ExpectFin();

        // The client neither sends nor closes.
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
        time.AssertAtLeast(300);
    }

    [Fact]
    [Trait("promise", "S3.11")]
    public async Task CloseAnnouncedByTheClientItself_NeedsNoLinger()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("timeouts.linger = \"20s\""));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/", "Connection: close\r\n");
        await client.ReadResponse();
        await client.ExpectFin();

        // The client has sent nothing, not even FIN, and the connection is gone.
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
    }

    [Fact]
    [Trait("promise", "S3.11")]
    public async Task CloseDecidedWithoutLinger_ClosesAtOnce()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("timeouts.linger = \"0s\""));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/", "Connection: close\r\n");
        await client.ReadResponse();
        await client.ExpectFin();

        // The client has sent nothing, not even FIN, and the connection is gone.
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
    }

    [Fact]
    [Trait("promise", "S3.11")]
    [Trait("promise", "S3.12")]
    public async Task TerminatingProcess_KeepsNoConnectionAlive()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        proxy.Signal(LinuxSignals.Terminate);
        await proxy.Errors.WaitFor("stopping: no new connections");
        await server.Send(OriginConnection.Ok);
        HttpResponse response = await client.ReadResponse();
        Assert.Equal(("close", "ok"), (response.Connection, response.Body));
        await client.ExpectFin();
        client.Close();
        Assert.Equal(0, await proxy.WaitForExit());
    }

    [Theory]
    [Trait("promise", "S1.22")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TimeWait_IsOnTheSideThatClosesFirst(bool proxyCloses)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Listener($"keepalive.timeout = \"{(proxyCloses ? "100ms" : "1h")}\""));
        await using RawClient client = await proxy.Connect();
        int clientPort = client.LocalPort;
        await client.Ask();
        if (!proxyCloses)
            client.HalfClose();
        await client.ExpectFin();
        client.Close();
        await proxy.WaitUntilIdle();
        (int local, int remote) = proxyCloses ? (proxy.Port(), clientPort) : (clientPort, proxy.Port());
        await Deadline.Until(() => ProcessView.IsInTimeWait(local, remote), () => "TIME_WAIT on the side that closed first");
        Assert.False(ProcessView.IsInTimeWait(remote, local));
    }

    [Fact]
    [Trait("promise", "S4.5")]
    public async Task ClientClosesAnIdleConnection_EverythingIsFreed_AndNothingIsLoggedAsAnError()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await proxy.AskOnce();
        await proxy.WaitUntilIdle();
        int descriptors = ProcessView.DescriptorCount(proxy.Id);
        for (int i = 0; i < 20; i++)
        {
            await using RawClient client = await proxy.Connect();
            await client.Ask();
            client.HalfClose();
            await client.ExpectFin();
        }
        await proxy.WaitUntilIdle();
        await Deadline.Until(() => ProcessView.DescriptorCount(proxy.Id) <= descriptors,
            () => $"{descriptors} descriptors, there are {ProcessView.DescriptorCount(proxy.Id)}");
        Assert.Equal(21, (await proxy.Output.WaitForCount(21)).Count);
        Assert.All(proxy.Output.Lines, line => Assert.Contains(" 200 ", line, StringComparison.Ordinal));
        Assert.DoesNotContain(proxy.Errors.Lines,
            line => line.Contains(" error ", StringComparison.Ordinal) || line.Contains(" warn ", StringComparison.Ordinal));
        Assert.Equal(21, await proxy.Metric("nativeproxy_client_closes_total{reason=\"client_closed\"}"));
    }

    [Fact]
    [Trait("promise", "S4.6")]
    public async Task ReadErrorOnAKeptConnection_ClosesIt()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Ask();
        client.Reset();
        await proxy.WaitUntilIdle();
    }

    [Fact]
    [Trait("promise", "S4.6")]
    public async Task WriteErrorInAResponseThatWouldKeepTheConnection_ClosesIt_AndStopsTheServer()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        await client.ReadThrough("abc");
        await proxy.Freeze();
        await server.Send("def");
        client.Reset();
        proxy.Thaw();
        await server.ExpectReset();
        await proxy.WaitUntilIdle();
        Assert.Contains(" CD", await proxy.Output.WaitFor("\"GET / "), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("promise", "S4.7")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ServerEndsBeforeContentLength_TheClientConnectionIsClosedToo_AndTheLogSaysTruncated(bool withReset)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcd");
        string soFar = await client.ReadThrough("abcd");
        if (withReset)
            server.Reset();
        else
            server.Close();
        await client.ExpectFin();
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcd", soFar);
        string line = await proxy.Output.WaitFor("\"GET / HTTP/1.1\"");
        Assert.Contains(" SD-- ", line, StringComparison.Ordinal);
        Assert.EndsWith(" rs=truncated_response why=-", line, StringComparison.Ordinal);
    }
}
