using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary><c>balance = "source_hash"</c> over many connections from many loopback addresses.</summary>
public sealed class SourceHashTests
{
    private static readonly IPAddress[] Addresses = [.. Enumerable.Range(2, 30).Select(i => IPAddress.Parse($"127.0.{i}.{200 - i}"))];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("promise", "S2.11")]
    public async Task EachAddress_ReachesTheSameServerOnEveryConnection_AlsoAfterARestart(int workers)
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ScriptedOrigin c = Named('c');
        ProxyConfig config = ProxyConfig.For(a, b, c).WithWorkers(workers).Upstream("balance = \"source_hash\"");
        Dictionary<IPAddress, string> first;
        await using (ProxyUnderTest proxy = await ProxyUnderTest.Start(config))
        {
            first = await AskFromAll(proxy);
            for (int round = 0; round < 4; round++)
                Assert.Equal(first, await AskFromAll(proxy));
        }
        Assert.Equal(["a", "b", "c"], first.Values.Distinct().Order());
        await using ProxyUnderTest next = await ProxyUnderTest.Start(config);
        Assert.Equal(first, await AskFromAll(next));
    }

    [Fact]
    [Trait("promise", "S2.11")]
    [Trait("layer", "no")] // health checks, which no loop carries, speak no records
    public async Task ServerThatGoesDown_MovesOnlyItsClients_AndGetsThemBack()
    {
        bool isBUp = true;
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = ScriptedOrigin.Answering(request =>
            request.StartsWith("GET /up ", StringComparison.Ordinal) && !isBUp ? "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" : Response('b'));
        await using ScriptedOrigin c = Named('c');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b, c)
            .Upstream("balance = \"source_hash\"", "[upstream.health]", "type = \"http\"", "path = \"/up\"", "interval = \"50ms\"",
                "timeout = \"2s\""));
        Dictionary<IPAddress, string> before = await AskFromAll(proxy);
        isBUp = false;
        await proxy.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"b\"}", 0);
        Dictionary<IPAddress, string> without = await AskFromAll(proxy);
        isBUp = true;
        await proxy.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"b\"}", 1);
        Assert.Equal(["a", "c"], without.Values.Distinct().Order());
        Assert.All(before.Where(pair => pair.Value != "b"), pair => Assert.Equal(pair.Value, without[pair.Key]));
        Assert.Equal(before, await AskFromAll(proxy));
    }

    /// <summary>For the hash it is another client at each address; what it carries with it is the cookie.</summary>
    [Fact]
    [Trait("promise", "S2.13")]
    public async Task ClientWhoseAddressChanges_IsKeptByItsCookieOnly()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ScriptedOrigin c = Named('c');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b, c)
            .Upstream("balance = \"source_hash\"", "cookie = { mode = \"insert\", name = \"S\" }"));

        Dictionary<IPAddress, string> withoutCookie = await AskFromAll(proxy);
        Dictionary<IPAddress, string> withCookie = await AskFromAll(proxy, "Cookie: S=b\r\n");

        Assert.Equal(["a", "b", "c"], withoutCookie.Values.Distinct().Order());
        Assert.All(withCookie.Values, static server => Assert.Equal("b", server));
    }

    [Fact]
    public async Task BehindAnotherProxy_TheAddressInItsHeaderCounts()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).Upstream("balance = \"source_hash\"")
            .Listener("proxy_protocol = true"));
        var owners = new HashSet<string>();
        for (int i = 0; i < 16; i++)
        {
            string first = await AskThrough(proxy, $"10.0.0.{i}");
            Assert.Equal(first, await AskThrough(proxy, $"10.0.0.{i}"));
            owners.Add(first);
        }
        Assert.Equal(2, owners.Count);
    }

    [Fact]
    public async Task ServerAtItsLimit_KeepsItsClientsWaiting_OthersPass()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Driven();
        await using ScriptedOrigin b = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).EachServer("max_connections = 1")
            .Upstream("balance = \"source_hash\""));
        await using RawClient first = await From(proxy, Addresses[0]);
        await using RawClient second = await From(proxy, Addresses[0]);
        await first.SendGet("/1");
        Task<OriginConnection> atA = a.Accept();
        Task<OriginConnection> atB = b.Accept();
        Task<OriginConnection> arrived = await Task.WhenAny(atA, atB);
        ScriptedOrigin other = arrived == atA ? b : a;
        OriginConnection server = await arrived;
        Assert.StartsWith("GET /1 ", await server.ReadRequest(), StringComparison.Ordinal);
        await second.SendGet("/2");
        await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);
        Assert.Equal(0, other.ConnectionCount);

        // Some address belongs to the other server, which is free.
        foreach (IPAddress address in Addresses)
        {
            await using RawClient third = await From(proxy, address);
            await third.SendGet("/3");
            Task<OriginConnection> otherArrived = arrived == atA ? atB : atA;
            await Deadline.Until(async () => otherArrived.IsCompleted || await proxy.Metric("nativeproxy_queue_waiting") > 1,
                () => "the request to arrive or to wait");
            if (!otherArrived.IsCompleted)
            {
                third.Close();
                await proxy.WaitForMetric("nativeproxy_queue_waiting", 1);
                continue;
            }
            await (await otherArrived).Answer();
            Assert.Equal("ok", (await third.ReadResponse()).Body);
            break;
        }
        Assert.Equal(1, other.ConnectionCount);
        await server.Send(OriginConnection.Ok);
        Assert.Equal("ok", (await first.ReadResponse()).Body);
        Assert.StartsWith("GET /2 ", await server.Answer(), StringComparison.Ordinal);
        Assert.Equal("ok", (await second.ReadResponse()).Body);
    }

    private static async Task<string> AskThrough(ProxyUnderTest proxy, string address)
    {
        await using RawClient client = await proxy.Connect();
        await client.Send($"PROXY TCP4 {address} 127.0.0.1 4711 80\r\n" + RawClient.Get());
        return (await client.ReadResponse()).Body;
    }

    private static async Task<Dictionary<IPAddress, string>> AskFromAll(ProxyUnderTest proxy, string fields = "")
    {
        var owners = new Dictionary<IPAddress, string>();
        foreach (IPAddress address in Addresses)
        {
            await using RawClient client = await From(proxy, address);
            owners.Add(address, (await client.Ask("/", fields)).Body);
            Assert.Equal(owners[address], (await client.Ask("/", fields)).Body);
        }
        return owners;
    }

    private static Task<RawClient> From(ProxyUnderTest proxy, IPAddress address) => RawClient.Connect(proxy.Port(), from: address);

    private static string Response(char name) => $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}";

    private static ScriptedOrigin Named(char name) => ScriptedOrigin.Answering(Response(name));
}
