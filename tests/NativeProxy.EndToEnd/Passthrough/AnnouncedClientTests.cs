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

    /// <summary>A Unix socket has no address that could be told: the receiver is to take the connection's own.</summary>
    [Theory]
    [InlineData("v1", "PROXY UNKNOWN\r\n")]
    [InlineData("v2", "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0")]
    public async Task ClientOfAUnixSocket_IsAnnouncedAsNobody(string version, string header)
    {
        string directory = System.IO.Directory.CreateTempSubdirectory("nativeproxy-unix-").FullName;
        await using (RelayScene scene = await RelayScene.Start(
            config => config.Upstream($"proxy_protocol = \"{version}\"").AlsoBinding($"unix:{directory}/s")))
        {
            await using RawClient client = await RawClient.ConnectUnix(directory + "/s");
            OriginConnection server = await scene.Origin.Accept();
            Assert.Equal(header, await server.Read(header.Length));
            await client.Send("hello");
            Assert.Equal("hello", await server.Read(5));
            client.Close();
            await server.ExpectFin();
            server.Close();
        }
        System.IO.Directory.Delete(directory);
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

    /// <summary>A server that expects a header would take the check for an attack.</summary>
    [Fact]
    [Trait("layer", "no")] // checks speak no records
    public async Task HealthCheck_CarriesAHeaderThatNamesNobody()
    {
        await using RelayScene scene = await RelayScene.Start(
            config => config.Upstream("proxy_protocol = \"v2\"", "health.type = \"tcp\"", "health.interval = \"50ms\"", "health.timeout = \"5s\""));
        const string Local = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
        Assert.Equal(Local, await (await scene.Origin.Accept()).Read(Local.Length));
    }

    [Fact]
    public async Task SourceAddress_IsWhereConnectionsComeFrom()
    {
        await using RelayScene scene = await RelayScene.Start(config => config.Upstream("source_address = \"127.0.9.9\""));
        (RawClient client, OriginConnection server) = await scene.Join();
        Assert.Equal("127.0.9.9", ((IPEndPoint)server.Socket.RemoteEndPoint!).Address.ToString());
        client.Reset();
    }

    /// <summary>Not an address of this machine: the server counts as one that cannot be reached.</summary>
    [Fact]
    public async Task SourceAddressOfAnotherMachine_ReachesNoServer()
    {
        await using RelayScene scene = await RelayScene.Start(config => config.Upstream("source_address = \"192.0.2.1\""));
        await using RawClient client = await scene.Connect();
        await client.ExpectEnd();
        Assert.Equal(0, scene.Origin.ConnectionCount);
    }

    [Fact]
    public async Task EachPortOfARange_IsListenedOn()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        int[] ports = FreePorts.Take(1);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("mode = \"tcp\""));
        string one = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{proxy.Port()}\"");
        await proxy.Reload(text => text.Replace(one, one + string.Create(CultureInfo.InvariantCulture, $", \"127.0.0.1:{ports[0]}-{ports[0]}\""),
            System.StringComparison.Ordinal));
        await using RawClient client = await RawClient.Connect(ports[0], showsDate: true);
        await client.Send("hello");
        Assert.Equal("hello", await (await origin.Accept()).Read(5));
        client.Reset();
    }

    private static string Number(int value) => string.Concat((char)(value >> 8), (char)(value & 255));
}
