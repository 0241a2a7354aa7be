using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Framing;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>
/// Requests that ask for another protocol and have a body, as those of container tools: the body goes first, then the tunnel begins.
/// </summary>
public sealed class UpgradeWithBodyTests
{
    private const string Head = "POST /containers/x/attach?stream=1 HTTP/1.1\r\nHost: h\r\n";
    private const string Wish = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
    private const string Switch = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
    private const string Refusal = "HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n";

    /// <summary>How a body may be framed, and the bytes of it.</summary>
    public static TheoryData<string, string> Bodies => new()
    {
        { "Content-Length: 0\r\n", "" },
        { "Content-Length: 28\r\n", "{\"Detach\":false,\"Tty\":false}" },
        { "Transfer-Encoding: chunked\r\n", "1c\r\n{\"Detach\":false,\"Tty\":false}\r\n0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\n", "0\r\n\r\n" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Body_GoesFirst_ThenBytesFlowBothWays(string framing, string body)
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send(Head + framing + Wish + "\r\n" + body);
        OriginConnection server = await scene.Origin.Accept();
        string expected = Head + framing + Wish + "\r\n" + body;
        Assert.Equal(expected, await server.Read(expected.Length));
        await scene.SwitchAndTalk(server);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Body_ThatComesByteByByte_GoesFirst(string framing, string body)
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.SendByteByByte(Head + framing + Wish + "\r\n" + body);
        OriginConnection server = await scene.Origin.Accept();
        string head = await server.ReadHead();
        Assert.Equal(("Upgrade", "tcp"), (HttpResponse.FieldOf(head, "Connection"), HttpResponse.FieldOf(head, "Upgrade")));
        if (framing.StartsWith("Content-Length", StringComparison.Ordinal))
            Assert.Equal(body, await server.Read(body.Length));
        else
            await server.ReadThrough("0\r\n\r\n");
        await scene.SwitchAndTalk(server);
    }

    [Fact]
    public async Task LargeBody_ThatTheServerReadsSlowly_IsSentWhole_AndTheTunnelBeginsBehindIt()
    {
        const int bytes = 3_000_000;
        await using Scene scene = await Scene.Start();
        byte[] body = new byte[bytes];
        new Random(2).NextBytes(body);
        await scene.Client.Send(Head + $"Content-Length: {bytes}\r\n" + Wish + "\r\n");
        Task sending = scene.Client.Send(body);
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadHead();
        Assert.True((await server.ReadBytes(bytes)).AsSpan().SequenceEqual(body));
        await sending;
        await scene.SwitchAndTalk(server);
    }

    /// <summary>It might be either: the server alone decides, and until then none of it goes out.</summary>
    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task DataBehindTheBody_WaitsForTheSwitch(string framing, string body)
    {
        await using Scene scene = await Scene.Start();
        string request = Head + framing + Wish + "\r\n" + body;
        await scene.Client.Send(request + "early");
        OriginConnection server = await scene.Origin.Accept();
        Assert.Equal(request, await server.Read(request.Length));
        await PassingTime.Of(50);
        Assert.Equal(("", 0), (server.Untaken, server.Socket.Available));
        await server.Send(Switch);
        Assert.Equal(Switch, await scene.Client.ReadHead());
        Assert.Equal("early", await server.Read(5));
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task DataBehindTheBody_OfAnUpgradeThatIsRefused_IsReadAsTheNextRequest(string framing, string body)
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send(Head + framing + Wish + "\r\n" + body + RawClient.Get("/next"));
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadThrough(body.Length > 0 ? body : "\r\n\r\n");
        await server.Send(Refusal);
        Assert.Equal(409, (await scene.Client.ReadResponse()).Status);

        // Not on the connection whose server was asked to switch.
        await server.ExpectFin();
        OriginConnection other = await scene.Origin.Accept();
        Assert.StartsWith("GET /next ", await other.ReadRequest(), StringComparison.Ordinal);
        await other.Send(OriginConnection.Ok);
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
    }

    [Fact]
    public async Task DataBehindTheBody_OfAnUpgradeThatIsRefused_IsRefusedWhenItIsNoRequest()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send(Head + "Content-Length: 5\r\n" + Wish + "\r\nhello\0\u0001\u0002 data");
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadThrough("hello");
        await server.Send(Refusal);
        Assert.Equal(409, (await scene.Client.ReadResponse()).Status);
        HttpResponse answer = await scene.Client.ReadResponse();
        Assert.Equal((400, "close"), (answer.Status, answer.Connection));
        await server.ExpectFin();
        Assert.Equal(1, scene.Origin.ConnectionCount);
    }

