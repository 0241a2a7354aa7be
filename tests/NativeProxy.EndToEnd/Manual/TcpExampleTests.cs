using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using Xunit.Sdk;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>Scenes of the examples whose bytes are only passed on: databases, terminals, TLS.</summary>
public sealed class TcpExampleTests
{
    [Fact]
    [Trait(ExampleFiles.Trait, "database.toml")]
    public async Task Database_SessionsFollowTheLeader_ReadersShareTheRest()
    {
        await using ExampleScene scene = await ExampleScene.Start("database.toml", prepare: static scene =>
        {
            scene.Serve("10.0.0.1:8008");
            scene.Serve("10.0.0.2:8008").Answer = static _ => ExampleServer.Response("", status: "503 Service Unavailable");
        });
        await scene.WaitForHealth("writer", "db2", isUp: false);
        await using RawClient session = await scene.Connect(5432);
        Assert.Equal("10.0.0.1:5432", (await session.Ask()).Body);

        scene.Server("10.0.0.2:8008").Answer = static _ => ExampleServer.Response("");
        await scene.WaitForHealth("writer", "db2", isUp: true);
        scene.Server("10.0.0.1:8008").Answer = static _ => ExampleServer.Response("", status: "503 Service Unavailable");
        await session.ExpectEnd();
        Assert.Equal("10.0.0.2:5432", (await scene.Get(port: 5432)).Body);

        await using RawClient first = await scene.Connect(5433);
        await using RawClient second = await scene.Connect(5433);
        Assert.Equal(["10.0.0.3:5432", "10.0.0.4:5432"], new[] { (await first.Ask()).Body, (await second.Ask()).Body }.Order());
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "tls-by-name.toml")]
    public async Task ServerName_ChoosesTheServers_UnknownOnesAreClosed()
    {
        await using ExampleScene scene = await ExampleScene.Start("tls-by-name.toml");
        Assert.StartsWith("10.0.0.", await ServerFor("k8s.example"), StringComparison.Ordinal);
        Assert.StartsWith("10.0.1.", await ServerFor("shop.apps.example"), StringComparison.Ordinal);
        await using RawClient unknown = await scene.Connect(443);
        await unknown.Send(ClientHello.Of("apps.example"));
        await unknown.ExpectEnd();

        // The servers read on to a blank line and say who they are.
        async Task<string> ServerFor(string name)
        {
            await using RawClient client = await scene.Connect(443);
            await client.Send(ClientHello.Of(name) + "\r\n\r\n");
            return (await client.ReadResponse()).Body;
        }
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-10-ports.toml")]
    [Trait("promise", "ARCH-10")]
    public async Task Ports_StayThoseOfTheClient_AndProbesReachNobody()
    {
        int[] ports = [3389, 1494, 5900];
        await using ExampleScene scene = await ExampleScene.Start(
            "arch-10-ports.toml", prepare: scene => Array.ForEach(ports, port => scene.Serve($"10.0.0.1:{port}")));
        foreach (int port in ports)
        {
            await using RawClient probe = await scene.Connect(port, "10.0.9.5");
            await probe.ExpectEnd();
            Assert.Equal(0, scene.Server($"10.0.0.1:{port}").ConnectionCount);
            Assert.Equal($"10.0.0.1:{port}", (await scene.Get(port: port)).Body);
        }
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-12-tls-check.toml")]
    [Trait("promise", "ARCH-12")]
    public async Task TlsCheck_FindsAServerDead_ForWhichAnotherMachineAccepts()
    {
        string[] servers = ["10.0.0.1:443", "10.0.0.2:443"];
        TlsServer[] serving = [];
        await using ExampleScene scene = await ExampleScene.Start(
            "arch-12-tls-check.toml", without: servers,
            prepare: scene => serving = [.. servers.Select(server => new TlsServer(server, scene.Text))]);
        try
        {
            Assert.Equal(servers[0], await Answering());
            serving[0].Speaks = false;
            await scene.WaitForHealth("tls", "main", isUp: false);

            // A test process that stalls answers no check: then both are down for a moment.
            await scene.WaitForHealth("tls", "spare", isUp: true);
            Assert.Equal(servers[1], await Answering());
            serving[0].Speaks = true;
            await scene.WaitForHealth("tls", "main", isUp: true);
            Assert.Equal(servers[0], await Answering());
        }
        finally
        {
            foreach (TlsServer server in serving)
                await server.DisposeAsync();
        }

        async Task<string> Answering()
        {
            await using RawClient client = await scene.Connect(443);
            await client.Send(ClientHello.Of("a.example"));
            await client.Read(TlsServer.Hello.Length);
            return await client.Read(servers[0].Length);
        }
    }

    /// <summary>Accepts, and answers a ClientHello with a ServerHello and its address, unless it is a machine that only accepts.</summary>
    private sealed class TlsServer : IAsyncDisposable
    {
        public const string Hello = "\u0016\u0003\u0003\0\u0031\u0002\0\0\u002d\u0003\u0003";
        private readonly ScriptedOrigin _origin;
        private volatile bool _speaks = true;

        public TlsServer(string address, ExampleText text)
        {
            _origin = ScriptedOrigin.DrivenAt(text.EndPointOf(address));
            _ = Serve(address);
        }

        public bool Speaks
        {
            get => _speaks;
            set => _speaks = value;
        }

        public ValueTask DisposeAsync() => _origin.DisposeAsync();

        private async Task Serve(string address)
        {
            while (true)
            {
                OriginConnection connection = await _origin.Accept();
                _ = Answer(connection, address);
            }
        }

        private async Task Answer(OriginConnection connection, string address)
        {
            try
            {
                await connection.Read(3);
                if (_speaks)
                    await connection.Send(Hello + address);
            }
            catch (Exception e) when (e is XunitException or System.Net.Sockets.SocketException or ObjectDisposedException)
            {
                // Who asked is gone.
            }
        }
    }
}
