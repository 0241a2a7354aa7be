using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Client-side and server-side persistence are two switches.</summary>
public sealed class PersistenceMatrixTests
{
    [Theory]
    [Trait("promise", "S4.26")]
    [InlineData(true, true, 1, 1)]
    [InlineData(true, false, 1, 4)]
    [InlineData(false, true, 4, 1)]
    [InlineData(false, false, 4, 4)]
    public async Task EachSwitchActsOnItsOwnSideOnly(bool client, bool server, int clientConnections, int serverConnections)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener($"keepalive.enabled = {Toml(client)}").Upstream($"keepalive.enabled = {Toml(server)}"));
        RawClient connection = await proxy.Connect();
        for (int i = 0; i < 4; i++)
        {
            HttpResponse response = await connection.Ask();
            Assert.Equal(client ? null : "close", response.Connection);
            if (client)
                continue;
            await connection.ExpectFin();
            await connection.DisposeAsync();
            if (i < 3)
                connection = await proxy.Connect();
        }
        await connection.DisposeAsync();
        Assert.Equal(clientConnections, await proxy.Metric("nativeproxy_client_connections_accepted_total"));
        Assert.Equal(serverConnections, origin.RequestConnections.Distinct().Count());
        Assert.All(origin.Requests, request => Assert.Equal(server ? null : "close", HttpResponse.FieldOf(request.Request, "Connection")));
    }

    private static string Toml(bool value) => value ? "true" : "false";
}
