using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary><c>[upstream.stick]</c>: what a table keeps with one server.</summary>
public sealed class StickTableTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task AddressStaysWithItsServer_OnEveryWorker_AndOverAReload(int workers)
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ScriptedOrigin c = Named('c');
        ProxyConfig Config(string more) => ProxyConfig.For(a, b, c).WithWorkers(workers).Upstream(more, "[upstream.stick]", "key = \"client_ip\"");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config(""));
        IPAddress[] addresses = [.. Enumerable.Range(2, 9).Select(i => IPAddress.Parse($"127.0.9.{i}"))];
        var first = new Dictionary<IPAddress, string>();
        foreach (IPAddress address in addresses)
            first[address] = await AskFrom(proxy, address);

        // Turns give each of the three servers its share of new clients.
        Assert.All("abc", name => Assert.Equal(3, first.Values.Count(server => server == name.ToString())));
        for (int round = 0; round < 3; round++)
        {
            foreach (IPAddress address in addresses)
                Assert.Equal(first[address], await AskFrom(proxy, address));
        }

        await proxy.Reload(Config("balance = \"least_connections\""));
        foreach (IPAddress address in addresses)
            Assert.Equal(first[address], await AskFrom(proxy, address));
    }

    [Theory]
    [InlineData("header:X-User", "X-User: VALUE\r\n", "/")]
    [InlineData("cookie:uid", "Cookie: a=b; uid=VALUE\r\n", "/")]
    [InlineData("query:id", "", "/?id=VALUE")]
    public async Task ValueStaysWithItsServer_RequestsWithoutItTakeTurns(string key, string fields, string target)
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).Upstream("[upstream.stick]", $"key = \"{key}\""));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 4; i++)
        {
            string server = await Ask("v" + i);
            Assert.Equal(server, await Ask("v" + i));
            Assert.Equal(server, await Ask("v" + i));
        }
        string order = "";
        for (int i = 0; i < 4; i++)
            order += (await client.Ask()).Body;
        Assert.Contains(order, (string[])["abab", "baba"]);

        async Task<string> Ask(string value) => (await client.Ask(Filled(target, value), Filled(fields, value))).Body;

        static string Filled(string text, string value) => text.Replace("VALUE", value, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("layer", "no")] // health checks, which no loop carries, speak no records
    public async Task EntryWhoseServerIsDown_Moves_AndStaysMoved()
    {
        bool isAUp = true;
        await using ScriptedOrigin a = ScriptedOrigin.Answering(request =>
            request.StartsWith("GET /up ", StringComparison.Ordinal) && !isAUp ? "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" : Response('a'));
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).Upstream("[upstream.stick]", "key = \"header:X-User\"",
            "[upstream.health]", "type = \"http\"", "path = \"/up\"", "interval = \"50ms\"", "timeout = \"5s\""));
        await using RawClient client = await proxy.Connect();
        Assert.Equal("a", (await client.Ask("/", "X-User: u\r\n")).Body);

        isAUp = false;
        await proxy.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"a\"}", 0);
        Assert.Equal("b", (await client.Ask("/", "X-User: u\r\n")).Body);
        isAUp = true;
        await proxy.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"a\"}", 1);

        for (int i = 0; i < 4; i++)
            Assert.Equal("b", (await client.Ask("/", "X-User: u\r\n")).Body);
    }

    [Fact]
    public async Task CookieThatTheServerSets_IsLearned()
    {
        int count = 0;
        ScriptedOrigin Origin(char name) => ScriptedOrigin.Answering(request => request.Contains("SESSION", StringComparison.Ordinal)
            ? Response(name)
            : $"HTTP/1.1 200 OK\r\nSet-Cookie: SESSION=\"s{++count}\"; Path=/\r\nContent-Length: 1\r\n\r\n{name}");
        await using ScriptedOrigin a = Origin('a');
        await using ScriptedOrigin b = Origin('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(a, b).WithWorkers(2).Upstream("[upstream.stick]", "learn_cookie = \"SESSION\""));
        for (int i = 1; i <= 4; i++)
        {
            string server = (await proxy.AskOnce()).Body;
            for (int j = 0; j < 3; j++)
            {
                await using RawClient client = await proxy.Connect();
                Assert.Equal(server, (await client.Ask("/", $"Cookie: x=1; SESSION=s{i}\r\n")).Body);
            }
        }

        // A session that nobody has begun is none.
        string order = "";
        for (int i = 0; i < 4; i++)
        {
            await using RawClient client = await proxy.Connect();
            order += (await client.Ask("/", "Cookie: SESSION=forged\r\n")).Body;
        }
        Assert.Contains(order, (string[])["abab", "baba"]);
    }

    [Fact]
    public async Task CookieOfTheProxy_WinsOverTheTable_WhichWinsOverTheHash()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b)
            .Upstream("balance = \"hash\"", "hash_key = \"header:X-Hash\"", "[upstream.cookie]", "mode = \"insert\"", "name = \"SRV\"",
                "[upstream.stick]", "key = \"header:X-User\""));
        await using RawClient client = await proxy.Connect();
        string ofUser = (await client.Ask("/", "X-User: u\r\n")).Body;
        string other = ofUser == "a" ? "b" : "a";

        // Whatever the hash says, the user stays; the cookie takes him away, and the table follows.
        for (int i = 0; i < 8; i++)
            Assert.Equal(ofUser, (await client.Ask("/", $"X-User: u\r\nX-Hash: {i}\r\n")).Body);
        Assert.Equal(other, (await client.Ask("/", $"X-User: u\r\nCookie: SRV={other}\r\n")).Body);
        Assert.Equal(other, (await client.Ask("/", "X-User: u\r\n")).Body);
    }

    private static async Task<string> AskFrom(ProxyUnderTest proxy, IPAddress address)
    {
        await using RawClient client = await RawClient.Connect(proxy.Port(), from: address);
        return (await client.Ask()).Body;
    }

    private static string Response(char name) => $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}";

    private static ScriptedOrigin Named(char name) => ScriptedOrigin.Answering(Response(name));
}
