using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Every final response has a Date (RFC 9110 6.6.1): the server's as it is, else the time at which the proxy got or gave it.</summary>
public sealed class DateTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "GET")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "GET")]
    [InlineData("HTTP/1.0 200 OK\r\n\r\nok", "GET")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "HEAD")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", "GET")]
    [InlineData("HTTP/1.1 304 Not Modified\r\n\r\n", "GET")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "GET")]
    [InlineData("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "GET")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: date\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n", "GET")]
    public async Task AResponseWithoutDate_GetsThePresentOne(string response, string method)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect(showsDate: true);
        await client.Send($"{method} / HTTP/1.1\r\nHost: h\r\n\r\n");
        OriginConnection server = await origin.Accept();
        await server.Answer(response);
        server.Close();
        ExpectDateOfNow(await client.ReadHead());
    }

    [Theory]
    [InlineData("Date: Sun, 06 Nov 1994 08:49:37 GMT")]
    [InlineData("date:Sunday, 06-Nov-94 08:49:37 GMT")]
    [InlineData("DATE: not a date")]
    [InlineData("Date: ")]
    public async Task AServersOwnDate_IsLeftAlone(string line)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering($"HTTP/1.1 200 OK\r\n{line}\r\nContent-Length: 2\r\n\r\nok");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect(showsDate: true);
        Assert.Equal($"HTTP/1.1 200 OK\r\n{line}\r\nContent-Length: 2\r\n\r\n", (await client.Ask()).Head);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("HEAD / HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505)]
    [InlineData("CONNECT h:1 HTTP/1.1\r\nHost: h:1\r\n\r\n", 405)]
    [InlineData("GET / HTTP/1.1\r\nHost: h\r\n\r\n", 502)]
    [InlineData("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n", 413)]
    [InlineData("GET / HTTP/1.1\r\nHo", 408)]
    public async Task AnAnswerOfTheProxysOwn_HasOne(string request, int status)
    {
        using var dead = new DeadServer();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(dead.Address)
            .Listener("limits.body_bytes = 50", "timeouts.request_header = \"200ms\""));
        await using RawClient client = await proxy.Connect(showsDate: true);
        await client.Send(request);
        string head = await client.ReadHead();
        Assert.StartsWith($"HTTP/1.1 {status} ", head, StringComparison.Ordinal);
        ExpectDateOfNow(head);
    }

    [Fact]
    public async Task InterimResponsesAndSwitches_GetNone()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("upgrade = [\"websocket\"]"));
        await using RawClient client = await proxy.Connect(showsDate: true);
        await client.SendGet("/", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
        OriginConnection server = await origin.Accept();
        await server.ReadHead();
        await server.Send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
            + "websocket\r\n\r\n");
        Assert.Equal("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", await client.ReadHead());
        Assert.Equal("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", await client.ReadHead());
        client.Close();
        await server.ExpectEnd();
        server.Close();
    }

    [Fact]
    public async Task TheDateMovesOnWithTheClock()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect(showsDate: true);
        string? first = (await client.Ask()).Field("Date");
        await Deadline.Until(async () => (await client.Ask()).Field("Date") != first, () => "another second");
    }

    [Fact]
    public async Task AKeptResponseWithoutDate_SaysWhenItCame_NotWhenItIsGivenAgain()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nCache-Control: max-age=100\r\nContent-Length: 2\r\n\r\nok");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream("cache.bytes = \"1MiB\""));
        await using RawClient client = await proxy.Connect(showsDate: true);
        await client.Ask();
        string? first = (await client.Ask()).Field("Date");
        Assert.True(AddedDate.IsOfNow(first!), first);
        await Deadline.Until(async () => (await client.Ask()).Field("Age") is not "0", () => "the response to age");
        Assert.Equal(first, (await client.Ask()).Field("Date"));
        Assert.Single(origin.Requests);
    }

    private static void ExpectDateOfNow(string head)
    {
        string date = Assert.Single(HttpResponse.FieldsOf(head, "Date"));
        Assert.True(AddedDate.IsOfNow(date), head);
        Assert.Contains($"\r\nDate: {date}\r\n", head, StringComparison.Ordinal);
    }
}
