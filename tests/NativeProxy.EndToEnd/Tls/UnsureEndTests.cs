using System;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.EndToEnd.ServerSide;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>A body that ends with the connection of a TLS server is whole only where the server has said so: FIN may be anybody's.</summary>
[Trait("layer", "no")] // it is a layer
[Trait("promise", "B20")]
public sealed class UnsureEndTests
{
    private const string Head = CacheScene.Fresh + "\r\n";
    private const string CacheOn = "cache.bytes = \"8MiB\"";

    [Fact]
    public async Task EndWithoutAnnouncement_CutsTheAnswerOfAnHttp11Client_AndIsNotKept()
    {
        await using ServerTlsScene scene = await ServerTlsScene.Start(ServerTlsScene.Driven(), CacheOn);
        await using RawClient client = await scene.Proxy.Connect();
        await client.SendGet();
        OriginConnection server = await AnswerAndEnd(scene, isAnnounced: false);
        (string text, StreamEnd end) = await client.ReadToEnd();

        Assert.Contains("Transfer-Encoding: chunked", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\n0\r\n", text, StringComparison.Ordinal);
        Assert.NotEqual(StreamEnd.Cut, end);
        await server.ExpectEnd();
        await ExpectAskedAgain(scene);
    }

    [Fact]
    public async Task EndWithoutAnnouncement_ResetsAnHttp10Client_AndIsNotKept()
    {
        await using ServerTlsScene scene = await ServerTlsScene.Start(ServerTlsScene.Driven(), CacheOn);
        await using RawClient client = await scene.Proxy.Connect();
        await client.Send("GET / HTTP/1.0\r\nHost: test\r\n\r\n");
        await AnswerAndEnd(scene, isAnnounced: false);

        Assert.Equal(StreamEnd.Reset, (await client.ReadToEnd()).End);
        await ExpectAskedAgain(scene);
    }

    [Theory]
    [InlineData("HTTP/1.1")]
    [InlineData("HTTP/1.0")]
    public async Task EndThatWasAnnounced_MakesTheAnswerWhole(string version)
    {
        await using ServerTlsScene scene = await ServerTlsScene.Start(ServerTlsScene.Driven(), CacheOn);
        await using RawClient client = await scene.Proxy.Connect();
        await client.Send($"GET / {version}\r\nHost: test\r\nConnection: close\r\n\r\n");
        await AnswerAndEnd(scene, isAnnounced: true);
        (string text, StreamEnd end) = await client.ReadToEnd();

        Assert.Equal(StreamEnd.Fin, end);
        Assert.EndsWith(version == "HTTP/1.0" ? "\r\n\r\nhalf" : "half\r\n0\r\n\r\n", text, StringComparison.Ordinal);
        await ExpectAskedAgain(scene);
    }

    private static async Task<OriginConnection> AnswerAndEnd(ServerTlsScene scene, bool isAnnounced)
    {
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadRequest();
        await server.Send(Head + "half");
        if (isAnnounced)
            server.HalfClose();
        else
            server.Socket.Shutdown(SocketShutdown.Send);
        return server;
    }

    /// <summary>Nothing was kept: the next one is the server's. What has no length is never kept, however it ends.</summary>
    private static async Task ExpectAskedAgain(ServerTlsScene scene)
    {
        await using RawClient next = await scene.Proxy.Connect();
        await next.SendGet();
        await (await scene.Origin.Accept()).Answer();
        Assert.Equal("ok", (await next.ReadResponse()).Body);
    }
}
