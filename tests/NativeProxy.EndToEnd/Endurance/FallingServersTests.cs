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

    private static readonly string[] Checks = ["[upstream.health]", "type = \"http\"", "path = \"/health\"", "interval = \"100ms\""];

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

    /// <summary>Clients that ask one request after the other, and what one of them was told that it should not have been.</summary>
    private sealed class Traffic
    {
        private readonly ProxyUnderTest _proxy;
        private readonly Task[] _clients;
        private volatile bool _isEnding;
        private int _answered;

        public Traffic(ProxyUnderTest proxy)
        {
            _proxy = proxy;
            _clients = [.. Enumerable.Range(0, Clients).Select(Ask)];
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
