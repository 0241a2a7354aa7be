using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary><c>prefer_last_server</c>: a client connection stays with the server of its previous request.</summary>
public sealed class PreferLastServerTests
{
    private const string Prefer = "prefer_last_server = true";

    [Theory]
    [Trait("promise", "S0.14")]
    [InlineData(true, "aaaa", "bbbb")]
    [InlineData(false, "acac", "bdbd")]
    public async Task ClientConnection_StaysWithItsServer_ByOptionOnly(bool prefers, string first, string second)
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ScriptedOrigin c = Named('c');
        await using ScriptedOrigin d = Named('d');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b, c, d)
            .Upstream($"prefer_last_server = {(prefers ? "true" : "false")}"));
        await using RawClient one = await proxy.Connect();
        await using RawClient two = await proxy.Connect();
        string ofOne = "";
        string ofTwo = "";
        for (int i = 0; i < 4; i++)
        {
            ofOne += (await one.Ask()).Body;
            ofTwo += (await two.Ask()).Body;
        }
        Assert.Equal((first, second), (ofOne, ofTwo));
    }

    [Fact]
    [Trait("promise", "S0.14")]
    public async Task NextClientConnection_IsBalanced()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).Upstream(Prefer));
        string[] bodies = [(await proxy.AskOnce()).Body, (await proxy.AskOnce()).Body, (await proxy.AskOnce()).Body];
        Assert.Equal(["a", "b", "a"], bodies);
    }

    [Fact]
    [Trait("promise", "S0.14")]
    public async Task Cookie_WinsOverTheLastServer()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b)
            .Upstream(Prefer, "cookie.mode = \"insert\"", "cookie.name = \"S\""));
        await using RawClient client = await proxy.Connect();
        Assert.Equal("a", (await client.Ask()).Body);
        Assert.Equal("b", (await client.Ask("/", "Cookie: S=b\r\n")).Body);
        Assert.Equal("b", (await client.Ask()).Body);
    }

    [Fact]
    [Trait("promise", "S0.14")]
    public async Task ServerWithoutRoom_GivesWayToBalance()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Driven();
        await using ScriptedOrigin b = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).Upstream(Prefer).EachServer("max_connections = 1"));
        await using RawClient first = await proxy.Connect();
        await using RawClient second = await proxy.Connect();
        await first.SendGet("/1");
        OriginConnection atA = await a.Accept();
        await atA.Answer();
        await first.ReadResponse();
        await second.SendGet("/2");
        OriginConnection atB = await b.Accept();
        await atB.Answer();
        await second.ReadResponse();
        await using RawClient third = await proxy.Connect();
        await third.SendGet("/3");
        Assert.StartsWith("GET /3 ", await atA.ReadRequest(), StringComparison.Ordinal);
        await first.SendGet("/4");
        Assert.StartsWith("GET /4 ", await atB.Answer(), StringComparison.Ordinal);
        Assert.Equal("ok", (await first.ReadResponse()).Body);
        await atA.Send(OriginConnection.Ok);
        Assert.Equal("ok", (await third.ReadResponse()).Body);
    }

    [Fact]
    [Trait("promise", "S0.14")]
    public async Task ServerThatRefusesConnections_GivesWayToAnother_WhichIsThenTheLast()
    {
        await using ScriptedOrigin a = Named('a', "Connection: close\r\n");
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).Upstream(Prefer));
        await using RawClient client = await proxy.Connect();
        Assert.Equal("a", (await client.Ask()).Body);
        await a.DisposeAsync();
        Assert.Equal("b", (await client.Ask()).Body);
        Assert.Equal("b", (await client.Ask()).Body);
        Assert.Equal(1, await proxy.Metric("nativeproxy_retries_total{cause=\"connect_failure\"}"));
    }

    private static ScriptedOrigin Named(char name, string fields = "") =>
        ScriptedOrigin.Answering($"HTTP/1.1 200 OK\r\n{fields}Content-Length: 1\r\n\r\n{name}");
}
