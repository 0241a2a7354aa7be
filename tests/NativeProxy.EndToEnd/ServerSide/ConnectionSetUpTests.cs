using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>
/// How many connections 1,000 short requests of one client cost on each side; what that is worth, the comparison of perf/ measures.
/// </summary>
public sealed class ConnectionSetUpTests
{
    private const int Requests = 1000;

    [Theory]
    [Trait("promise", "S0.13")]
    [Trait("promise", "S4.27")]
    [InlineData(true, true, 1, 1)]
    [InlineData(true, false, 1, Requests)]
    [InlineData(false, true, Requests, 1)]
    [InlineData(false, false, Requests, Requests)]
    public async Task ThousandShortRequests_TakeOneSetUpOnASideWithKeepAlive_AndAThousandWithout(bool client, bool server, int clientSetUps,
        int serverSetUps)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Listener($"keepalive.enabled = {Toml(client)}").Upstream($"keepalive.enabled = {Toml(server)}"));
        RawClient connection = await proxy.Connect();
        for (int i = 1; i <= Requests; i++)
        {
            Assert.Equal("ok", (await connection.Ask()).Body);
            if (client || i == Requests)
                continue;
            await connection.ExpectFin();
            await connection.DisposeAsync();
            connection = await proxy.Connect();
        }
        await connection.DisposeAsync();
        Assert.Equal(Requests, await proxy.Metric("nativeproxy_requests_total"));
        Assert.Equal(clientSetUps, await proxy.Metric("nativeproxy_client_connections_accepted_total"));
        Assert.Equal(serverSetUps, await proxy.Metric("nativeproxy_server_connects_total"));
        Assert.Equal(serverSetUps, origin.RequestConnections.Distinct().Count());
    }

    private static string Toml(bool value) => value ? "true" : "false";
}
