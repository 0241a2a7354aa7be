using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>A supervisor with two worker processes.</summary>
public sealed class WorkerTests
{
    [Fact]
    public async Task TwoWorkers_AreTwoProcesses_AndBothServe()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        Assert.Equal(2, ProcessView.Children(proxy.Id).Length);
        int asked = await AskUntilBothServe(proxy);

        // One admin endpoint shows the sum of both.
        Assert.Equal(asked, await proxy.Metric("nativeproxy_requests_total"));
        Assert.Equal(asked, await proxy.Metric("nativeproxy_client_connections_accepted_total"));
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
    }

    [Fact]
    public async Task KilledWorker_IsStartedAgain_TheLogSaysSo_AndTheAddressNeverRefuses()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        await AskUntilBothServe(proxy);
        int victim = ProcessView.Children(proxy.Id)[0];
        LinuxSignals.Send(victim, LinuxSignals.Kill);

        // Connections made while the worker is away are another worker's.
        var waiting = new List<RawClient>();
        var answers = new List<Task<HttpResponse>>();
        while (waiting.Count < 40 || !proxy.Errors.Text.Contains(" started again", StringComparison.Ordinal))
        {
            RawClient client = await proxy.Connect();
            waiting.Add(client);
            await client.SendGet("/" + waiting.Count);
            answers.Add(client.ReadResponse());
            await Task.WhenAny(answers[^1], proxy.Errors.WaitFor(" started again"));
        }
        foreach (Task<HttpResponse> answer in answers)
            Assert.Equal(200, (await answer).Status);
        waiting.ForEach(client => client.Close());
        await proxy.Errors.WaitFor(line => Regex.IsMatch(line, @" error worker \d ended with code 137; it starts again at once"),
            "the end of the worker");
        Assert.Equal(2, ProcessView.Children(proxy.Id).Length);
        Assert.DoesNotContain(victim, ProcessView.Children(proxy.Id));
        Assert.Equal(1, await proxy.Metric("nativeproxy_worker_restarts_total"));
        await AskUntilBothServe(proxy);
        await proxy.WaitForMetric("nativeproxy_client_connections_open", 0);
    }

    [Fact]
    public async Task KilledWorker_CostsTheOtherWorkersConnectionsNothing()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        var clients = new List<RawClient>();
        var parities = new List<int>();
        while (parities.Distinct().Count() < 2)
        {
            clients.Add(await proxy.Connect());
            await clients[^1].Ask("/" + clients.Count);
            parities.Add(await WorkerOf(proxy, "/" + clients.Count));
        }
        LinuxSignals.Send(ProcessView.Children(proxy.Id)[0], LinuxSignals.Kill);
        await proxy.Errors.WaitFor(" started again");
        int ended = (await proxy.Errors.WaitFor("ended with code 137")).Contains("worker 0", StringComparison.Ordinal) ? 0 : 1;
        for (int i = 0; i < clients.Count; i++)
        {
            if (parities[i] == ended)
                await clients[i].ExpectEnd();
            else
                Assert.Equal(200, (await clients[i].Ask()).Status);
            clients[i].Close();
        }
    }

    [Fact]
    public async Task KilledSupervisor_TheWorkersFinishTheirExchangesAndEnd()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        int[] workers = ProcessView.Children(proxy.Id);
        await using RawClient client = await proxy.Connect();
        await client.SendGet();
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        proxy.Signal(LinuxSignals.Kill);
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        await server.Send("ok");
        Assert.Equal("ok", (await client.ReadResponse()).Body);
        await client.ReadToEnd();
        client.Close();
        await proxy.WaitForExit();
        await Deadline.Until(() => workers.All(id => !Directory.Exists($"/proc/{id}") || ProcessView.State(id) == 'Z'), () => "the workers to end");
    }

    /// <summary>A cleaner of temporary files finds nothing to remove, and nothing is left by a supervisor that was killed.</summary>
    [Fact]
    public async Task SharedMemory_HasNoPath()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        Assert.Empty(Directory.EnumerateFiles("/dev/shm", $"nativeproxy-{proxy.Id}*"));
        Assert.Contains("/memfd:nativeproxy-counters (deleted)", File.ReadAllText($"/proc/{ProcessView.Children(proxy.Id)[0]}/maps"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task SingleProcessOption_RunsWithoutWorkers()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2), "--single-process");
        Assert.Empty(ProcessView.Children(proxy.Id));
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    /// <summary>Connection ids of two workers are odd and even.</summary>
    private static async Task<int> AskUntilBothServe(ProxyUnderTest proxy)
    {
        string path = "/" + Guid.NewGuid().ToString("N");
        int asked = 0;
        await Deadline.Until(
            async () =>
            {
                Assert.Equal(200, (await proxy.AskOnce(path)).Status);
                asked++;
                return proxy.Output.Lines.Where(line => line.Contains(path, StringComparison.Ordinal)).Select(WorkerOf).Distinct().Count() == 2;
            },
            () => "both workers to serve");
        return asked;
    }

    private static async Task<int> WorkerOf(ProxyUnderTest proxy, string path) => WorkerOf(await proxy.Output.WaitFor($"\"GET {path} "));

    private static int WorkerOf(string line) => (int.Parse(Regex.Match(line, @" cc=(\d+)/").Groups[1].Value) - 1) % 2;
}
