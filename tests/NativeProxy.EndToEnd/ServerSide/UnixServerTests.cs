using System;
using System.IO;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Servers on Unix sockets: their connections are pooled, checked and kept as those of others.</summary>
public sealed class UnixServerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-unix-").FullName;

    private string SocketPath => Path.Combine(_directory, "app.sock");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Requests_ShareAConnection_ThatAReloadKeeps()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.DrivenAt(SocketPath);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For("unix:" + SocketPath)
            .Log("access = \"stdout\"", "format = \"json\""));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/one");
        OriginConnection server = await origin.Accept();
        Assert.StartsWith("GET /one HTTP/1.1\r\n", await server.Answer(), StringComparison.Ordinal);
        Assert.Equal(200, (await client.ReadResponse()).Status);
        Assert.Contains("\"server_address\":null", await proxy.Output.WaitFor("/one"), StringComparison.Ordinal);

        await proxy.Reload(ProxyConfig.For("unix:" + SocketPath).Log("access = \"stdout\"", "format = \"json\"")
            .Listener("limits.header_count = 50"));
        await client.SendGet("/two");
        Assert.StartsWith("GET /two HTTP/1.1\r\n", await server.Answer(), StringComparison.Ordinal);
        Assert.Equal(200, (await client.ReadResponse()).Status);
        Assert.Equal(1, origin.ConnectionCount);
    }

    [Fact]
    public async Task ServerThatIsNotThere_IsOneThatRefuses()
    {
        await using ScriptedOrigin other = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For("unix:" + SocketPath, other.Address));
        for (int i = 0; i < 4; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
        Assert.InRange(await proxy.Metric("nativeproxy_retries_total{cause=\"connect_failure\"}"), 1, 4);
    }

    [Fact]
    [Trait("layer", "no")] // health checks, which no loop carries, speak no records
    public async Task Checks_GoToTheSocket()
    {
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For("unix:" + SocketPath)
            .Upstream("[upstream.health]", "type = \"http\"", "interval = \"50ms\"", "timeout = \"5s\"", "rise = 1"));
        await proxy.Errors.WaitFor("server \"a\" of upstream \"app\" is down: ");
        Assert.Equal(503, (await proxy.AskOnce()).Status);

        await using ScriptedOrigin origin = ScriptedOrigin.DrivenAt(SocketPath);
        string check = await (await origin.Accept()).Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("GET / HTTP/1.1\r\nHost: localhost\r\n", check, StringComparison.Ordinal);
        await proxy.Errors.WaitFor("server \"a\" of upstream \"app\" is up again: it answers with status 200");
    }

    [Fact]
    public async Task BytesOfModeTcp_AreRelayedWithTheirEnds()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.DrivenAt(SocketPath);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For("unix:" + SocketPath).Listener("mode = \"tcp\""));
        await using RawClient client = await RawClient.Connect(proxy.Port(), showsDate: true);
        OriginConnection server = await origin.Accept();
        await server.Send("220 hello\r\n");
        Assert.Equal("220 hello\r\n", await client.Read(11));
        await client.Send("bye");
        client.HalfClose();
        Assert.Equal("bye", await server.Read(3));
        await server.ExpectFin();
        await server.Send("late");
        server.Close();
        Assert.Equal("late", await client.Read(4));
        await client.ExpectEnd();
    }
}
