using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>What counts first when cookie, address and health say different things.</summary>
public sealed class StickinessOrderTests
{
    private static readonly string[] Insert = ["mode = \"insert\"", "name = \"SERVERID\"", "indirect = true"];
    private static readonly IPAddress[] Addresses = [.. Enumerable.Range(2, 12).Select(i => IPAddress.Parse($"127.0.{i}.{i}"))];

    [Fact]
    [Trait("promise", "S2.12")]
    [Trait("promise", "ARCH-5")]
    public async Task CookieWinsOverTheSourceHash_WithoutItTheAddressDecides()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b)
            .Upstream(["balance = \"source_hash\"", "[upstream.cookie]", .. Insert]));
        var byAddress = new HashSet<string>();
        foreach (IPAddress address in Addresses)
        {
            await using RawClient client = await RawClient.Connect(proxy.Port(), from: address);
            HttpResponse first = await client.Ask();
            Assert.Equal(first.Body, (await client.Ask()).Body);
            Assert.Equal($"SERVERID={first.Body}; Path=/", first.Field("Set-Cookie"));
            foreach (string server in (string[])["a", "b", "a"])
                Assert.Equal(server, (await client.Ask("/", $"Cookie: SERVERID={server}\r\n")).Body);
            Assert.Equal(first.Body, (await client.Ask("/", "Cookie: SERVERID=nobody\r\n")).Body);
            byAddress.Add(first.Body);
        }
        Assert.Equal(2, byAddress.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("promise", "ARCH-1")]
    [Trait("layer", "no")] // health checks, which no loop carries, speak no records
    public async Task FourServersWithCookieAndHttpCheck_UsersOfADeadOneGetAnotherAndItsCookie(int workers)
    {
        string down = "";
        ScriptedOrigin[] origins = [.. "abcd".Select(name => ScriptedOrigin.Answering(request =>
            request.StartsWith("GET /check ", StringComparison.Ordinal) && down.Contains(name, StringComparison.Ordinal)
                ? "HTTP/1.1 500 Dead\r\nContent-Length: 0\r\n\r\n"
                : $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}"))];
        ProxyConfig config = ProxyConfig.For([.. origins.Select(origin => origin.Address)]).WithWorkers(workers).Upstream(
            ["[upstream.cookie]", .. Insert, "[upstream.health]", "type = \"http\"", "path = \"/check\"", "interval = \"50ms\"", "timeout = \"5s\""]);
        await using (ProxyUnderTest proxy = await ProxyUnderTest.Start(config))
        {
            // Each user is given the cookie of the server that answered first, and goes there from then on; the server never sees it.
            foreach (string user in (string[])["a", "b", "c", "d"])
            {
                Assert.Equal($"SERVERID={user}; Path=/", await CookieOfUserAt(proxy, user));
                for (int i = 0; i < 3; i++)
                    Assert.Equal((user, null), await Ask(proxy, user));
            }
            Assert.DoesNotContain(origins[0].Requests, request => request.Request.Contains("SERVERID", StringComparison.Ordinal));

            down = "a";
            await proxy.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"a\"}", 0);
            for (int i = 0; i < 6; i++)
            {
                (string server, string? cookie) = await Ask(proxy, "a");
                Assert.Contains(server, (string[])["b", "c", "d"]);
                Assert.Equal($"SERVERID={server}; Path=/", cookie);
            }
            Assert.Equal(("c", null), await Ask(proxy, "c"));
            Assert.Equal("--DI", await State(proxy, "SERVERID=a"));
            Assert.Equal("--VN", await State(proxy, "SERVERID=c"));
            Assert.Equal("--II", await State(proxy, "SERVERID=nobody"));
        }
        foreach (ScriptedOrigin origin in origins)
            await origin.DisposeAsync();
    }

    /// <summary>New users come until one is sent to this server. Returns the cookie that one is given.</summary>
    private static async Task<string?> CookieOfUserAt(ProxyUnderTest proxy, string server)
    {
        string? cookie = null;
        await Deadline.Until(
            async () =>
            {
                HttpResponse response = await proxy.AskOnce();
                cookie = response.Field("Set-Cookie");
                return response.Body == server;
            },
            () => "a user at server " + server);
        return cookie;
    }

    private static async Task<(string Server, string? SetCookie)> Ask(ProxyUnderTest proxy, string cookie)
    {
        await using RawClient client = await proxy.Connect();
        HttpResponse response = await client.Ask("/", $"Cookie: SERVERID={cookie}\r\n");
        return (response.Body, response.Field("Set-Cookie"));
    }

    /// <summary>The termination state that the log has for a request with this cookie.</summary>
    private static async Task<string> State(ProxyUnderTest proxy, string cookie)
    {
        await using RawClient client = await proxy.Connect();
        await client.Ask("/state-of-" + cookie, $"Cookie: {cookie}\r\n");
        return (await proxy.Output.WaitFor("/state-of-" + cookie)).Split(' ')[9];
    }

    private static ScriptedOrigin Named(char name) => ScriptedOrigin.Answering($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}");
}
