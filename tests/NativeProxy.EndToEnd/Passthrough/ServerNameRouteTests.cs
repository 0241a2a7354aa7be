using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Passthrough;

/// <summary>Routes by the server name in a ClientHello, of connections that stay encrypted.</summary>
public sealed class ServerNameRouteTests
{
    [Fact]
    public async Task Name_ChoosesTheUpstream_AndTheClientHelloArrivesByteForByte()
    {
        await using Scene scene = await Scene.Start();
        foreach ((string? name, int server) in ((string?, int)[])
            [("a.example", 0), ("A.EXAMPLE.", 0), ("x.b.example", 1), ("b.example", 2), ("other", 2), (null, 2)])
        {
            string hello = ClientHello.Of(name);
            await using RawClient client = await scene.Connect();
            await client.Send(hello);
            OriginConnection connection = await scene.Origins[server].Accept();
            Assert.Equal(hello, await connection.Read(hello.Length));
            await connection.Send("answer");
            Assert.Equal("answer", await client.Read(6));
            client.Reset();
        }
    }

    [Fact]
    public async Task ClientHelloByteByByte_InManyRecords_IsAsGoodAsWhole()
    {
        await using Scene scene = await Scene.Start();
        await using RawClient client = await scene.Connect();
        string hello = ClientHello.Of("a.example", recordBytes: 3);
        await client.SendByteByByte(hello);
        Assert.Equal(hello, await (await scene.Origins[0].Accept()).Read(hello.Length));
        client.Reset();
    }

    [Fact]
    public async Task ClientThatSpeaksSomethingElse_GoesWhereOnesWithoutANameGo()
    {
        await using Scene scene = await Scene.Start();
        await using RawClient client = await scene.Connect();
        await client.Send("SSH-2.0-x\r\n");
        Assert.Equal("SSH-2.0-x\r\n", await (await scene.Origins[2].Accept()).Read(11));
        client.Reset();
    }

    [Fact]
    [Trait("close", "client:unmatched")]
    public async Task NameThatNoRouteTakes_ReachesNoServer_WithoutAnUpstreamOfTheListener()
    {
        await using Scene scene = await Scene.Start(hasFallback: false);
        await using RawClient client = await scene.Connect();
        await client.Send(ClientHello.Of("nobody.example"));
        await client.ExpectEnd();
        await scene.ExpectClose("unmatched");
        Assert.All(scene.Origins, origin => Assert.Equal(0, origin.ConnectionCount));
    }

    [Fact]
    [Trait("close", "client:inspect_timeout")]
    public async Task SilentClient_IsClosedAfterInspectTimeout()
    {
        await using Scene scene = await Scene.Start(lines: "tcp.inspect_timeout = \"300ms\"");
        var time = new PassingTime();
        await using RawClient client = await scene.Connect();
        await client.ExpectEnd();
        time.AssertAtLeast(300);
        await scene.ExpectClose("inspect_timeout");
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_timeouts_total{kind=\"inspect\"}"));
    }

    /// <summary>Three upstreams: a.example, names below b.example, and all else.</summary>
    private sealed class Scene(ProxyUnderTest proxy, ScriptedOrigin[] origins) : IAsyncDisposable
    {
        public ProxyUnderTest Proxy => proxy;

        public ScriptedOrigin[] Origins => origins;

        public static async Task<Scene> Start(string lines = "", bool hasFallback = true)
        {
            ScriptedOrigin[] origins = [ScriptedOrigin.Driven(), ScriptedOrigin.Driven(), ScriptedOrigin.Driven()];
            ProxyConfig config = new ProxyConfig()
                .AddUpstream("a", origins[0].Address).AddUpstream("b", origins[1].Address).AddUpstream("c", origins[2].Address);
            config = (hasFallback ? config.AddListener("web", "c") : config.AddListener("web")).Listener("mode = \"tcp\"", lines)
                .Route("sni = [\"a.example\"]", "upstream = \"a\"").Route("sni = [\"*.b.example\"]", "upstream = \"b\"");
            return new Scene(await ProxyUnderTest.Start(CloseScene.WithConnectionLog(config)), origins);
        }

        public Task<RawClient> Connect() => proxy.Connect(showsDate: true);

        public async Task ExpectClose(string reason)
        {
            string line = await proxy.Output.WaitFor(static line => CloseLine.IsOf("client", line), "a closed client");
            Assert.Equal(reason, CloseLine.Parse(line).Reason);
        }

        public async ValueTask DisposeAsync()
        {
            await proxy.DisposeAsync();
            foreach (ScriptedOrigin origin in origins)
                await origin.DisposeAsync();
        }
    }
}
