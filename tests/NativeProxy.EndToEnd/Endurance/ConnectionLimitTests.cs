using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Endurance;

/// <summary>
/// More connections than <c>max_connections</c> allows wait in the kernel's backlog, unaccepted and unharmed; those that are there go on,
/// and everybody is served in turn once there is room.
/// </summary>
public sealed class ConnectionLimitTests
{
    private const int ConnectionsMax = 10;
    private const int Flood = 120;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AFloodBeyondTheLimit_Waits_WhileTheConnectionsInsideGoOn_AndIsServedAfterwards(bool isOfRuntime)
    {
        await using ScriptedOrigin echo = Load.Echo();
        string limit = $"max_connections = {ConnectionsMax}";
        ProxyConfig config = isOfRuntime ? Load.Config(echo.Address, echo).Runtime(limit) : Load.Config(echo.Address, echo, ["limits." + limit]);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(config.Runtime("shed_idle_at = 0"));
        ProcessBaseline baseline = await ProcessBaseline.Of(proxy);
        RawClient[] inside = await Task.WhenAll(Enumerable.Range(0, ConnectionsMax).Select(_ => proxy.Connect()));
        await Load.AtOnce(ConnectionsMax, i => Exchange(inside[i], $"/inside/{i}"));

        RawClient[] outside = await Task.WhenAll(Enumerable.Range(0, Flood).Select(_ => proxy.Connect()));
        await Load.AtOnce(Flood, i => outside[i].SendGet($"/outside/{i}"));
        await Deadline.Until(() => SocketTable.Rows().Any(row => row.LocalPort == proxy.Port() && row.State == "LISTEN" && row.UnreadBytes == Flood),
            () => "the whole flood in the backlog");
        for (int round = 0; round < 50; round++)
            await Load.AtOnce(ConnectionsMax, i => Exchange(inside[i], $"/round/{round}/{i}"));
        Assert.All(outside, client => Assert.Equal(0, client.Socket.Available));
        Assert.Equal(ConnectionsMax, await proxy.Metric("nativeproxy_client_connections_open"));
        Assert.Equal(ConnectionsMax, await proxy.Metric("nativeproxy_client_connections_accepted_total"));
        if (!isOfRuntime)
            Assert.Equal("/beside", (await proxy.AskOnce("/beside", "echo")).Body);

        // Some of those outside lose patience before it is their turn.
        for (int i = 0; i < Flood; i += 3)
            outside[i].Reset();
        await Load.AtOnce(ConnectionsMax, i => inside[i].DisposeAsync().AsTask());
        for (int i = 0; i < Flood; i++)
        {
            if (i % 3 == 0)
                continue;
            HttpResponse response = await outside[i].ReadResponse();
            Assert.Equal((200, $"/outside/{i}"), (response.Status, response.Body));
            outside[i].Close();
        }
        Assert.Equal("/new", (await proxy.AskOnce("/new")).Body);
        await baseline.ExpectReturn();
    }

    private static async Task Exchange(RawClient client, string target) => Assert.Equal(target, (await client.Ask(target)).Body);
}
