using System;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ClientSide;

/// <summary>The second request of a connection is dealt with exactly as a first one.</summary>
public sealed class RequestIndependenceTests
{
    /// <summary>A request that sets about everything that could stay behind.</summary>
    private const string Loaded =
        "PUT /loaded?x=1 HTTP/1.1\r\nHost: other.example\r\nConnection: x-hop, keep-alive\r\nX-Hop: 1\r\nCookie: a=1; b=2\r\n"
        + "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Proto: gopher\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\nExpect: "
        + "100-continue\r\n\r\n"
        + "3\r\nabc\r\n0\r\nX-Trail: 1\r\n\r\n";

    [Fact]
    [Trait("promise", "S0.8")]
    public async Task NothingOfARequestLeaksIntoTheNextOne()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("upgrade = [\"websocket\"]"));
        string alone = await PlainRequest(origin, proxy, before: null);
        foreach (string before in (string[])[Loaded, "GET http://absolute.example/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"])
        {
            Assert.Equal(alone, await PlainRequest(origin, proxy, before));
        }
    }

    [Fact]
    [Trait("promise", "S0.8")]
    public async Task AFailedRequestWithRetries_LeavesNothingForTheNextOne()
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(dead.Address, origin.Address));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 4; i++)
            Assert.Equal(200, (await client.Ask("/" + i)).Status);

        // Round robin: each second request is tried on the dead server first. Its retry must not show in the line of the next one.
        string[] retries = [.. (await proxy.Output.WaitForCount(4))
            .Select(line => Regex.Match(line, @" \d+/\d+/\d+/\d+/(\d+) 0/0 ").Groups[1].Value)];
        Assert.Equal(["1", "0", "1", "0"], retries);
    }

    [Fact]
    [Trait("promise", "S0.9")]
    public async Task TheSecondRequestIsParsedRoutedAndLoggedAsAFirstOne_AndItsNumberIsKnown()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 3; i++)
            await client.Ask("/same");
        string[] lines = [.. await proxy.Output.WaitForCount(3)];
        Assert.Single(lines.Select(line => Regex.Match(line, "web app/a .* 200 .* \"GET /same HTTP/1.1\"").Success).Distinct());
        Assert.Equal(["1", "2", "3"], lines.Select(line => Regex.Match(line, @" cc=\d+/(\d+)/").Groups[1].Value));
        Assert.Single(origin.Requests.Select(request => request.Request).Distinct());
        await using RawClient second = await proxy.Connect();
        await second.SendGet("/bad target");
        Assert.Equal(400, (await second.ReadResponse()).Status);
        await client.SendGet("/bad target");
        Assert.Equal(400, (await client.ReadResponse()).Status);
    }

    /// <summary>
    /// What the origin sees of a plain GET, and what the client sees of its response, after another request on the same connection.
    /// </summary>
    private static async Task<string> PlainRequest(ScriptedOrigin origin, ProxyUnderTest proxy, string? before)
    {
        await using RawClient client = await proxy.Connect();
        OriginConnection? server = null;
        if (before is not null)
        {
            await client.Send(before);
            server = await origin.Accept();
            string head = await server.ReadHead();
            if (head.Contains("chunked", StringComparison.Ordinal))
                await server.ReadThrough("0\r\nX-Trail: 1\r\n\r\n");
            await server.Send("HTTP/1.1 404 Gone\r\nX-Loaded: 1\r\nSet-Cookie: a=b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            await server.ExpectFin();
            await client.ReadResponse(before[..before.IndexOf(' ', StringComparison.Ordinal)]);
        }
        await client.SendGet("/plain");
        server = await origin.Accept();
        string request = await server.Answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
        HttpResponse response = await client.ReadResponse();
        return request + response.Head + response.Body;
    }
}
