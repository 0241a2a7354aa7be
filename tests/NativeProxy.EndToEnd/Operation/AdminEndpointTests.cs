using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>The operator's endpoint answers whoever asks, however many others only hold its connections.</summary>
public sealed class AdminEndpointTests
{
    private const int PlacesMax = 64;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SilentConnections_BlockNobody(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        RawClient[] silent = await Connections(proxy, 3 * PlacesMax);

        for (int i = 0; i < 5; i++)
        {
            Assert.Equal("ok\n", (await Ask(proxy, "/health")).Body);
            Assert.Contains("nativeproxy_requests_total", (await Ask(proxy, "/metrics")).Body, StringComparison.Ordinal);
        }

        // The oldest had to go; those that came last are still there and are answered.
        await silent[0].ExpectFin();
        Assert.Equal("ok\n", (await silent[^1].Ask("/health")).Body);
        await CloseAll(silent);
    }

    [Fact]
    public async Task ConnectionsInTheMiddleOfARequest_LeaveProbesTheirOwnPlaces()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        const string Begun = "GET /health HTTP/1.1\r\nHost: a\r\n";
        List<RawClient> slow = [.. await Connections(proxy, PlacesMax)];
        foreach (RawClient client in slow)
            await client.Send(Begun);

        // Once all have begun, only probes find a place. Who asks meanwhile may displace one whose beginning has not been read yet.
        await Deadline.Until(
            async () =>
            {
                if ((await Ask(proxy, "/metrics")).Status == 503)
                    return true;
                slow.Add(await RawClient.Connect(proxy.AdminPort));
                await slow[^1].Send(Begun);
                return false;
            },
            () => "all places to be in use");
        for (int i = 0; i < 20; i++)
            Assert.Equal((200, "ok\n"), await Probe(proxy));
        await CloseAll([.. slow]);
        await Deadline.Until(async () => (await Ask(proxy, "/metrics")).Status == 200, () => "places to be free again");
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("DELETE")]
    [InlineData("BREW")]
    public async Task OtherMethods_AreToldWhatIsAllowed(string method)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await RawClient.Connect(proxy.AdminPort, showsDate: true);
        await client.Send($"{method} /health HTTP/1.1\r\nHost: a\r\n\r\n");
        HttpResponse response = await client.ReadResponse();

        Assert.Equal((405, "GET, HEAD"), (response.Status, response.Field("Allow")));
        Assert.NotNull(response.Field("Date"));
    }

    private static async Task<(int Status, string Body)> Probe(ProxyUnderTest proxy)
    {
        await using RawClient client = await RawClient.Connect(proxy.AdminPort);
        HttpResponse response = await client.Ask("/health");
        return (response.Status, response.Body);
    }

    private static async Task<HttpResponse> Ask(ProxyUnderTest proxy, string target)
    {
        await using RawClient client = await RawClient.Connect(proxy.AdminPort);
        return await client.Ask(target, "Connection: close\r\n");
    }

    private static async Task<RawClient[]> Connections(ProxyUnderTest proxy, int count)
    {
        var clients = new RawClient[count];
        for (int i = 0; i < count; i++)
            clients[i] = await RawClient.Connect(proxy.AdminPort);
        return clients;
    }

    private static async Task CloseAll(RawClient[] clients)
    {
        foreach (RawClient client in clients)
            await client.DisposeAsync();
    }
}
