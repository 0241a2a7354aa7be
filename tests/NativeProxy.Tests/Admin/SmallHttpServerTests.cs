using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.Admin;
using NativeProxy.Http1;
using NativeProxy.Tests.Hosting;
using NativeProxy.Tests.Transport;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Admin;

public class SmallHttpServerTests
{
    [Fact]
    public async Task RequestsOfOneConnection_AreAnsweredInTurn()
    {
        using var test = new LoopUnderTest();
        using Socket client = Peers.Connect(await Serve(test));

        for (int i = 0; i < 3; i++)
        {
            client.SendText($"GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n");
            (string head, string body) = client.ReadMessage();
            Assert.StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", head, StringComparison.Ordinal);
            Assert.DoesNotContain("Connection:", head, StringComparison.Ordinal);
            Assert.Equal($"Get /{i}", body);
        }

        client.Dispose();
        await test.AssertEmpty();
    }

    [Fact]
    public async Task PipelinedRequests_AreAllAnsweredInOrder()
    {
        using var test = new LoopUnderTest();
        using Socket client = Peers.Connect(await Serve(test));

        client.SendText(string.Concat(Enumerable.Range(0, 20).Select(static i => $"GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n")));

        for (int i = 0; i < 20; i++)
            Assert.Equal($"Get /{i}", client.ReadMessage().Body);
        client.Dispose();
        await test.AssertEmpty();
    }

    [Fact]
    public async Task HeadInPieces_IsAnsweredOnce()
    {
        using var test = new LoopUnderTest();
        using Socket client = Peers.Connect(await Serve(test));

        foreach (char one in "GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            client.SendText(one.ToString());

        Assert.EndsWith("\r\n\r\nGet /slow", Encoding.ASCII.GetString(client.ReadToEnd()), StringComparison.Ordinal);
        client.Dispose();
        await test.AssertEmpty();
    }

    [Fact]
    public async Task Head_GetsTheHeadAlone()
    {
        using var test = new LoopUnderTest();
        using Socket client = Peers.Connect(await Serve(test));

        client.SendText("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

        string answer = Encoding.ASCII.GetString(client.ReadToEnd());
        Assert.Contains("\r\nContent-Length: 7\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
        client.Dispose();
        await test.AssertEmpty();
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ")]
    [InlineData("GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ")]
    [InlineData("bad request\r\n\r\n", "HTTP/1.1 400 ")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 400 ")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400 ")]
    public async Task LastRequest_IsAnsweredThenTheConnectionEnds(string request, string expected)
    {
        using var test = new LoopUnderTest();
        using Socket client = Peers.Connect(await Serve(test));

        client.SendText(request + "GET /never HTTP/1.1\r\nHost: a\r\n\r\n");

        string answer = Encoding.ASCII.GetString(client.ReadToEnd());
        Assert.StartsWith(expected, answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("/never", answer, StringComparison.Ordinal);
        client.Dispose();
        await test.AssertEmpty();
    }

    [Fact]
    public async Task Http10WithKeepAlive_StaysOpen()
    {
        using var test = new LoopUnderTest();
        using Socket client = Peers.Connect(await Serve(test));

        for (int i = 0; i < 2; i++)
        {
            client.SendText("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            Assert.Equal("Get /", client.ReadMessage().Body);
        }

        client.Dispose();
        await test.AssertEmpty();
    }

    [Fact]
    public async Task EndlessHead_IsRefused()
    {
        using var test = new LoopUnderTest();
        using Socket client = Peers.Connect(await Serve(test));

        client.SendText("GET / HTTP/1.1\r\nHost: a\r\nX: " + new string('x', 9000));

        Assert.StartsWith("HTTP/1.1 400 ", Encoding.ASCII.GetString(client.ReadToEnd()), StringComparison.Ordinal);
        client.Dispose();
        await test.AssertEmpty();
    }

    [Fact]
    public async Task LargeAnswersToAClientThatDoesNotRead_WaitForItAndArriveWhole()
    {
        using var test = new LoopUnderTest();
        using Socket client = Peers.Connect(await Serve(test, answerBytes: 600_000));

        // The answers exceed what kernel and queue take; the pause must hold the later requests back.
        for (int i = 0; i < 40; i++)
            client.SendText("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        for (int i = 0; i < 40; i++)
            Assert.Equal(600_000, client.ReadMessage().Body.Length);
        client.Dispose();
        await test.AssertEmpty();
    }

    [Fact]
    public async Task ConnectionsPastTheLimit_WaitForTheirTurn()
    {
        using var test = new LoopUnderTest();
        IPEndPoint server = await Serve(test, connectionsMax: 1);
        using Socket first = Peers.Connect(server);
        using Socket second = Peers.Connect(server);
        first.SendText("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
        second.SendText("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal("Get /1", first.ReadMessage().Body);
        Assert.Equal(1, await test.Run(() => test.Loop.ConnectionCount));

        first.Dispose();

        Assert.Equal("Get /2", second.ReadMessage().Body);
        second.Dispose();
        await test.AssertEmpty();
    }

    private static async Task<IPEndPoint> Serve(LoopUnderTest test, int connectionsMax = 10, int answerBytes = 0)
    {
        Socket listening = Peers.Listen();
        var server = new SmallHttpServer(test.Loop, new Echo(answerBytes), connectionsMax);
        await test.Run(() => server.Listen(test.Loop.Listen(listening, server, SocketTuning.Default)));
        return (IPEndPoint)listening.LocalEndPoint!;
    }

    /// <summary>Answers with method and target, or with so many bytes.</summary>
    private sealed class Echo(int answerBytes) : IResponder
    {
        public SmallResponse Respond(HttpMethod method, ReadOnlySpan<byte> target) => new(
            200, "text/plain", answerBytes > 0 ? new byte[answerBytes] : Encoding.ASCII.GetBytes($"{method} {Encoding.ASCII.GetString(target)}"));
    }
}