    /// <summary>What is left of the body would be taken for the other protocol, and what the server says for an answer to it.</summary>
    [Theory]
    [InlineData("Content-Length: 10\r\n", "hello", "hello")]
    [InlineData("Content-Length: 10\r\n", "", "")]
    [InlineData("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n", "5\r\nhello\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n", "5\r\nhello\r\n")]
    public async Task SwitchWithinTheBody_IsRefused(string framing, string part, string sent)
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send(Head + framing + Wish + "\r\n" + part);
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadHead();
        Assert.Equal(sent, await server.Read(sent.Length));
        await server.Send(Switch + "evil");
        HttpResponse answer = await scene.Client.ReadResponse();
        Assert.Equal((502, "close"), (answer.Status, answer.Connection));
        Assert.DoesNotContain("evil", scene.Client.Received, StringComparison.Ordinal);
        await server.ExpectReset();
        Assert.EndsWith(" why=unexpected_upgrade", (await scene.Proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientThatWaitsForContinue_SendsItsBody_BeforeTheSwitch()
    {
        await using Scene scene = await Scene.Start();
        await scene.Client.Send(Head + "Content-Length: 5\r\nExpect: 100-continue\r\n" + Wish + "\r\n");
        OriginConnection server = await scene.Origin.Accept();
        await server.ReadHead();
        await server.Send("HTTP/1.1 100 Continue\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await scene.Client.ReadHead());
        await scene.Client.Send("hello");
        Assert.Equal("hello", await server.Read(5));
        await scene.SwitchAndTalk(server);
    }

    [Theory]
    [InlineData("Upgrade: h2c")]
    [InlineData("Upgrade: tcp, h2c")]
    [InlineData("Upgrade: tcp\r\nUpgrade: tcp")]
    public async Task ProtocolThatIsNotInTheList_IsRemoved_AndTheRequestIsAnOrdinaryOne(string wish)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("upgrade = [\"tcp\"]")
            .Listener(RequestFramingSafetyTests.NothingAdded));
        await using RawClient client = await proxy.Connect();
        for (int i = 0; i < 2; i++)
        {
            await client.Send($"{Head}Content-Length: 2\r\nConnection: Upgrade\r\n{wish}\r\n\r\nhi");
            Assert.Equal(200, (await client.ReadResponse()).Status);
            Assert.Equal(Head + "Content-Length: 2\r\n\r\nhi", origin.Requests[i].Request);
        }
        Assert.Equal(1, origin.ConnectionCount);
        Assert.Contains(" 200 ", (await proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
    }

    /// <summary>An unsafe request changes what is kept, whatever else it asks for.</summary>
    [Fact]
    public async Task PostWithAnUpgrade_ThatTheServerAnswers_MakesTheCacheForget()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("upgrade = [\"tcp\"]")
            .Upstream("cache.bytes = \"1MiB\""));
        await using RawClient client = await proxy.Connect();
        await client.Ask("/a");
        await client.Ask("/a");
        Assert.Single(origin.Requests);
        await client.Send($"POST /a HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n{Wish}\r\n");
        Assert.Equal(200, (await client.ReadResponse()).Status);
        await client.Ask("/a");
        Assert.Equal(3, origin.Requests.Count);
    }

    private sealed class Scene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client) : IAsyncDisposable
    {
        public ScriptedOrigin Origin => origin;

        public ProxyUnderTest Proxy => proxy;

        public RawClient Client => client;

        public static async Task<Scene> Start()
        {
            ScriptedOrigin origin = ScriptedOrigin.Driven();
            ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("upgrade = [\"tcp\"]")
                .Listener(RequestFramingSafetyTests.NothingAdded));
            return new Scene(origin, proxy, await proxy.Connect());
        }

        /// <summary>The server switches, and both sides say something that is no HTTP.</summary>
        public async Task SwitchAndTalk(OriginConnection server)
        {
            Assert.Equal("", server.Untaken);
            await server.Send(Switch + "hello");
            Assert.Equal(Switch, await client.ReadHead());
            Assert.Equal("hello", await client.Read(5));
            await client.Send("\0\u00ff!");
            Assert.Equal("\0\u00ff!", await server.Read(3));
            client.HalfClose();
            await server.ExpectFin();
            await server.Send("still here");
            Assert.Equal("still here", await client.Read(10));
            server.Close();
            await client.ExpectFin();
            Assert.Contains(" 101 ", (await proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
        }

        public async ValueTask DisposeAsync()
        {
            // Both sides: a tunnel whose client has sent FIN lives on for what the server still has to say.
            await client.DisposeAsync();
            await origin.DisposeAsync();
            await proxy.DisposeAsync();
        }
    }
}
