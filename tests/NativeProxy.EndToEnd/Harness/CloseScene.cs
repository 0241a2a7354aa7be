using System;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// A client, the proxy with the connection log on stdout and nothing else there, and an origin that the test drives. What a connection was
/// closed for is asked in all three places: the log line, the counters, the admin endpoint.
/// </summary>
internal sealed class CloseScene : DrivenScene
{
    public const string Upgrade = "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

    private CloseScene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client)
        : base(origin, proxy, client)
    {
    }

    /// <param name="listenerLines">TOML of the listener.</param>
    public static new Task<CloseScene> Start(params string[] listenerLines) => Start(config => config.Listener(listenerLines));

    /// <param name="change">What the test needs besides one listener and one server.</param>
    public static new async Task<CloseScene> Start(Func<ProxyConfig, ProxyConfig> change)
    {
        ScriptedOrigin origin = ScriptedOrigin.Driven();
        ProxyUnderTest proxy = await ProxyUnderTest.Start(change(WithConnectionLog(ProxyConfig.For(origin))));
        return new CloseScene(origin, proxy, await proxy.Connect());
    }

    public static ProxyConfig WithConnectionLog(ProxyConfig config) => config.Log("access = \"off\"", "connections = \"stdout\"");

    /// <summary>A POST of the client, of whose body a part is still to come; what there is has reached a fresh server connection.</summary>
    public async Task<OriginConnection> BeginPost()
    {
        await Client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
        OriginConnection server = await Origin.Accept();
        await server.ReadThrough("abc");
        return server;
    }

    /// <summary>A fresh server connection and the client's have become a tunnel; the listener must allow it.</summary>
    public async Task<OriginConnection> EnterTunnel()
    {
        OriginConnection server = await Ask(Upgrade);
        await server.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        await Client.ReadHead();
        return server;
    }

    /// <summary>The client sees its connection end; then this reason stands everywhere, and no other.</summary>
    public async Task<CloseLine> ExpectClientClose(string reason, string by, StreamEnd? end = StreamEnd.Fin)
    {
        (_, StreamEnd seen) = await Client.ReadToEnd();
        if (end is not null)
            Assert.Equal(end, seen);
        Client.Close();
        return await ExpectClose("client", reason, by);
    }

    /// <summary>The first connection of this side to be closed has this reason in the log, in the counters and at the admin endpoint.</summary>
    public Task<CloseLine> ExpectClose(string side, string reason, string by) => ExpectClose(Proxy, side, reason, by);

    /// <summary>The same of any proxy that writes its connection log to stdout.</summary>
    public static async Task<CloseLine> ExpectClose(ProxyUnderTest proxy, string side, string reason, string by)
    {
        CloseLine line = CloseLine.Parse(await proxy.Output.WaitFor(line => CloseLine.IsOf(side, line), $"a closed {side}"));
        Assert.Equal((reason, by), (line.Reason, line.By));
        Assert.Equal(1, await proxy.Metric($"nativeproxy_{side}_closes_total{{reason=\"{reason}\"}}"));
        Assert.Equal(1, await proxy.Metric($"nativeproxy_{side}_closed_by_total{{by=\"{by}\"}}"));
        JsonElement closes = await Closes(proxy);
        Assert.Equal(1, closes.GetProperty(side).GetProperty("reasons").GetProperty(reason).GetInt64());
        Assert.Contains(
            closes.GetProperty("recent").EnumerateArray(),
            one => one.GetProperty("side").GetString() == side && one.GetProperty("reason").GetString() == reason
            && one.GetProperty("connection_id").GetInt64() == line.Id);
        return line;
    }

    /// <summary>What the admin endpoint says of closed connections.</summary>
    public Task<JsonElement> Closes() => Closes(Proxy);

    public static async Task<JsonElement> Closes(ProxyUnderTest proxy)
    {
        await using RawClient admin = await RawClient.Connect(proxy.AdminPort);
        HttpResponse response = await admin.Ask("/closes", "Connection: close\r\n");
        Assert.Equal((200, "application/json"), (response.Status, response.Field("Content-Type")));
        return JsonDocument.Parse(response.Body).RootElement;
    }
}
