using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>
/// A client of a proxy that may work on several of its requests at once, and an origin that the test drives: each request has a server
/// connection for itself.
/// </summary>
internal sealed class ParallelScene : ClientScene
{
    private ParallelScene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client)
        : base(origin, proxy, client)
    {
    }

    /// <param name="pipelining">How many requests of a client may be in flight.</param>
    /// <param name="listenerLines">More TOML of the listener.</param>
    public static Task<ParallelScene> Start(int pipelining, params string[] listenerLines) =>
        Start(pipelining, config => config.Listener(listenerLines));

    /// <param name="change">What the test needs besides one listener and one server.</param>
    public static async Task<ParallelScene> Start(int pipelining, Func<ProxyConfig, ProxyConfig> change)
    {
        ScriptedOrigin origin = ScriptedOrigin.Driven();
        ProxyUnderTest proxy = await ProxyUnderTest.Start(change(ProxyConfig.For(origin).Listener($"pipelining = {pipelining}")));
        return new ParallelScene(origin, proxy, await proxy.Connect());
    }

    public static string Reply(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    /// <summary>GETs of /1 to this number, one behind the other.</summary>
    public static string Gets(int count) => string.Concat(Enumerable.Range(1, count).Select(i => RawClient.Get("/" + i)));

    /// <summary>The client sends that many GETs at once; each has reached a server connection, in this order.</summary>
    public async Task<OriginConnection[]> Ask(int count)
    {
        await Client.Send(Gets(count));
        var servers = new OriginConnection[count];
        for (int i = 0; i < count; i++)
            servers[i] = await Take($"GET /{i + 1} ");
        return servers;
    }

    /// <summary>The next server connection, with the request that it must carry.</summary>
    public async Task<OriginConnection> Take(string requestStart)
    {
        OriginConnection connection = await Origin.Accept();
        Assert.StartsWith(requestStart, await connection.ReadRequest(), StringComparison.Ordinal);
        return connection;
    }

    /// <summary>The next responses of the client have these bodies.</summary>
    public async Task ExpectBodies(params string[] bodies)
    {
        foreach (string body in bodies)
            Assert.Equal(body, (await Client.ReadResponse()).Body);
    }
}
