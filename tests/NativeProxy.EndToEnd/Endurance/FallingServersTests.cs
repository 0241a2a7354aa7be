using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>Servers fall and come back, one at a time, under GETs on kept connections: each is answered, and with what it asked for.</summary>
public sealed class FallingServersTests
{
    private const int Clients = 8;
    private const int Rounds = 3;
    private const int FallenMs = 150;

    /// <summary>Requests that must be answered between two falls, so that the one that has come back has some, too.</summary>
    private const int RequestsBetween = 100;

    /// <summary>A server that has fallen refuses at once; one that answers late has not.</summary>
    private static readonly string[] Checks =
        ["[upstream.health]", "type = \"http\"", "path = \"/health\"", "interval = \"100ms\"", "timeout = \"10s\""];

    [Theory]
    [InlineData(1, 2, false)]
    [InlineData(1, 3, false)]
    [InlineData(2, 2, false)]
    [InlineData(4, 3, false)]
    [InlineData(1, 3, true)]
    [InlineData(2, 2, true)]
    public async Task ServersThatFallAndComeBack_AreSeenByNoClient(int workers, int count, bool withChecks)
    {
        FallingServer[] servers = [.. Enumerable.Range(2, count).Select(static number => new FallingServer(number))];
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For([.. servers.Select(server => server.Address)])
            .WithWorkers(workers).Upstream(withChecks ? Checks : []).Listener("keepalive.max_requests = 0"));
        var traffic = new Traffic(proxy);
        for (int round = 0; round < Rounds; round++)
        {
            foreach (Fall how in Enum.GetValues<Fall>())
            {
                FallingServer server = servers[(round + (int)how) % count];
                await traffic.Go(RequestsBetween);
                await server.Fall(how);
                await PassingTime.Of(FallenMs);
                server.Rise();
                await traffic.Go(RequestsBetween);
                if (withChecks)
                    await Deadline.Until(async () => await proxy.MetricSum("nativeproxy_server_up") == count, () => "all servers to be up again");
            }
        }
        await traffic.End();
        foreach (FallingServer server in servers)
            await server.DisposeAsync();
    }

    /// <summary>The others do not get what the one that has fallen had, and one that comes back is not given all that waits.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("promise", "ARCH-21")]
    public async Task ServerThatFallsOrComesBack_PushesNobodyOverItsLimit(int workers)
    {
        FallingServer[] servers = [.. Enumerable.Range(2, 3).Select(static number => new FallingServer(number, answerAfterMs: 3))];
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For([.. servers.Select(server => server.Address)])
            .WithWorkers(workers).EachServer("max_connections = 2").Upstream("timeouts.queue = \"1m\"").Listener("keepalive.max_requests = 0"));
        var traffic = new Traffic(proxy, 2 * Clients);
        for (int round = 0; round < Rounds; round++)
        {
            await traffic.Go(RequestsBetween);
            await servers[round].Fall((Fall)round);
            await traffic.Go(RequestsBetween);
            servers[round].Rise();
        }
        await traffic.Go(RequestsBetween);
        await traffic.End();
        Assert.All(servers, static server => Assert.InRange(server.MostAtOnce, 1, 2));
        Assert.Equal(0, await proxy.Metric("nativeproxy_queue_waiting"));
        Assert.NotEqual(0, await proxy.Metric("nativeproxy_queue_entered_total"));
        foreach (FallingServer server in servers)
            await server.DisposeAsync();
    }

    /// <summary>Clients that ask one request after the other, and what one of them was told that it should not have been.</summary>
    private sealed class Traffic
    {
        private readonly ProxyUnderTest _proxy;
        private readonly Task[] _clients;
        private volatile bool _isEnding;
        private int _answered;

        public Traffic(ProxyUnderTest proxy, int clients = Clients)
        {
            _proxy = proxy;
            _clients = [.. Enumerable.Range(0, clients).Select(Ask)];
        }

        /// <summary>Waits for so many more answers; fails when a client has failed.</summary>
        public async Task Go(int requests)
        {
            int enough = _answered + requests;
            await Deadline.Until(() => _answered >= enough || _clients.Any(client => client.IsCompleted), () => $"{requests} answers");
            foreach (Task ended in _clients.Where(client => client.IsCompleted))
                await ended;
        }

        public async Task End()
        {
            _isEnding = true;
            await Task.WhenAll(_clients);
        }

        private async Task Ask(int number)
        {
            await using RawClient client = await _proxy.Connect();
            for (int i = 0; !_isEnding; i++)
            {
                string target = $"/{number}/{i}";
                HttpResponse response = await client.Ask(target);
                Assert.Equal((200, target), (response.Status, response.Body));
                Interlocked.Increment(ref _answered);
            }
        }
    }
}
