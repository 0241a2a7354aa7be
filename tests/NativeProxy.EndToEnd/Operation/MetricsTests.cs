using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>What /metrics says of the service and of its processes, and that it says it the way Prometheus wants it.</summary>
public sealed class MetricsTests
{
    private const string Succeeded = "nativeproxy_config_last_reload_successful";
    private const string SucceededAt = "nativeproxy_config_last_reload_success_timestamp_seconds";

    [PromtoolFact]
    public async Task Promtool_HasNoComplaint()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2)
            .Upstream("health.type = \"tcp\"", "cache.bytes = \"64KiB\""));
        await proxy.AskOnce();
        await proxy.WaitUntilIdle();
        Assert.Equal((0, ""), await Promtool.Run(await proxy.MetricsText(), "check", "metrics"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task LastReload_IsToldWithItsOutcomeAndTime(int workers)
    {
        decimal before = Now() - 1;
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        IReadOnlyDictionary<string, decimal> started = await proxy.Samples();
        Assert.Equal(1, started[Succeeded]);
        Assert.InRange(started[SucceededAt], before, Now());

        await proxy.Reload(text => text + "nonsense = 1\n");
        IReadOnlyDictionary<string, decimal> refused = await proxy.Samples();
        Assert.Equal((0, started[SucceededAt]), (refused[Succeeded], refused[SucceededAt]));

        await proxy.Reload(text => text.Replace("nonsense = 1\n", "", StringComparison.Ordinal));
        IReadOnlyDictionary<string, decimal> done = await proxy.Samples();
        Assert.Equal(1, done[Succeeded]);
        Assert.InRange(done[SucceededAt], started[SucceededAt] + 0.001m, Now());
    }

    [Fact]
    public async Task Processes_AreShownAsTheKernelKnowsThem_TheSupervisorAndEachWorker()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        const string family = "nativeproxy_worker_process_resident_memory_bytes{";
        await Deadline.Until(async () => (await proxy.Samples()).Keys.Count(static name => name.StartsWith(family, StringComparison.Ordinal)) == 2,
            () => "both workers to say who they are");
        IReadOnlyDictionary<string, decimal> samples = await proxy.Samples();
        ExpectProcess(proxy.Id, name => samples[name]);
        int[] workers = ProcessView.Children(proxy.Id);
        Assert.Equal(2, workers.Length);

        for (int worker = 0; worker < workers.Length; worker++)
        {
            string label = $"{{worker=\"{worker}\"}}";
            ExpectProcess(workers[worker], name => samples[$"nativeproxy_worker_{name}{label}"]);
        }
        Assert.Single(samples, sample => sample.Key.StartsWith("nativeproxy_build_info{", StringComparison.Ordinal) && sample.Value == 1);
    }

    /// <summary>Accepted requests and refused ones are two counters; one refused for its body was accepted before.</summary>
    [Fact]
    public async Task AcceptedAndRefusedRequests_AreCountedApart()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("limits.body_bytes = 10"));
        await using (RawClient client = await proxy.Connect())
        {
            await client.Ask("/1");
            await client.Ask("/2");
        }
        await Refused("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n");
        await Refused("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n");
        await Refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n");
        await Refused("GET / HTTP/3.0\r\nHost: h\r\n\r\n");
        Assert.Equal(2, await proxy.Metric("nativeproxy_requests_total"));
        Assert.Equal(1, await proxy.Metric("nativeproxy_requests_on_kept_connection_total"));
        await Refused("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n");
        await Refused("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n");
        Assert.Equal(4, await proxy.Metric("nativeproxy_requests_total"));
        IReadOnlyDictionary<string, long> metrics = await proxy.AllMetrics();
        Assert.Equal(
            [("syntax", 1L), ("framing", 2L), ("too_large", 2L), ("unsupported", 1L), ("denied", 0L)],
            from reason in (string[])["syntax", "framing", "too_large", "unsupported", "denied"] select (reason,
                metrics[$"nativeproxy_bad_requests_total{{reason=\"{reason}\"}}"]));

        async Task Refused(string request)
        {
            await using RawClient client = await proxy.Connect();
            await client.Send(request);
            Assert.Matches("^HTTP/1\\.1 [45]", (await client.ReadToEnd()).Text);
        }
    }

    private static void ExpectProcess(int id, Func<string, decimal> figure)
    {
        Assert.InRange(figure("process_resident_memory_bytes"), ProcessView.ResidentBytes(id) / 2, ProcessView.ResidentBytes(id) * 2);
        Assert.True(figure("process_virtual_memory_bytes") >= figure("process_resident_memory_bytes"));
        Assert.InRange(figure("process_cpu_seconds_total"), 0, ProcessView.ProcessorTicks(id) / 100m);
        Assert.InRange(figure("process_open_fds"), 3, 200);
        Assert.Equal(SoftDescriptorLimit(id), figure("process_max_fds"));
        Assert.InRange(figure("process_threads"), 1, 100);
        Assert.InRange(figure("process_start_time_seconds"), Now() - 300, Now() + 1);
    }

    private static decimal SoftDescriptorLimit(int id)
    {
        string text = File.ReadLines($"/proc/{id}/limits").Single(static line => line.StartsWith("Max open files", StringComparison.Ordinal))[14..]
            .TrimStart().Split(' ')[0];
        return text == "unlimited" ? -1 : decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
    }

    private static decimal Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000m;
}
