using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary><c>retry.unacknowledged</c>: a POST is sent again exactly when the server's FIN proves that it had not received a byte of it.</summary>
public sealed class UnacknowledgedRetryTests
{
    private const string On = "retry.unacknowledged = true";
    private const string Unacknowledged = "nativeproxy_retries_total{cause=\"unacknowledged\"}";
    private static readonly string Post = RawClient.Post("/pay", new string('p', 20_000));

    [Fact]
    [Trait("promise", "B2")]
    public async Task FinThatCrossesThePost_ItIsSentAgainWhole()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection(On);
        await scene.LetCross(Post);
        OriginConnection fresh = await scene.Origin.Accept();
        Assert.EndsWith(new string('p', 20_000), await fresh.Answer(), StringComparison.Ordinal);
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        Assert.Equal(1, await scene.Proxy.Metric(Unacknowledged));
        Assert.Equal(2, scene.Origin.ConnectionCount);
    }

    [Fact]
    [Trait("promise", "B2")]
    public async Task FinThatCrossesThePost_WithoutTheOption_ItIsNotSentAgain()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection();
        await scene.LetCross(Post);
        await ExpectNoSecondDelivery(scene);
    }

    [Theory]
    [Trait("promise", "B2")]
    [Trait("promise", "S4.18")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PostThatWasRead_IsNotSentAgain(bool withReset)
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection(On);
        await scene.Client.Send(Post);
        await scene.Idle.ReadRequest();
        if (withReset)
            scene.Idle.Reset();
        else
            scene.Idle.Close();
        await ExpectNoSecondDelivery(scene);
    }

    [Fact]
    [Trait("promise", "B2")]
    public async Task PostThatLayUnread_IsNotSentAgain()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection(On);
        await scene.Client.Send(Post);
        await Deadline.Until(() => scene.Idle.Socket.Available > 0, () => "the request to arrive");
        scene.Idle.Close();
        await ExpectNoSecondDelivery(scene);
    }

    /// <summary>
    /// The send that meets the reset uses its error up, so that reading shows an end of stream; and the kernel counts nothing as
    /// acknowledged. The server has read the first half all the same.
    /// </summary>
    [Fact]
    [Trait("promise", "B2")]
    public async Task PostWhoseFirstHalfWasRead_IsNotSentAgain_WhenTheSecondHalfMeetsTheReset()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection(On);
        string small = RawClient.Post("/pay", "0123456789");
        await scene.Client.Send(small[..^5]);
        await scene.Idle.ReadThrough("01234");
        await scene.LayBefore(small[^5..], withReset: true);
        await ExpectNoSecondDelivery(scene);
    }

    [Fact]
    [Trait("promise", "B2")]
    public async Task FirstConnectionOfAll_IsNoProof()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream(On));
        await using RawClient client = await proxy.Connect();
        await client.Send(Post);
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        server.Close();
        Assert.Equal(502, (await client.ReadResponse()).Status);
        Assert.Equal(1, origin.ConnectionCount);
    }

    private static async Task ExpectNoSecondDelivery(StaleScene scene)
    {
        Assert.Equal(502, (await scene.Client.ReadResponse()).Status);
        Assert.Equal(1, scene.Origin.ConnectionCount);
        Assert.Equal(0, await scene.Proxy.Metric(Unacknowledged));
        Assert.Equal(0, await scene.Proxy.Metric("nativeproxy_replay_held_bytes"));
    }
}
