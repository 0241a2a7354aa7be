using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Tls;

/// <summary>Listeners in mode "tcp" whose clients, servers or both speak TLS with the proxy: what is inside is passed on as it is.</summary>
[Trait("layer", "no")] // it is a layer
public sealed class TlsRelayTests
{
    private const string Greeting = "220 ready\r\n";
    private const string Command = "HELO\0\u00ff\r\n";

    /// <summary>The server speaks first, as those of mail do; nobody waits for a byte of the client.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Bytes_PassThroughAsTheyAre(bool clientHasTls, bool serverHasTls)
    {
        await using Pair pair = await Pair.Start(clientHasTls, serverHasTls);
        await pair.Server.Send(Greeting);
        Assert.Equal(Greeting, await pair.Client.Read(Greeting.Length));
        await pair.Client.Send(Command);
        Assert.Equal(Command, await pair.Server.Read(Command.Length));
    }

    /// <summary>More than any buffer has room for, in both directions at once.</summary>
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task ManyBytes_ArriveInTheirOrder(bool clientHasTls, bool serverHasTls)
    {
        await using Pair pair = await Pair.Start(clientHasTls, serverHasTls);
        byte[] bytes = new byte[3_000_000];
        new Random(1).NextBytes(bytes);
        Task<byte[]> up = pair.Server.ReadBytes(bytes.Length);
        Task<byte[]> down = pair.Client.ReadBytes(bytes.Length);
        await Task.WhenAll(pair.Client.Send(bytes), pair.Server.Send(bytes));
        Assert.Equal(bytes, await up);
        Assert.Equal(bytes, await down);
    }

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, true)]
    [InlineData(false, true, false)]
    [InlineData(true, true, true)]
    [InlineData(true, true, false)]
    public async Task EndOfOneDirection_IsPassedOn_AndTheOtherGoesOn(bool clientHasTls, bool serverHasTls, bool byClient)
    {
        await using Pair pair = await Pair.Start(clientHasTls, serverHasTls);
        TestSocket first = byClient ? pair.Client : pair.Server;
        TestSocket second = byClient ? pair.Server : pair.Client;
        await first.Send("last words");
        first.HalfClose();
        Assert.Equal(("last words", StreamEnd.Fin), await second.ReadToEnd());
        await second.Send("late answer");
        second.HalfClose();
        Assert.Equal(("late answer", StreamEnd.Fin), await first.ReadToEnd());
        await pair.ExpectClose("tunnel_ended");
    }

    /// <summary>The same by the announcement alone: FIN may come much later.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnnouncedEndWithoutFin_IsPassedOn(bool byClient)
    {
        await using Pair pair = await Pair.Start(clientHasTls: byClient, serverHasTls: !byClient);
        TestSocket second = byClient ? pair.Server : pair.Client;
        pair.Announcing.AnnounceEnd();
        await second.ExpectFin();
        await second.Send("late answer");
        Assert.Equal("late answer", await (byClient ? pair.Client : (TestSocket)pair.Server).Read(11));
    }

    [Fact]
    public async Task NameOfTheHandshake_ChoosesTheUpstream()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Driven();
        await using ScriptedOrigin b = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a).Listener("mode = \"tcp\"")
            .Listener(TlsScene.Listening("", TestPki.A, TestPki.B)).AddUpstream("second", b.Address)
            .Route("sni = [\"b.test\"]", "upstream = \"second\""));
        foreach ((string? name, ScriptedOrigin origin) in ((string?, ScriptedOrigin)[])[("a.test", a), ("b.test", b), (null, a)])
        {
            await using TlsClient client = await TlsClient.Connect(proxy.Port(), name: name);
            OriginConnection server = await origin.Accept();
            await server.Send(Greeting);
            Assert.Equal(Greeting, await client.Http.Read(Greeting.Length));
            client.Http.Reset();
        }
    }

    /// <summary>A client of the proxy and the connection to the server that was opened for it.</summary>
    private sealed class Pair(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client, OriginConnection server, TlsPipe announcing)
        : IAsyncDisposable
    {
        public RawClient Client => client;

        public OriginConnection Server => server;

        /// <summary>TLS of the client, or, where it has none, of the server.</summary>
        public TlsPipe Announcing => announcing;

        public static async Task<Pair> Start(bool clientHasTls, bool serverHasTls)
        {
            TlsPipe? ofServer = null;
            ScriptedOrigin origin = ScriptedOrigin.Driven();
            if (serverHasTls)
                origin.Secured(socket => ofServer = TlsEnd.Server(TestPki.Local).Secure(socket));
            ProxyConfig config = CloseScene.WithConnectionLog(ProxyConfig.For(origin)).Listener("mode = \"tcp\"");
            if (clientHasTls)
                config.Listener(TlsScene.Listening());
            if (serverHasTls)
                config.Upstream(ServerTlsScene.Speaking());
            ProxyUnderTest proxy = await ProxyUnderTest.Start(config);
            TlsClient? secured = clientHasTls ? await TlsClient.Connect(proxy.Port()) : null;
            RawClient client = secured?.Http ?? await RawClient.Connect(proxy.Port(), showsDate: true);
            OriginConnection server = await origin.Accept();
            return new Pair(origin, proxy, client, server, secured?.Tls ?? ofServer!);
        }

        public Task ExpectClose(string reason) => CloseScene.ExpectClose(proxy, "client", reason, "peer");

        public async ValueTask DisposeAsync()
        {
            // Nobody waits for the end of what one side has ended.
            client.Reset();
            server.Reset();
            await proxy.DisposeAsync();
            await origin.DisposeAsync();
        }
    }
}
