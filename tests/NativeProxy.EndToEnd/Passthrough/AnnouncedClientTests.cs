using System.Globalization;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Passthrough;

/// <summary>What servers behind a listener in mode "tcp" are told of the client, and which port is theirs.</summary>
public sealed class AnnouncedClientTests
{
    [Theory]
    [InlineData("v1")]
    [InlineData("v2")]
    public async Task ProxyHeader_SaysBothAddresses_BeforeTheClientsBytes(string version)
    {
        await using RelayScene scene = await RelayScene.Start(config => config.Upstream($"proxy_protocol = \"{version}\""));
        RawClient client = await scene.Connect(IPAddress.Parse("127.0.5.5"));
        OriginConnection server = await scene.Origin.Accept();
        string header = version == "v1"
            ? string.Create(CultureInfo.InvariantCulture, $"PROXY TCP4 127.0.5.5 127.0.0.1 {client.LocalPort} {scene.Proxy.Port()}\r\n")
            : "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\x05\x05\x7f\0\0\x01" + Number(client.LocalPort) + Number(scene.Proxy.Port());

        // A server that speaks first hears it without a byte of the client.
        Assert.Equal(header, await server.Read(header.Length));
        await client.Send("hello");
        Assert.Equal("hello", await server.Read(5));
        client.Reset();
    }

    [Fact]
    public async Task ServerWithoutAPort_HasThatOfTheClient_AndAnOffsetIsAdded()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For("127.0.0.1:+1").Listener("mode = \"tcp\""));
        int offset = origin.Port - proxy.Port();
        await proxy.Reload(ProxyConfig.For(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{offset:+0;-0}")).Listener("mode = \"tcp\""));
        await using RawClient client = await RawClient.Connect(proxy.Port(), showsDate: true);
        await client.Send("hello");
        Assert.Equal("hello", await (await origin.Accept()).Read(5));
        client.Reset();
    }

    private static string Number(int value) => string.Concat((char)(value >> 8), (char)(value & 255));
}
