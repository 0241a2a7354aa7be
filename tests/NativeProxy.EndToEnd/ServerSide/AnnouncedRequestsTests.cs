using System;
using System.Globalization;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Servers of HTTP that are told of their clients by a PROXY header: a connection that begins with one is nobody else's.</summary>
[Trait("layer", "no")] // the header stands before the first record, and the servers of these scenes read records only
public sealed class AnnouncedRequestsTests
{
    private static readonly IPAddress FirstClient = IPAddress.Parse("127.0.5.5");

    private static readonly IPAddress OtherClient = IPAddress.Parse("127.0.5.6");

    [Theory]
    [InlineData("v1")]
    [InlineData("v2")]
    public async Task Connection_CarriesTheRequestsOfOneClient_AndBeginsWithItsName(string version)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream($"proxy_protocol = \"{version}\""));
        await using RawClient first = await RawClient.Connect(proxy.Port(), from: FirstClient);
        OriginConnection ofFirst = await Begin(first, origin, HeaderOf(version, FirstClient, first, proxy));
        await using RawClient other = await RawClient.Connect(proxy.Port(), from: OtherClient);
        OriginConnection ofOther = await Begin(other, origin, HeaderOf(version, OtherClient, other, proxy));

        for (int i = 0; i < 3; i++)
        {
            await AskAgain(first, ofFirst);
            await AskAgain(other, ofOther);
        }
        Assert.Equal(2, origin.ConnectionCount);
    }

    [Fact]
    [Trait("close", "server:announced_client_left")]
    public async Task ClientThatLeaves_TakesItsConnectionWithIt()
    {
        await using CloseScene scene = await CloseScene.Start(config => config.Upstream("proxy_protocol = \"v1\""));
        await scene.Client.SendGet();
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadThrough("\r\nHost: test\r\n");
        await server.ReadThrough("\r\n\r\n");
        await server.Send(OriginConnection.Ok);
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        scene.Client.Close();
        await server.ExpectFin();
        await scene.ExpectClose("server", "announced_client_left", "proxy");
    }

    /// <summary>A trusted proxy speaks for many: each of them is a client of its own.</summary>
    [Fact]
    public async Task ClientOfATrustedProxy_IsTheOneThatIsAnnounced()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Listener("forwarded.trusted = [\"127.0.0.0/8\"]").Upstream("proxy_protocol = \"v1\""));
        await using RawClient balancer = await proxy.Connect();
        OriginConnection ofOne = await Begin(balancer, origin, Line("10.1.1.1", 0, proxy), "X-Forwarded-For: 10.1.1.1\r\n");
        await AskAgain(balancer, ofOne, "X-Forwarded-For: 10.1.1.1\r\n");
        OriginConnection ofOther = await Begin(balancer, origin, Line("10.1.1.2", 0, proxy), "X-Forwarded-For: 10.1.1.2\r\n");
        await ofOne.ExpectFin();
        await AskAgain(balancer, ofOther, "X-Forwarded-For: 10.1.1.2\r\n");
    }

    [Fact]
    public async Task ServerWithoutTheKey_SharesItsConnections_BesideOneThatHasIt()
    {
        await using ScriptedOrigin plain = ScriptedOrigin.Answering();
        await using ScriptedOrigin told = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(plain).AddUpstream("told", told.Address)
            .OwnServers("proxy_protocol = \"v1\"").Route("path_prefix = [\"/told\"]", "upstream = \"told\"")
            .Route("path_prefix = [\"/\"]", "upstream = \"app\""));
        for (int i = 0; i < 3; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.Equal(1, plain.ConnectionCount);
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/told");
        OriginConnection server = await told.Accept();
        string header = Line("127.0.0.1", client.LocalPort, proxy);
        Assert.Equal(header, await server.Read(header.Length));
        await server.Answer();
        Assert.Equal(200, (await client.ReadResponse()).Status);
    }

    /// <summary>What the server was told must stay true over a reload.</summary>
    [Fact]
    public async Task ReloadThatChangesTheHeader_EndsIdleConnections()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin));
        await using RawClient client = await proxy.Connect();
        OriginConnection before = await Begin(client, origin, "");
        await proxy.Reload(ProxyConfig.For(origin).Upstream("proxy_protocol = \"v1\""));
        await before.ExpectFin();
        await Begin(client, origin, Line("127.0.0.1", client.LocalPort, proxy));
    }

    /// <summary>The first request of a client, on a connection of its own.</summary>
    private static async Task<OriginConnection> Begin(RawClient client, ScriptedOrigin origin, string header, string fields = "")
    {
        await client.SendGet("/", fields);
        OriginConnection server = await origin.Accept();
        Assert.Equal(header + "GET / HTTP/1.1\r\n", await server.Read(header.Length + 16));
        await server.ReadThrough("\r\n\r\n");
        await server.Send(OriginConnection.Ok);
        Assert.Equal(200, (await client.ReadResponse()).Status);
        return server;
    }

    private static async Task AskAgain(RawClient client, OriginConnection server, string fields = "")
    {
        await client.SendGet("/again", fields);
        Assert.StartsWith("GET /again HTTP/1.1\r\n", await server.Answer(), StringComparison.Ordinal);
        Assert.Equal(200, (await client.ReadResponse()).Status);
    }

    private static string HeaderOf(string version, IPAddress address, RawClient client, ProxyUnderTest proxy)
    {
        byte[] bytes = address.GetAddressBytes();
        return version == "v1"
            ? Line(address.ToString(), client.LocalPort, proxy)
            : "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + string.Concat((char)bytes[0], (char)bytes[1], (char)bytes[2]) + (char)bytes[3]
                + "\x7f\0\0\x01" + Number(client.LocalPort) + Number(proxy.Port());
    }

    private static string Line(string address, int port, ProxyUnderTest proxy) =>
        string.Create(CultureInfo.InvariantCulture, $"PROXY TCP4 {address} 127.0.0.1 {port} {proxy.Port()}\r\n");

    private static string Number(int value) => string.Concat((char)(value >> 8), (char)(value & 255));
}
