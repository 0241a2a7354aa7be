using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.EndToEnd.ServerSide;
using NativeProxy.EndToEnd.Tls;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>A level that never leaves zero says nothing: while there is some of everything, each gauge shows it.</summary>
public sealed class GaugeTests
{
    /// <summary>
    /// Zero is what they should be here; <see cref="PressureTests"/>, <see cref="ServerSide.PassiveHealthTests"/> and <see cref="RateLimitTests"/>
    /// move them, and a file that is exchanged. Those of each server, upstream and listener are above zero at some of them only.
    /// </summary>
    private static readonly string[] Resting =
        ["nativeproxy_pressure{", "nativeproxy_worker_pressure{", "nativeproxy_server_ejected{", "nativeproxy_rate_limit_waiting",
            "nativeproxy_tls_certificate_file_changed{", "nativeproxy_server_operator_state{",
            "nativeproxy_upstream_queue{", "nativeproxy_server_queue{", "nativeproxy_server_connections_active{",
            "nativeproxy_server_connections_unused{", "nativeproxy_listener_connections{"];

    [Fact]
    [Trait("layer", "no")] // health checks, which no loop carries, speak no records
    public async Task EveryGauge_IsAboveZero_WhileThereIsWhatItShows()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ScriptedOrigin silent = ScriptedOrigin.Answering(static _ => "");
        await using ScriptedOrigin answering = ScriptedOrigin.Answering(static request => request.StartsWith("GET /hang ", StringComparison.Ordinal)
            ? ""
            : OriginConnection.Ok);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Listener("pipelining = 4", "half_close = \"finish\"", "upgrade = [\"websocket\"]").Upstream("cache.bytes = \"1MiB\"")
            .AddUpstream("narrow", silent.Address).OwnServers("max_connections = 1").AddListener("narrow", "narrow")
            .AddUpstream("watched", answering.Address).Upstream("health.type = \"tcp\"").AddListener("watched", "watched")
            .AddListener("secure", "app").Listener(["timeouts.handshake = \"60s\"", .. TlsScene.Listening()])
            .AddListener("forward", ""));
        var clients = new List<RawClient>();

        // A connection that belongs to its client, a tunnel, a stored response whose connection is then used again for a body.
        await LoginScene.Authenticate(origin, await Connect());
        RawClient tunnel = await Connect();
        await tunnel.SendGet("/ws", "Connection: upgrade\r\nUpgrade: websocket\r\n");
        await (await origin.Accept()).Answer("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
        await tunnel.ReadHead();
        RawClient put = await Connect();
        await put.SendGet("/stored");
        OriginConnection reused = await origin.Accept();
        await reused.Answer(CacheScene.Answer("stored"));
        await put.ReadResponse();
        await put.Send(ReplayScene.Put(ReplayScene.Body(20_000)));
        await reused.ReadRequest();

        // Two requests in flight at once, a client that has shut its side, one that does not read, and the beginning of a request.
        await (await Connect()).Send(RawClient.Get("/1") + RawClient.Get("/2"));
        RawClient half = await Connect();
        await half.SendGet("/half");
        half.HalfClose();
        OriginConnection[] servers = [await origin.Accept(), await origin.Accept(), await origin.Accept()];
        RawClient slow = await proxy.Connect(receiveBufferBytes: 4096);
        clients.Add(slow);
        await slow.SendGet("/large");
        OriginConnection large = await origin.Accept();
        await large.ReadRequest();
        Task sending = large.Send($"HTTP/1.1 200 OK\r\nContent-Length: {ReplayScene.HugeBytes}\r\n\r\n" + new string('x', ReplayScene.HugeBytes));
        await (await Connect()).Send("GET /beginning HTTP/1.1\r\nHo");

        // One request that waits behind another, a server that is checked, a destination that is remembered and whose connection idles.
        await (await Connect("narrow")).SendGet("/first");
        await (await Connect("narrow")).SendGet("/waiting");
        await (await Connect("watched")).SendGet("/hang");
        await proxy.AskOnce($"http://{answering.Address}/", "forward");

        // A handshake that is done, and one that never is.
        await using TlsClient secure = await TlsClient.Connect(proxy.Port("secure"));
        await Connect("secure");

        string[] still = [];
        await Deadline.Until(
            async () => (still = [.. ZeroesOf(await proxy.MetricsText())]).Length == 0, () => "to be above zero:\n" + string.Join('\n', still));
        foreach (OriginConnection server in servers)
            await server.Answer();
        foreach (RawClient client in clients)
            client.Reset();
        await Assert.ThrowsAnyAsync<Exception>(() => sending);

        async Task<RawClient> Connect(string listener = "web")
        {
            RawClient client = await proxy.Connect(listener);
            clients.Add(client);
            return client;
        }
    }

    private static IEnumerable<string> ZeroesOf(string metrics)
    {
        bool isGauge = false;
        foreach (string line in metrics.Split('\n'))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                isGauge = line.EndsWith(" gauge", StringComparison.Ordinal);
            }
            else if (isGauge && line.EndsWith(" 0", StringComparison.Ordinal)
                && !Resting.Any(name => line.StartsWith(name, StringComparison.Ordinal)))
            {
                yield return line;
            }
        }
    }
}
