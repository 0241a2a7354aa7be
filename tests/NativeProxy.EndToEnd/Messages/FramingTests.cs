using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Where a body ends: by length, by chunks, by close; in both directions and for both versions.</summary>
public sealed class FramingTests
{
    private const string ChunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    [Fact]
    [Trait("promise", "S1.15")]
    public async Task ContentLength_ExactlySoManyBytesAreTheBody_AndTheEndIsRecognised()
    {
        const string body = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\0\xff\r\n0\r\n\r\n";
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.SendGet();
        OriginConnection server = await scene.Origin.Accept();
        await server.Answer($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal(($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n", body), (response.Head, response.Body));
        await scene.Client.SendGet("/next");
        await server.Answer();
        Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
    }

    [Fact]
    [Trait("promise", "S1.15")]
    public async Task ContentLengthZero_EndsWithTheHead()
    {
        await using AnsweringScene scene = await AnsweringScene.Start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        for (int i = 0; i < 3; i++)
            Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", (await scene.Client.Ask()).Head);
        Assert.Equal([1, 1, 1], scene.Origin.RequestConnections);
    }

    [Fact]
    [Trait("promise", "S1.15")]
    public async Task RequestBodyByContentLength_ArrivesWhole_AndTheNextRequestBeginsBehindIt()
    {
        await using AnsweringScene scene = await AnsweringScene.Start();
        string body = "GET /inside HTTP/1.1\r\nHost: x\r\n\r\n";
        await scene.Client.Send(RawClient.Post("/upload", body) + RawClient.Get("/next"));
        await scene.Client.ReadResponse();
        await scene.Client.ReadResponse();
        Assert.Equal(["POST /upload", "GET /next"],
            scene.Origin.Requests.Select(request => request.Request[..request.Request.IndexOf(" HTTP", StringComparison.Ordinal)]));
        Assert.EndsWith("\r\n\r\n" + body, scene.Origin.Requests[0].Request, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("promise", "S1.16")]
    [Trait("promise", "S1.17")]
    [Trait("promise", "S3.6")]
    [InlineData("3\r\nabc\r\n0\r\n\r\n", "abc")]
    [InlineData("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", "abc0123456789")]
    [InlineData("003\r\nabc\r\n000\r\n\r\n", "abc")]
    [InlineData("3;ext\r\nabc\r\n0;last\r\n\r\n", "abc")]
    [InlineData("3;name=token;other=1\r\nabc\r\n0\r\n\r\n", "abc")]
    [InlineData("3;name=\"a;b=c\"\r\nabc\r\n0\r\n\r\n", "abc")]
    [InlineData("3 ; name = \"q\\\"uote; \"\r\nabc\r\n0\r\n\r\n", "abc")]
    [InlineData("2\r\n\r\n\r\n0\r\n\r\n", "\r\n")]
    [InlineData("0\r\n\r\n", "")]
    public async Task ChunkedResponse_IsReadWithItsExtensions_AndTheLastChunkEndsIt(string chunks, string body)
    {
        await using AnsweringScene scene = await AnsweringScene.Start(ChunkedHead + chunks);
        for (int i = 0; i < 2; i++)
        {
            HttpResponse response = await scene.Client.Ask();
            Assert.Equal((body, true), (response.Body, response.IsChunked));
            Assert.DoesNotContain(";", response.RawBody, StringComparison.Ordinal);
        }
        Assert.Equal([1, 1], scene.Origin.RequestConnections);
    }

    [Fact]
    [Trait("promise", "S1.17")]
    public async Task ChunkExtensionsWithoutEnd_AreRefused()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.SendGet();
        OriginConnection server = await scene.Origin.Accept();
        await server.Answer(ChunkedHead + "3;" + new string('x', 200_000));
        string received = (await scene.Client.ReadToEnd()).Text;
        Assert.DoesNotContain("0\r\n\r\n", received, StringComparison.Ordinal);
        await server.ExpectEnd();
    }

    [Fact]
    [Trait("promise", "S1.18")]
    public async Task ResponseTrailers_AreForwarded_AndNeverTakenForTheNextMessage()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(ChunkedHead
            + "3\r\nabc\r\n0\r\nX-Checksum: 12\r\nX-Other: HTTP/1.1 200 OK\r\n\r\n");
        for (int i = 0; i < 3; i++)
        {
            HttpResponse response = await scene.Client.Ask();
            Assert.Equal(("abc", "X-Checksum: 12\r\nX-Other: HTTP/1.1 200 OK\r\n"), (response.Body, response.Trailers));
        }
        Assert.Equal([1, 1, 1], scene.Origin.RequestConnections);
    }

    [Fact]
    [Trait("promise", "S1.18")]
    public async Task RequestTrailers_AreForwarded_ButNotFieldsThatWouldChangeTheMessage()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.Send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\nContent-Length: "
            + "7\r\nHost: evil\r\n\r\n" + RawClient.Get("/next"));
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadHead();
        Assert.Equal("3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n", await server.ReadThrough("0\r\nX-Sum: 1\r\n\r\n"));
        await server.Send(OriginConnection.Ok);
        Assert.StartsWith("GET /next ", await server.Answer(), StringComparison.Ordinal);
        await scene.Client.ReadResponse();
        await scene.Client.ReadResponse();
    }

