using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Input;

/// <summary>
/// HTTP/2 forbids the fields Connection and Keep-Alive (RFC 9113 8.2.2). Nobody at either side of this proxy speaks HTTP/2: neither by its
/// preface, nor by an upgrade that a client asks for, a server grants, or an operator allows. So they reach no HTTP/2 peer.
/// </summary>
public sealed class NoHttp2Tests
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private const string EmptySettingsFrame = "\0\0\0\u0004\0\0\0\0\0";
    private const string AskForHttp2 = "GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
        + "AAMAAABkAARAAAAAAAIAAAAA\r\nX-Kept: 1\r\n\r\n";
    private const string AskForWebSocket = "GET / HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

    [Theory]
    [Trait("promise", "S3.13")]
    [InlineData("")]
    [InlineData(EmptySettingsFrame)]
    public async Task Preface_IsRefusedInHttp1_AndReachesNoServer(string frames)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Send(Preface + frames);
        HttpResponse answer = await client.ReadResponse();
        Assert.StartsWith("HTTP/1.1 505 ", answer.Head, StringComparison.Ordinal);
        Assert.Equal("close", answer.Connection);
        await client.ExpectFin();
        Assert.Equal(0, await proxy.Metric("nativeproxy_server_connects_total"));
    }

    [Fact]
    [Trait("promise", "S3.13")]
    public async Task PrefaceBehindARequest_IsRefusedToo()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get() + Preface + EmptySettingsFrame);
        Assert.Equal(200, (await client.ReadResponse()).Status);
        Assert.Equal((505, "close"), await StatusAndConnection(client));
        await client.ExpectFin();
        Assert.Single(origin.Requests);
    }

    [Theory]
    [Trait("promise", "S3.13")]
    [InlineData("")]
    [InlineData("upgrade = [\"websocket\"]")]
    public async Task UpgradeToHttp2_IsNotPassedOn_AndTheRequestIsServedInHttp1(string listenerLine)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(listenerLine));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 2; i++)
        {
            await client.Send(AskForHttp2);
            HttpResponse answer = await client.ReadResponse();
            Assert.StartsWith("HTTP/1.1 200 ", answer.Head, StringComparison.Ordinal);
            Assert.Equal((null, null), (answer.Connection, answer.Field("Upgrade")));
            string request = origin.Requests[i].Request;
            Assert.StartsWith("GET / HTTP/1.1\r\n", request, StringComparison.Ordinal);
            Assert.Equal("1", HttpResponse.FieldOf(request, "X-Kept"));
            foreach (string field in new[] { "Connection", "Upgrade", "HTTP2-Settings", "Keep-Alive" })
                Assert.Empty(HttpResponse.FieldsOf(request, field));
            Assert.DoesNotContain("h2c", request, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [Trait("promise", "S3.13")]
    [InlineData("", AskForHttp2)]
    [InlineData("upgrade = [\"websocket\"]", AskForHttp2)]
    [InlineData("upgrade = [\"websocket\"]", AskForWebSocket)]
    public async Task ServerThatSwitchesToHttp2_IsRefused(string listenerLine, string request)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener(listenerLine));
        await using RawClient client = await proxy.Connect();
        await client.Send(request);
        OriginConnection server = await origin.Accept();
        await server.ReadHead();
        await server.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + EmptySettingsFrame);
        HttpResponse answer = await client.ReadResponse();
        Assert.Equal((502, null), (answer.Status, answer.Field("Upgrade")));
        Assert.DoesNotContain("\0", client.Received, StringComparison.Ordinal);
        await server.ExpectReset();
    }

    [Fact]
    [Trait("promise", "S3.13")]
    public async Task ServerThatOffersHttp2_IsNotPassedOn()
    {
        await using ScriptedOrigin origin =
            ScriptedOrigin.Answering("HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: h2c, h2\r\nContent-Length: 0\r\n\r\n");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        HttpResponse answer = await client.Ask();
        Assert.Equal((426, null, null), (answer.Status, answer.Connection, answer.Field("Upgrade")));
    }

    [Theory]
    [Trait("promise", "S3.13")]
    [InlineData("h2c")]
    [InlineData("h2")]
    public async Task Http2AsAnUpgradeThatTheOperatorAllows_IsAConfigurationError(string protocol)
    {
        using var file = new SettingsText(SettingsText.Sound(1, "127.0.0.1:1")
            .Replace("upstream = \"app\"", $"upstream = \"app\"\nupgrade = [\"{protocol}\"]", StringComparison.Ordinal));
        FinishedCommand check = await ProxyBinary.Run("check", "-c", file.Path);
        Assert.Equal(2, check.ExitCode);
        Assert.Contains("HTTP/2 cannot be upgraded to", check.Errors, StringComparison.Ordinal);
    }

    private static async Task<(int Status, string? Connection)> StatusAndConnection(RawClient client)
    {
        HttpResponse answer = await client.ReadResponse();
        return (answer.Status, answer.Connection);
    }
}
