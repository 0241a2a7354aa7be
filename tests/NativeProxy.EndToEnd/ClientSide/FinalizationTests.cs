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
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("timeouts.linger = \"0s\""));
        await scene.Client.Ask();
        Assert.Equal("ok", (await scene.Client.Ask()).Body);
    }

    [Fact]
    [Trait("promise", "S3.11")]
    public async Task CloseDecidedWithLinger_TheProxySendsFinAndReadsOn_SoThatTheClientIsNotReset()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            change: config => config.Listener("timeouts.linger = \"20s\"", "keepalive.max_requests = 1"));
        await scene.Client.SendGet("/");
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        await scene.Client.ExpectFin();

        // Many segments after the FIN: each would be answered with RST if the socket were closed, and then a later send fails.
        for (int i = 0; i < 20; i++)
        {
            await scene.Client.Send(new string('x', 10_000));
            await scene.Proxy.Metric("nativeproxy_requests_total");
        }
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_client_connections_open"));
        scene.Client.HalfClose();
        await scene.Proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
    }

    [Fact]
    [Trait("promise", "S3.11")]
    public async Task CloseDecidedWithLinger_EndsWithTheLingerTime()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            change: config => config.Listener("timeouts.linger = \"300ms\"", "keepalive.max_requests = 1"));
        var time = new PassingTime();
        await scene.Client.SendGet("/");
        await scene.Client.ReadResponse();
        await scene.Client.ExpectFin();

        // The client neither sends nor closes.
        await scene.Proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
        time.AssertAtLeast(300);
    }

    [Fact]
    [Trait("promise", "S3.11")]
    public async Task CloseAnnouncedByTheClientItself_NeedsNoLinger()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("timeouts.linger = \"20s\""));
        await scene.Client.SendGet("/", "Connection: close\r\n");
        await scene.Client.ReadResponse();
        await scene.Client.ExpectFin();

        // The client has sent nothing, not even FIN, and the connection is gone.
        await scene.Proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
    }

    [Fact]
    [Trait("promise", "S3.11")]
    public async Task CloseDecidedWithoutLinger_ClosesAtOnce()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Listener("timeouts.linger = \"0s\""));
        await scene.Client.SendGet("/", "Connection: close\r\n");
        await scene.Client.ReadResponse();
        await scene.Client.ExpectFin();

        // The client has sent nothing, not even FIN, and the connection is gone.
        await scene.Proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
    }

    [Fact]
    [Trait("promise", "S3.11")]
    [Trait("promise", "S3.12")]
    public async Task TerminatingProcess_KeepsNoConnectionAlive()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Ask();
        scene.Proxy.Signal(LinuxSignals.Terminate);
        await scene.Proxy.Errors.WaitFor("stopping: no new connections");
        await server.Send(OriginConnection.Ok);
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal(("close", "ok"), (response.Connection, response.Body));
        await scene.Client.ExpectFin();
        scene.Client.Close();
        Assert.Equal(0, await scene.Proxy.WaitForExit());
    }

    [Theory]
    [Trait("promise", "S1.22")]
    [Trait("layer", "no")] // a layer's end comes before the FIN: whoever hears it may send its own first
    [InlineData(true)]
    [InlineData(false)]
    public async Task TimeWait_IsOnTheSideThatClosesFirst(bool proxyCloses)
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            change: config => config.Listener($"keepalive.timeout = \"{(proxyCloses ? "100ms" : "1h")}\""));
        int clientPort = scene.Client.LocalPort;
        await scene.Client.Ask();
        if (!proxyCloses)
            scene.Client.HalfClose();
        await scene.Client.ExpectFin();
        scene.Client.Close();
        await scene.Proxy.WaitUntilIdle();
        (int local, int remote) = proxyCloses ? (scene.Proxy.Port(), clientPort) : (clientPort, scene.Proxy.Port());
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
        await using AnsweringScene scene = await AnsweringScene.Start();
        await scene.Client.Ask();
        scene.Client.Reset();
        await scene.Proxy.WaitUntilIdle();
    }

    [Fact]
    [Trait("promise", "S4.6")]
    public async Task WriteErrorInAResponseThatWouldKeepTheConnection_ClosesIt_AndStopsTheServer()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Ask();
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        await scene.Client.ReadThrough("abc");
        await scene.Proxy.Freeze();
        await server.Send("def");
        scene.Client.Reset();
        scene.Proxy.Thaw();
        await server.ExpectReset();
        await scene.Proxy.WaitUntilIdle();
        Assert.Contains(" CD", await scene.Proxy.Output.WaitFor("\"GET / "), StringComparison.Ordinal);
    }

    [Theory]
    [Trait("promise", "S4.7")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ServerEndsBeforeContentLength_TheClientConnectionIsClosedToo_AndTheLogSaysTruncated(bool withReset)
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Ask();
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcd");
        string soFar = await scene.Client.ReadThrough("abcd");
        if (withReset)
            server.Reset();
        else
            server.Close();
        await scene.Client.ExpectFin();
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcd", soFar);
        string line = await scene.Proxy.Output.WaitFor("\"GET / HTTP/1.1\"");
        Assert.Contains(" SD-- ", line, StringComparison.Ordinal);
        Assert.EndsWith(" rs=truncated_response why=-", line, StringComparison.Ordinal);
    }
}
