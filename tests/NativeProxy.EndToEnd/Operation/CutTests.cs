using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>
/// What a stop cuts, since its drain time is over or a second signal came, with one process (1) and with workers (2): every connection has its
/// line and its reason, nothing that is cut looks whole, and the logs are complete.
/// </summary>
[Trait("promise", "B3")]
public sealed class CutTests
{
    private const string OutOfTime = "500ms";
    private const string InTime = "1h";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("close", "client:stopped")]
    [Trait("close", "server:stopped")]
    public async Task DrainTimeOver_WhateverAConnectionDoes_ItsCloseIsLogged(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config(origin, workers, OutOfTime));
        await using CutScene scene = await CutScene.Start(proxy, origin);
        var time = new PassingTime();
        proxy.Signal(LinuxSignals.Terminate);

        await scene.ExpectCut();
        time.AssertAtLeast(500);
        Assert.Contains(workers == 1 ? "the drain time ran out; the remaining connections are cut" : "stopped: some exchanges were cut",
            proxy.Errors.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SecondSignal_WhateverAConnectionDoes_ItsCloseIsLogged(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config(origin, workers, InTime));
        await using CutScene scene = await CutScene.Start(proxy, origin);
        proxy.Signal(LinuxSignals.Interrupt);
        await proxy.Errors.WaitFor("stopping: ");
        await proxy.SignalAgain(LinuxSignals.Interrupt);

        await scene.ExpectCut();
        Assert.Contains("stopped at once by a second signal", proxy.Errors.Text, StringComparison.Ordinal);
    }

    /// <summary>A worker that does nothing any more cannot write lines, and cannot keep the supervisor either.</summary>
    [Fact]
    public async Task WorkersThatHang_AreKilledAfterASecondSignal()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config(origin, workers: 2, InTime));
        await using RawClient busy = await proxy.Connect();
        await busy.SendGet();
        await (await origin.Accept()).ReadRequest();
        int[] workers = ProcessView.Children(proxy.Id);
        Array.ForEach(workers, static id => LinuxSignals.Send(id, LinuxSignals.Stop));
        await Deadline.Until(() => Array.TrueForAll(workers, id => ProcessView.State(id) == 'T'), () => "the workers to be stopped");

        proxy.Signal(LinuxSignals.Interrupt);
        await proxy.Errors.WaitFor("stopping: ");
        await proxy.SignalAgain(LinuxSignals.Interrupt);

        Assert.Equal(3, await proxy.WaitForExit());
        await busy.ExpectEnd();
        Assert.Empty(proxy.Output.Lines);
        await Deadline.Until(() => Array.TrueForAll(workers, id => !Directory.Exists($"/proc/{id}")), () => "the workers to end");
    }

    /// <summary>Their lines take more than the log's memory, so that they have to be written while the connections are cut.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ManyConnections_AllHaveTheirLines(int workers)
    {
        const int Count = 1500;

        // A file: what two workers write to one pipe may be mixed within a line.
        string path = Path.GetTempFileName();
        var clients = new List<RawClient>();
        try
        {
            await using ScriptedOrigin origin = ScriptedOrigin.Driven();
            await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
                ProxyConfig.For(origin).WithWorkers(workers).Runtime($"drain_timeout = \"{OutOfTime}\"")
                .Log($"access = \"{path}\"", $"connections = \"{path}\""));
            for (int i = 0; i < Count; i++)
            {
                clients.Add(await proxy.Connect());
                await clients[^1].SendGet("/" + new string('x', 3000));
            }
            for (int i = 0; i < Count; i++)
                await (await origin.Accept()).ReadRequest();
            proxy.Signal(LinuxSignals.Terminate);

            Assert.Equal(3, await proxy.WaitForExit());
            string[] lines = File.ReadAllLines(path);
            Assert.Equal(
                (Count, Count, Count),
                (CountOf(lines, "] closed client web ", " rs=stopped "), CountOf(lines, "] closed server app/a ", " rs=stopped "),
                    CountOf(lines, "\"GET /x", " rs=stopped")));
        }
        finally
        {
            clients.ForEach(static client => client.Close());
            File.Delete(path);
        }
    }

    private static ProxyConfig Config(ScriptedOrigin origin, int workers, string drainTimeout) =>
        ProxyConfig.For(origin).WithWorkers(workers).Runtime($"drain_timeout = \"{drainTimeout}\"").Log("connections = \"stdout\"")
            .Listener("upgrade = [\"websocket\"]", "timeouts.linger = \"1h\"");

    private static int CountOf(string[] lines, params string[] parts) => lines.Count(line => Has(line, parts));

    private static bool Has(string line, string[] parts) => Array.TrueForAll(parts, part => line.Contains(part, StringComparison.Ordinal));

    /// <summary>One client connection in each state in which a stop can find it.</summary>
    private sealed class CutScene(ProxyUnderTest proxy) : IAsyncDisposable
    {
        private const string BytesFromClients = "nativeproxy_bytes_total{peer=\"client\",direction=\"in\"}";

        private readonly List<(string What, RawClient Client, StreamEnd End)> _clients = [];

        public static async Task<CutScene> Start(ProxyUnderTest proxy, ScriptedOrigin origin)
        {
            var scene = new CutScene(proxy);
            RawClient body = await scene.Connect("in its request body", StreamEnd.Fin);
            await body.Send("POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello");
            OriginConnection server = await origin.Accept();
            await server.ReadThrough("\r\n\r\nhello");

            RawClient waiting = await scene.Connect("waiting for its response", StreamEnd.Fin);
            await waiting.SendGet("/waiting");
            await (await origin.Accept()).ReadRequest();

            RawClient response = await scene.Connect("in a response body with a length", StreamEnd.Fin);
            await response.SendGet("/response");
            await (await origin.Accept()).Answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            await response.ReadThrough("\r\n\r\nhello");

            RawClient old = await scene.Connect("in a response body that ends with the connection", StreamEnd.Reset);
            await old.Send("GET /old HTTP/1.0\r\n\r\n");
            await (await origin.Accept()).Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            await old.ReadThrough("\r\n\r\nhello");

            RawClient tunnel = await scene.Connect("in a tunnel", StreamEnd.Reset);
            await tunnel.SendGet("/tunnel", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
            server = await origin.Accept();
            await server.Answer("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            await tunnel.ReadHead();
            await tunnel.Send("ping");
            Assert.Equal("ping", await server.Read(4));

            // It is idle when the drain begins, and does not answer the FIN that it gets then.
            RawClient idle = await scene.Connect("idle", StreamEnd.Fin);
            await idle.SendGet("/idle");
            await (await origin.Accept()).Answer();
            await idle.ReadResponse();

            long before = await proxy.Metric(BytesFromClients);
            RawClient head = await scene.Connect("in its request head", StreamEnd.Fin);
            await head.Send("GET /head HT");
            await proxy.WaitForMetric(BytesFromClients, before + 12);
            return scene;
        }

        /// <summary>The process ends; then everything is in its log.</summary>
        public async Task ExpectCut()
        {
            Assert.Equal(3, await proxy.WaitForExit());
            foreach ((string what, RawClient client, StreamEnd end) in _clients)
                Assert.Equal((what, end), (what, (await client.ReadToEnd()).End));

            CloseLine[] closes = [.. proxy.Output.Lines.Where(line => line.Contains("] closed ", StringComparison.Ordinal)).Select(CloseLine.Parse)];
            Assert.Equal(
                ["draining proxy", "stopped proxy", "stopped proxy", "stopped proxy", "stopped proxy", "stopped proxy_reset", "stopped proxy_reset"],
                ReasonsOf(closes, "client"));
            Assert.Equal(["purged proxy", .. Enumerable.Repeat("stopped proxy_reset", 5)], ReasonsOf(closes, "server"));

            Assert.Equal("----", TerminationOf(LineWith("\"GET /idle ", " rs=-")));
            Assert.Equal("KH--", TerminationOf(LineWith("\"POST /body ", " rs=stopped")));
            Assert.Equal("KH--", TerminationOf(LineWith("\"GET /waiting ", " rs=stopped")));
            foreach (string target in (string[])["/response", "/old", "/tunnel"])
                Assert.Equal("KD--", TerminationOf(LineWith($"\"GET {target} ", " rs=stopped")));
            Assert.Equal(7 + 6 + 6, proxy.Output.Lines.Count);
        }

        public async ValueTask DisposeAsync()
        {
            foreach ((_, RawClient client, _) in _clients)
                await client.DisposeAsync();
        }

        /// <param name="what">What it does when it is cut, for a message.</param>
        /// <param name="end">How it must see the end.</param>
        private async Task<RawClient> Connect(string what, StreamEnd end)
        {
            RawClient client = await proxy.Connect();
            _clients.Add((what, client, end));
            return client;
        }

        private string LineWith(params string[] parts) => Assert.Single(proxy.Output.Lines, line => Has(line, parts));

        private static IEnumerable<string> ReasonsOf(CloseLine[] closes, string side) =>
            closes.Where(line => line.Side == side).Select(line => $"{line.Reason} {line.By}").Order(StringComparer.Ordinal);

        /// <summary>The column behind the captured cookies, as HAProxy has it.</summary>
        private static string TerminationOf(string line) => line.Split(' ')[9];
    }
}
