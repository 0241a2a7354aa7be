using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>
/// A client of a proxy that may have several of its requests under way on one server connection, and an origin that the test drives. The
/// requests are GETs of /1, /2 and so on; each is answered with its number.
/// </summary>
internal sealed class PipelinedScene : ClientScene
{
    private PipelinedScene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client)
        : base(origin, proxy, client)
    {
    }

    /// <param name="onConnection">How many requests may be under way on one server connection.</param>
    /// <param name="change">What the test needs besides.</param>
    /// <param name="origin">The scene ends it; default: one that the test drives.</param>
    public static async Task<PipelinedScene> Start(int onConnection = 8, Func<ProxyConfig, ProxyConfig>? change = null, ScriptedOrigin? origin = null)
    {
        origin ??= ScriptedOrigin.Driven();
        ProxyConfig config = ProxyConfig.For(origin).Upstream($"keepalive.pipelining = {onConnection}").Listener("pipelining = 8");
        ProxyUnderTest proxy = await ProxyUnderTest.Start(change is null ? config : change(config));
        return new PipelinedScene(origin, proxy, await proxy.Connect());
    }

    public static string Reply(int number) => $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}";

    /// <summary>One exchange of the client, by which the server shows that it keeps its connection.</summary>
    public async Task<OriginConnection> Warm()
    {
        await Client.SendGet("/warm");
        OriginConnection server = await Origin.Accept();
        await server.Answer();
        await Client.ReadResponse();
        return server;
    }

    public Task Send(int first, int last) =>
        Client.Send(string.Concat(Enumerable.Range(first, last - first + 1).Select(i => RawClient.Get("/" + i))));

    /// <summary>The client sends these requests at once, and they arrive on this connection in their order.</summary>
    public async Task Ask(OriginConnection server, int first, int last)
    {
        await Send(first, last);
        await ExpectRequests(server, first, last);
    }

    public static async Task ExpectRequests(OriginConnection server, int first, int last)
    {
        for (int i = first; i <= last; i++)
            Assert.StartsWith($"GET /{i} ", await server.ReadRequest(), StringComparison.Ordinal);
    }

    /// <param name="of">Default: the client of the scene.</param>
    public async Task ExpectAnswers(int first, int last, RawClient? of = null)
    {
        for (int i = first; i <= last; i++)
            Assert.Equal(i.ToString(), (await (of ?? Client).ReadResponse()).Body);
    }

    /// <summary>This request comes on a connection of its own, which answers it.</summary>
    /// <param name="of">The client that gets the answer; default: that of the scene.</param>
    public async Task ServeOnFreshConnection(int number, RawClient? of = null)
    {
        Assert.StartsWith($"GET /{number} ", await (await Origin.Accept()).Answer(Reply(number)), StringComparison.Ordinal);
        await ExpectAnswers(number, number, of);
    }
}