    [Theory]
    [Trait("promise", "S1.18")]
    [InlineData("", "X-Sum: 1\r\nX-Other: HTTP/1.1 200 OK\r\n")]
    [InlineData("trailers = \"forward\"", "X-Sum: 1\r\nX-Other: HTTP/1.1 200 OK\r\n")]
    [InlineData("trailers = \"drop\"", "")]
    public async Task TrailersOfBothDirections_PassAsTheListenerSays_AndAreNeverTakenForTheNextMessage(string listenerLine, string passed)
    {
        const string chunks = "3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Other: HTTP/1.1 200 OK\r\n\r\n";
        await using DrivenScene scene = await DrivenScene.Start(listenerLine);
        OriginConnection? server = null;
        for (int i = 0; i < 2; i++)
        {
            await scene.Client.Send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + RawClient.Get("/next"));
            server ??= await scene.Origin.Accept();
            await server.ReadHead();
            string whole = $"3\r\nabc\r\n0\r\n{passed}\r\n";
            Assert.Equal(whole, await server.Read(whole.Length));
            await server.Send(ChunkedHead + chunks);
            HttpResponse response = await scene.Client.ReadResponse();
            Assert.Equal(("abc", passed), (response.Body, response.Trailers));
            Assert.StartsWith("GET /next HTTP/1.1\r\n", await server.Answer(), StringComparison.Ordinal);
            Assert.Equal("ok", (await scene.Client.ReadResponse()).Body);
        }
        Assert.Equal(1, scene.Origin.ConnectionCount);
    }

    [Theory]
    [Trait("promise", "S1.18")]
    [InlineData("forward")]
    [InlineData("drop")]
    public async Task MalformedTrailers_AreRefusedWhateverTheListenerSays(string policy)
    {
        await using DrivenScene scene = await DrivenScene.Start($"trailers = \"{policy}\"");
        await scene.Client.Send(
            "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum : 1\r\n\r\n" + RawClient.Get("/smuggled"));
        Assert.Equal((400, "close"), await StatusAndConnection(scene.Client));
        await scene.Client.ExpectFin();
    }

    [Fact]
    [Trait("promise", "S1.18")]
    public async Task TrailersToAnHttp10Client_AreDropped()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(ChunkedHead + "3\r\nabc\r\n0\r\nX-Checksum: 12\r\n\r\n");
        await scene.Client.Send("GET / HTTP/1.0\r\n\r\n");
        Assert.Equal("abc", (await scene.Client.ReadResponse()).Body);
    }

    [Fact]
    [Trait("promise", "S1.19")]
    public async Task EverythingByteByByte_GivesTheSameResult()
    {
        const string chunks = "3;x=\"y\"\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nX-T: 1\r\n\r\n";
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.SendByteByByte("PUT / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadHead();
        string upload = await server.ReadThrough("0\r\nX-T: 1\r\n\r\n");
        Assert.Equal("abc0123456789abcdef", Dechunked(upload));
        await server.SendByteByByte(ChunkedHead + chunks);
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal(("abc0123456789abcdef", "X-T: 1\r\n"), (response.Body, response.Trailers));
        await scene.Client.SendGet("/next");
        await server.Answer();
        await scene.Client.ReadResponse();
    }

    [Fact]
    [Trait("promise", "S1.19")]
    public async Task ChunkedResponseCutAtEveryByte_GivesTheSameResult()
    {
        const string whole = ChunkedHead + "3;x=\"y\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n";
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).AddUpstream("other", other.Address).AddListener("other", "other"));
        await using RawClient client = await proxy.Connect();
        await using RawClient between = await proxy.Connect("other");
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        for (int cut = 1; cut < whole.Length; cut++)
        {
            await server.ReadRequest();
            await server.Send(whole[..cut]);

            // An exchange of somebody else lies between the halves, so that they arrive apart.
            await between.Ask();
            await server.Send(whole[cut..]);
            HttpResponse response = await client.ReadResponse();
            Assert.Equal(("abc0123456789", "X-T: 1\r\n"), (response.Body, response.Trailers));
            await client.SendGet();
        }
    }

    [Theory]
    [Trait("promise", "S1.20")]
    [Trait("promise", "S3.5")]
    [InlineData("1.0")]
    [InlineData("1.1")]
    public async Task UnknownLength_IsChunkedToA11Client_AndKeepsItsConnection(string originVersion)
    {
        await using DrivenScene scene = await DrivenScene.Start();
        for (int i = 0; i < 2; i++)
        {
            await scene.Client.SendGet();
            OriginConnection server = await scene.Origin.Accept();
            await server.Answer($"HTTP/{originVersion} 200 OK\r\n\r\nhello ");
            Assert.Equal("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", await scene.Client.ReadHead());
            Assert.Equal("6\r\nhello \r\n", await scene.Client.ReadThrough("hello \r\n"));
            await server.Send("world");
            server.Close();
            Assert.Equal("5\r\nworld\r\n0\r\n\r\n", await scene.Client.Read(15));
        }
    }

    [Theory]
    [Trait("promise", "S1.20")]
    [Trait("promise", "S3.5")]
    [InlineData("1.0", "")]
    [InlineData("1.1", "")]
    [InlineData("1.1", "Transfer-Encoding: chunked\r\n")]
    public async Task UnknownLength_IsDelimitedByCloseToA10Client(string originVersion, string framing)
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.Send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        OriginConnection server = await scene.Origin.Accept();
        await server.Answer($"HTTP/{originVersion} 200 OK\r\n{framing}\r\n{(framing == "" ? "hello" : "5\r\nhello\r\n0\r\n\r\n")}");
        server.Close();
        Assert.Equal(("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", StreamEnd.Fin), await scene.Client.ReadToEnd());
    }

    [Fact]
    [Trait("promise", "S3.4")]
    public async Task Http10ResponseWithContentLength_EndsByLength_AndBothConnectionsCanPersist()
    {
        await using AnsweringScene scene = await AnsweringScene.Start("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok");
        for (int i = 0; i < 3; i++)
            Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", (await scene.Client.Ask()).Head);
        Assert.Equal([1, 1, 1], scene.Origin.RequestConnections);
    }

    [Fact]
    [Trait("promise", "S3.7")]
    public async Task Http11Response_IsReadByLength_AndWithoutLengthToTheClose()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await scene.Client.SendGet("/by-length");
        OriginConnection server = await scene.Origin.Accept();
        await server.Answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
        Assert.Equal("abc", (await scene.Client.ReadResponse()).Body);
        await scene.Client.SendGet("/to-close");
        await server.Answer("HTTP/1.1 200 OK\r\n\r\nabc");
        await server.Send("def");
        server.HalfClose();
        Assert.Equal("abcdef", (await scene.Client.ReadResponse()).Body);
        await server.ExpectFin();
    }

    private static async Task<(int Status, string? Connection)> StatusAndConnection(RawClient client)
    {
        HttpResponse response = await client.ReadResponse();
        return (response.Status, response.Connection);
    }

    private static string Dechunked(string chunks)
    {
        string body = "";
        while (true)
        {
            int lineEnd = chunks.IndexOf("\r\n", StringComparison.Ordinal);
            int size = Convert.ToInt32(chunks[..lineEnd], 16);
            if (size == 0)
                return body;
            body += chunks.Substring(lineEnd + 2, size);
            chunks = chunks[(lineEnd + 4 + size)..];
        }
    }
}
