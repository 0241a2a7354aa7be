using System;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>A request that changes something ends what was kept of it, in every worker, whatever becomes of its answer.</summary>
public sealed class CacheChangeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public async Task ChangeOverOneWorker_IsSeenThroughAllOfThem(int workers)
    {
        int version = 0;
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(request =>
        {
            bool isChange = request.StartsWith("PUT ", StringComparison.Ordinal);
            return CacheScene.Answer($"version {(isChange ? Interlocked.Increment(ref version) : Volatile.Read(ref version))}");
        });
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin).WithWorkers(workers));
        for (int round = 1; round <= 5; round++)
        {
            // Enough for every worker to have it.
            await proxy.AskMany("/x", 40);
            await using (RawClient client = await proxy.Connect())
            {
                await client.Send("PUT /x HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
                await client.ReadResponse();
            }
            Assert.All(await proxy.AskMany("/x", 40), body => Assert.Equal($"version {round}", body));
        }
        Assert.InRange(await proxy.Metric(CacheScene.Hits), 300, 400);
    }

    [Fact]
    public async Task ChangeWhoseAnswerNobodyWaitsFor_CountsAsMade()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/x");
        OriginConnection server = await origin.Accept();
        await server.Answer(CacheScene.Answer("old"));
        await client.ReadResponse();
        await client.Send("PUT /x HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
        await server.ReadRequest();
        client.Reset();
        await proxy.WaitForMetric("nativeproxy_requests_aborted_total", 1);
        await using RawClient next = await proxy.Connect();
        await next.SendGet("/x");
        await (await origin.Accept()).Answer(CacheScene.Answer("new"));
        Assert.Equal("new", (await next.ReadResponse()).Body);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(404)]
    public async Task ChangeThatTheServerRefused_EndsNothing(int status)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(
            request =>
            request.StartsWith("POST ", StringComparison.Ordinal) ? $"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n" : CacheScene.Answer("kept"));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CacheScene.Config(origin));
        await using RawClient client = await proxy.Connect();
        await client.Ask("/x");
        await client.Send(RawClient.Post("/x", "change"));
        Assert.Equal(status, (await client.ReadResponse()).Status);
        Assert.NotNull((await client.Ask("/x")).Field("Age"));
        Assert.Equal(2, origin.Requests.Count);
    }
}

/// <summary>Many requests, each on a connection of its own, so that every worker gets some.</summary>
file static class ManyConnections
{
    public static async Task<string[]> AskMany(this ProxyUnderTest proxy, string target, int count)
    {
        var bodies = new string[count];
        for (int i = 0; i < count; i++)
            bodies[i] = (await proxy.AskOnce(target)).Body;
        return bodies;
    }
}
