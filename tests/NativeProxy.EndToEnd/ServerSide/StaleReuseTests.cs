using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>
/// A pooled connection that the server has closed is not used when that has reached the proxy's machine. Where it crosses the request it
/// shows as an end of stream before the first byte, or as a reset on reading (that a write fails, too: simulated scenes).
/// </summary>
public sealed class StaleReuseTests
{
    [Fact]
    [Trait("promise", "S4.17")]
    public async Task EndOfStreamBeforeTheFirstByte_AGetIsRetriedOnceOnAFreshConnection()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection();
        await scene.Client.SendGet("/again");
        await scene.Idle.ReadRequest();
        scene.Idle.Close();
        await ExpectGoodAnswer(scene, "GET /again ");
    }

    [Fact]
    [Trait("promise", "S4.17")]
    public async Task ResetOnRead_AGetIsRetriedOnceOnAFreshConnection()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection();
        await scene.Client.SendGet("/again");
        await scene.Idle.ReadRequest();
        scene.Idle.Reset();
        await ExpectGoodAnswer(scene, "GET /again ");
    }

    [Fact]
    [Trait("promise", "S4.17")]
    public async Task FinThatCrossesTheRequest_AGetIsRetriedOnceOnAFreshConnection()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection();
        await scene.LetCross(RawClient.Get("/again"));
        await ExpectGoodAnswer(scene, "GET /again ");
    }

    /// <summary>Whatever the loop comes to first: so a request that must not be sent twice gets its answer, too.</summary>
    [Theory]
    [Trait("promise", "S4.17")]
    [Trait("promise", "S4.18")]
    [InlineData("GET", false)]
    [InlineData("GET", true)]
    [InlineData("POST", false)]
    [InlineData("POST", true)]
    public async Task EndThatIsThereBeforeTheRequest_TheConnectionIsNotUsed(string method, bool withReset)
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection();
        await scene.LayBefore(method + " /again HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", withReset);
        await ExpectGoodAnswer(scene, method + " /again ", retries: 0);
    }

    [Fact]
    [Trait("promise", "S4.17")]
    public async Task TheRetryDoesNotTakeAnotherPooledConnection()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection();
        await using RawClient second = await scene.Proxy.Connect();
        await scene.Client.SendGet();
        await scene.Idle.ReadRequest();
        await second.SendGet();
        OriginConnection newer = await scene.Origin.Accept();
        await newer.Answer();
        await second.ReadResponse();
        await scene.Idle.Send(OriginConnection.Ok);
        await scene.Client.ReadResponse();

        // Both lie in the pool. The one taken breaks; the other one looks sound and must be left alone all the same.
        await second.SendGet("/again");
        await scene.Idle.ReadRequest();
        scene.Idle.Close();
        OriginConnection fresh = await scene.Origin.Accept();
        Assert.StartsWith("GET /again ", await fresh.Answer(), StringComparison.Ordinal);
        Assert.Equal("ok", (await second.ReadResponse()).Body);
        Assert.Equal(0, newer.Socket.Available);
    }

    [Fact]
    [Trait("promise", "S4.17")]
    public async Task TheRetryIsDoneOnce_ThenTheClientIsTold()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection();
        await scene.Client.SendGet("/again");
        await scene.Idle.ReadRequest();
        scene.Idle.Close();
        OriginConnection fresh = await scene.Origin.Accept();
        await fresh.ReadRequest();
        fresh.Close();
        Assert.Equal(502, (await scene.Client.ReadResponse()).Status);
        Assert.Equal(2, scene.Origin.ConnectionCount);
    }

    [Fact]
    [Trait("promise", "S4.17")]
    public async Task AFreshConnectionThatEndsWithoutAnAnswer_IsNotRetried()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        server.Close();
        Assert.Equal(502, (await client.ReadResponse()).Status);
        Assert.Equal(1, origin.ConnectionCount);
    }

    [Fact]
    [Trait("promise", "S4.17")]
    public async Task AnAnswerThatHasBegun_IsNotReplaced()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection();
        await scene.Client.SendGet("/again");
        await scene.Idle.ReadRequest();
        await scene.Idle.Send("HTTP/1.1 200 O");
        scene.Idle.Close();
        Assert.Equal(502, (await scene.Client.ReadResponse()).Status);
        Assert.Equal(1, scene.Origin.ConnectionCount);
    }

    [Fact]
    public async Task RetryOfStaleConnectionsOff_TheClientIsTold()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection("retry.on = [\"connect_failure\"]");
        await scene.Client.SendGet("/again");
        await scene.Idle.ReadRequest();
        scene.Idle.Close();
        Assert.Equal(502, (await scene.Client.ReadResponse()).Status);
        Assert.Equal(1, scene.Origin.ConnectionCount);
    }

    [Theory]
    [Trait("promise", "S4.18")]
    [InlineData("Content-Length: 4\r\n\r\nbody", false)]
    [InlineData("Content-Length: 4\r\n\r\nbody", true)]
    [InlineData("Content-Length: 0\r\n\r\n", false)]
    [InlineData("Content-Length: 0\r\n\r\n", true)]
    [InlineData("\r\n", false)]
    public async Task APostThatFailedAfterBytesWereSent_IsNotRepeated(string rest, bool withReset)
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection();
        await scene.Client.Send("POST /once HTTP/1.1\r\nHost: h\r\n" + rest);
        await scene.Idle.ReadRequest();
        if (withReset)
            scene.Idle.Reset();
        else
            scene.Idle.Close();
        Assert.Equal(502, (await scene.Client.ReadResponse()).Status);
        await scene.Client.SendGet("/after");
        OriginConnection next = await scene.Origin.Accept();
        Assert.StartsWith("GET /after ", await next.Answer(), StringComparison.Ordinal);
        await scene.Client.ReadResponse();
    }

    [Fact]
    [Trait("promise", "S4.18")]
    public async Task APutWhoseBodyIsNotKept_IsNotRepeated()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection("retry.body_bytes = 0");
        await scene.Client.Send("PUT /once HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
        await scene.Idle.ReadRequest();
        scene.Idle.Close();
        Assert.Equal(502, (await scene.Client.ReadResponse()).Status);
        Assert.Equal(1, scene.Origin.ConnectionCount);
    }

    [Fact]
    public async Task ADeleteWithAnEmptyChunkedBody_IsRepeatedWhole()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection();
        await scene.Client.Send("DELETE /again HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        await scene.Idle.ReadThrough("\r\n\r\n0\r\n\r\n");
        scene.Idle.Close();
        OriginConnection fresh = await scene.Origin.Accept();
        await fresh.ReadThrough("\r\n\r\n0\r\n\r\n");
        await fresh.Send(OriginConnection.Ok);
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
    }

    private static async Task ExpectGoodAnswer(StaleScene scene, string start, int retries = 1)
    {
        OriginConnection fresh = await scene.Origin.Accept();
        Assert.StartsWith(start, await fresh.Answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"), StringComparison.Ordinal);
        Assert.Equal("good", (await scene.Client.ReadResponse()).Body);
        Assert.Equal("", scene.Client.Untaken);
        Assert.Equal(retries, await scene.Proxy.Metric("nativeproxy_retries_total{cause=\"stale_reuse\"}"));
        Assert.Equal(2, scene.Origin.ConnectionCount);
    }
}
