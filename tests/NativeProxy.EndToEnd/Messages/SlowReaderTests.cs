using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>
/// A peer that reads slowly but never stops is not cut, however long the kernel takes no new bytes for it: its buffer must be free to a third
/// first. One that takes nothing is cut at its timeout. Each kind of wait with both.
/// </summary>
public sealed class SlowReaderTests
{
    private const int TimeoutMs = 1000;
    private const int BodyBytes = 12 * 1024 * 1024;

    private static readonly string Body = new('x', BodyBytes);

    [Theory]
    [InlineData("")]
    [InlineData("Connection: close\r\n")]
    public async Task AClientThatReadsSlowly_GetsTheWholeResponse(string fields) => await Paced(async keepPace =>
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener($"timeouts.send = \"{TimeoutMs}ms\""));
        await using RawClient client = await proxy.Connect(receiveBufferBytes: 128 * 1024);
        await client.SendGet("/", fields);
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        Task sending = server.Send(Response);
        await client.ReadHead();
        int taken = await keepPace(client);
        await client.Skip(BodyBytes - taken);
        await sending;
        Assert.Equal(0, await proxy.Metric("nativeproxy_timeouts_total{kind=\"client_send\"}"));
    });

    [Fact]
    [Trait("layer", "no")] // the server offers bytes at its bare socket until its kernel takes no more
    public async Task AClientThatReadsSlowly_GetsWhatIsLeftAfterTheLastRequest() => await Paced(async keepPace =>
    {
        // The body fits into the kernel's buffer and the queue: what is left is sent by the farewell alone.
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener($"timeouts.send = \"{TimeoutMs}ms\""));
        await using RawClient client = await proxy.Connect(receiveBufferBytes: 128 * 1024);
        await client.SendGet("/", "Connection: close\r\n");
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send("HTTP/1.1 200 OK\r\n\r\n");
        var offer = new Offer(server);
        long offered = await offer.UntilItStands();
        server.Close();
        await client.ReadHead();
        int taken = await keepPace(client);
        (string rest, StreamEnd end) = await client.ReadToEnd();
        Assert.Equal(StreamEnd.Fin, end);
        Assert.True(taken + rest.Length > offered, $"{taken} and {rest.Length} of {offered}");
    });

    [Fact]
    public async Task AClientThatTakesNothing_IsReset()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener($"timeouts.send = \"{TimeoutMs}ms\""));
        await using RawClient client = await proxy.Connect(receiveBufferBytes: 128 * 1024);
        var time = new PassingTime();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await Record.ExceptionAsync(() => server.Send(Response));
        string line = await proxy.Output.WaitFor("GET / ");
        time.AssertAtLeast(TimeoutMs);
        Assert.EndsWith(" rs=send_timeout why=-", line, StringComparison.Ordinal);
        Assert.Equal(StreamEnd.Reset, (await client.ReadToEnd()).End);
    }

    [Fact]
    public async Task AServerThatReadsSlowly_GetsTheWholeUpload() => await Paced(async keepPace =>
    {
        await using ScriptedOrigin origin = ScriptedOrigin.DrivenWith(receiveBufferBytes: 128 * 1024);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream($"timeouts.response = \"{TimeoutMs}ms\""));
        await using RawClient client = await proxy.Connect();
        Task sending = client.Send(Upload);
        OriginConnection server = await origin.Accept();
        await server.ReadHead();
        int taken = await keepPace(server);
        await server.Skip(BodyBytes - taken);
        await sending;
        await server.Send(OriginConnection.Ok);
        Assert.Equal(200, (await client.ReadResponse()).Status);
        Assert.Equal(0, await proxy.Metric("nativeproxy_timeouts_total{kind=\"response\"}"));
    });

    [Fact]
    public async Task AServerThatReadsSlowly_GetsWhatTheProxyHasSentWhole() => await Paced(async keepPace =>
    {
        // The whole request is in the kernel's buffer: nothing is left to be sent, the answer is due, and still the server is busy reading.
        const int bodyBytes = 2 * 1024 * 1024;
        await using ScriptedOrigin origin = ScriptedOrigin.DrivenWith(receiveBufferBytes: 128 * 1024);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream($"timeouts.response = \"{TimeoutMs}ms\""));
        await using RawClient client = await proxy.Connect();
        await client.Send($"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {bodyBytes}\r\n\r\n" + Body[..bodyBytes]);
        OriginConnection server = await origin.Accept();
        await server.ReadHead();
        int taken = await keepPace(server);
        await server.Skip(bodyBytes - taken);
        await server.Send(OriginConnection.Ok);
        Assert.Equal(200, (await client.ReadResponse()).Status);
    });

    [Fact]
    public async Task AServerThatTakesNothing_IsGivenUpWith504()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.DrivenWith(receiveBufferBytes: 128 * 1024);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Upstream($"timeouts.response = \"{TimeoutMs}ms\""));
        await using RawClient client = await proxy.Connect();
        var time = new PassingTime();
        Task sending = Record.ExceptionAsync(() => client.Send(Upload));
        OriginConnection server = await origin.Accept();
        Assert.Equal(504, (await client.ReadResponse("POST")).Status);
        time.AssertAtLeast(TimeoutMs);
        Assert.Equal(1, await proxy.Metric("nativeproxy_timeouts_total{kind=\"response\"}"));
        server.Close();
        client.Close();
        await sending;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ATunnelWhoseOneEndReadsSlowly_IsNotIdle(bool toClient) => await Paced(async keepPace =>
    {
        await using TunnelScene scene = await TunnelScene.Open();
        TestSocket from = toClient ? scene.Server : scene.Client;
        TestSocket to = toClient ? scene.Client : scene.Server;
        Task sending = from.Send(Body);
        int taken = await keepPace(to);
        await to.Skip(BodyBytes - taken);
        await sending;
        await to.Send("still here");
        Assert.Equal("still here", await from.Read(10));
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ATunnelWhoseOneEndTakesNothing_Ends(bool toClient)
    {
        await using TunnelScene scene = await TunnelScene.Open();
        TestSocket from = toClient ? scene.Server : scene.Client;
        Task sending = Record.ExceptionAsync(() => from.Send(Body));
        Assert.EndsWith(" rs=tunnel_timeout why=-", await scene.Proxy.Output.WaitFor("GET / "), StringComparison.Ordinal);
        scene.Client.Close();
        scene.Server.Close();
        await sending;
    }

    private static string Response => $"HTTP/1.1 200 OK\r\nContent-Length: {BodyBytes}\r\n\r\n" + Body;

    private static string Upload => $"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {BodyBytes}\r\n\r\n" + Body;

    /// <summary>
    /// Runs a trial whose reader takes some bytes now and then for a multiple of the timeout. When this machine does not let it, since it
    /// stood still for half a timeout, the trial proves nothing and is made again.
    /// </summary>
    private static async Task Paced(Func<Func<TestSocket, Task<int>>, Task> trial)
    {
        const int stepBytes = 48 * 1024;
        const int stepMs = 100;
        const int steps = 40;
        for (int attempt = 1; ; attempt++)
        {
            long worstMs = 0;
            using var end = new CancellationTokenSource();
            Task<long> standstill = LongestStandstillMs(end.Token);
            Exception? failure = await Record.ExceptionAsync(() => trial(async socket =>
            {
                for (int i = 0; i < steps; i++)
                {
                    var watch = Stopwatch.StartNew();
                    await PassingTime.Of(stepMs);
                    await socket.Skip(stepBytes);
                    worstMs = Math.Max(worstMs, watch.ElapsedMilliseconds);
                }
                return stepBytes * steps;
            }));
            end.Cancel();
            worstMs = Math.Max(worstMs, await standstill);
            if (failure is null)
                return;
            if (worstMs < TimeoutMs / 2 || attempt == 5)
                throw failure;
        }
    }

    /// <summary>The trial goes on behind its steps, where a reader that stands still is cut as well.</summary>
    private static async Task<long> LongestStandstillMs(CancellationToken end)
    {
        const int stepMs = 20;
        long worstMs = 0;
        while (!end.IsCancellationRequested)
        {
            var watch = Stopwatch.StartNew();
            await PassingTime.Of(stepMs);
            worstMs = Math.Max(worstMs, watch.ElapsedMilliseconds);
        }
        return worstMs;
    }

    /// <summary>Bytes that a server sends until nobody takes more of them.</summary>
    private sealed class Offer(OriginConnection server)
    {
        private static readonly byte[] Block = new byte[64 * 1024];

        /// <summary>How many were taken when no more were for a while.</summary>
        public async Task<long> UntilItStands()
        {
            server.Socket.Blocking = false;
            long taken = 0;
            for (int idle = 0; idle < 20;)
            {
                int sent = server.Socket.Send(Block, System.Net.Sockets.SocketFlags.None, out System.Net.Sockets.SocketError error);
                taken += error == System.Net.Sockets.SocketError.Success ? sent : 0;
                idle = error == System.Net.Sockets.SocketError.Success ? 0 : idle + 1;
                if (idle > 0)
                    await PassingTime.Of(10);
            }
            return taken;
        }
    }

    /// <summary>An upgraded connection through a proxy whose tunnels may idle for one timeout.</summary>
    private sealed class TunnelScene(ScriptedOrigin origin, ProxyUnderTest proxy, RawClient client, OriginConnection server) : ClientScene(origin,
        proxy, client)
    {
        public OriginConnection Server => server;

        public static async Task<TunnelScene> Open()
        {
            ScriptedOrigin origin = ScriptedOrigin.DrivenWith(receiveBufferBytes: 128 * 1024);
            ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
                .Listener("upgrade = [\"websocket\"]", $"timeouts.tunnel = \"{TimeoutMs}ms\""));
            RawClient client = await proxy.Connect(receiveBufferBytes: 128 * 1024);
            await client.SendGet("/", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
            OriginConnection server = await origin.Accept();
            await server.ReadHead();
            await server.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            await client.ReadHead();
            return new TunnelScene(origin, proxy, client, server);
        }
    }
}
