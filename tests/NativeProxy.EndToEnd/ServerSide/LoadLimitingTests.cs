using System.Collections.Generic;
using System.Linq;
using System.Threading.Channels;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>What limits of servers are for: the same work, answered earlier; and each server that is added brings its places with it.</summary>
public sealed class LoadLimitingTests
{
    private const int Clients = 12;

    /// <summary>Turns of its one processor that a server needs for a request; those that are at work at once take them one after the other.</summary>
    private const int TurnsOfRequest = 10;

    [Fact]
    [Trait("promise", "ARCH-21")]
    public async Task WithFewerAtOnce_TheSameWorkIsAnsweredEarlier()
    {
        (int sum, int last) = await AnswerAll(atOnce: Clients, "");
        (int limitedSum, int limitedLast) = await AnswerAll(atOnce: 3, "max_connections = 3");

        Assert.Equal(last, limitedLast);
        Assert.InRange(limitedSum, Clients * TurnsOfRequest, sum * 2 / 3);
    }

    /// <summary>Each server answers what it has once in a round: twice as many servers need half of the rounds.</summary>
    [Theory]
    [InlineData(1, 6)]
    [InlineData(2, 3)]
    [InlineData(3, 2)]
    [Trait("promise", "S2.15")]
    public async Task ServersThatAreAdded_AnswerMoreAtOnce(int count, int rounds)
    {
        ScriptedOrigin[] origins = [.. Enumerable.Range(0, count).Select(static _ => ScriptedOrigin.Driven())];
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origins).EachServer("max_connections = 2").Upstream("timeouts.queue = \"1m\""));
        var arrived = Channel.CreateUnbounded<OriginConnection>();
        foreach (ScriptedOrigin origin in origins)
            _ = TakeAll(origin, arrived.Writer);
        RawClient[] clients = await AskAll(proxy);

        for (int round = 1; round <= rounds; round++)
        {
            var working = new List<OriginConnection>();
            while (working.Count < 2 * count)
                working.Add(await Deadline.For(arrived.Reader.ReadAsync().AsTask(), () => $"request {working.Count + 1} of round {round}"));
            await proxy.WaitForMetric("nativeproxy_queue_waiting", Clients - (2 * count * round));
            foreach (OriginConnection server in working)
                await server.Send(OriginConnection.Ok);
        }

        foreach (RawClient client in clients)
        {
            Assert.Equal(200, (await client.ReadResponse()).Status);
            await client.DisposeAsync();
        }
        foreach (ScriptedOrigin origin in origins)
            await origin.DisposeAsync();
    }

    private static async Task TakeAll(ScriptedOrigin origin, ChannelWriter<OriginConnection> arrived)
    {
        for (int i = 0; i < 2; i++)
            _ = TakeRequests(await origin.Accept(), arrived);
    }

    private static async Task TakeRequests(OriginConnection server, ChannelWriter<OriginConnection> arrived)
    {
        while (await server.ReadToHeadOrEnd() != "")
            arrived.TryWrite(server);
    }

    /// <summary>A server that shares its processor among what it has. When each answer came, in turns: their sum, and the last.</summary>
    private static async Task<(int Sum, int Last)> AnswerAll(int atOnce, string limit)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).EachServer(limit).Upstream("timeouts.queue = \"1m\""));
        RawClient[] clients = await AskAll(proxy);
        int waiting = Clients - atOnce;
        await proxy.WaitForMetric("nativeproxy_queue_waiting", waiting);
        var working = new List<(OriginConnection Server, int TurnsLeft)>();
        while (working.Count < atOnce)
        {
            OriginConnection server = await origin.Accept();
            await server.ReadRequest();
            working.Add((server, TurnsOfRequest));
        }
        int turn = 0;
        int sum = 0;
        while (working.Count > 0)
        {
            (OriginConnection server, int left) = working[0];
            working.RemoveAt(0);
            turn++;
            if (left > 1)
            {
                working.Add((server, left - 1));
                continue;
            }
            sum += turn;
            await server.Send(OriginConnection.Ok);
            if (waiting-- <= 0)
                continue;
            await server.ReadRequest();
            working.Add((server, TurnsOfRequest));
        }
        foreach (RawClient client in clients)
        {
            Assert.Equal(200, (await client.ReadResponse()).Status);
            await client.DisposeAsync();
        }
        return (sum, turn);
    }

    private static async Task<RawClient[]> AskAll(ProxyUnderTest proxy)
    {
        RawClient[] clients = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => proxy.Connect()));
        await Task.WhenAll(clients.Select(static (client, index) => client.SendGet("/" + index)));
        return clients;
    }
}
