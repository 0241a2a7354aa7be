using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Settings that the supervisor has taken and that one worker cannot go over to: nobody does, and nothing of them stays.</summary>
[Trait("promise", "B17")]
public sealed class RefusedReloadTests
{
    private const string LastReload = "nativeproxy_config_last_reload_successful";

    /// <summary>The worker has no descriptor left, so that the sockets for the new address cannot be handed to it.</summary>
    [Fact]
    [Trait("layer", "no")] // the runtime of the tests loads its parts as it needs them and cannot without a descriptor; the product has all of itself
    public async Task ReloadThatOneWorkerCannotTake_ChangesNobody_LeavesNothing_AndTheNextOneWorks()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(2).Listener("[listener.forwarded]", "via = \"one\"").Upstream("keepalive.enabled = false"));
        int[] processes = [proxy.Id, .. ProcessView.Children(proxy.Id)];
        int victim = processes.Single(static id => File.ReadAllText($"/proc/{id}/cmdline").Contains("--index\01\0", StringComparison.Ordinal));
        await proxy.Reload(static text => text.Replace("\"one\"", "\"before\"", StringComparison.Ordinal));
        await ExpectFromBoth(proxy, origin, proxy.Port(), "before");
        await proxy.WaitUntilIdle();
        int[] held = HeldBy(processes);
        int added = FreePorts.Take(1)[0];

        int limit = DescriptorLimit.Set(victim, ProcessView.LowestFreeDescriptor(victim));
        await proxy.Reload(text => text.Replace("before", "after", StringComparison.Ordinal)
            .Replace($"bind = [\"127.0.0.1:{proxy.Port()}", $"bind = [\"127.0.0.1:{added}\", \"127.0.0.1:{proxy.Port()}", StringComparison.Ordinal));
        DescriptorLimit.Set(victim, limit);

        Assert.Contains(
            "worker 1 cannot use the new settings: the listening sockets have not come: its limit of open files may be reached (ulimit -n",
            proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Contains("reload refused; the running configuration stays in force", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Equal((0, 1), (await proxy.Metric(LastReload), await proxy.Metric("nativeproxy_reloads_total{outcome=\"refused\"}")));
        await ExpectFromBoth(proxy, origin, proxy.Port(), "before");
        await proxy.WaitUntilIdle();
        await Deadline.Until(
            () => HeldBy(processes).Zip(held).All(static count => count.First <= count.Second),
            () => $"no more descriptors than before ({string.Join(", ", held)}): {string.Join(", ", HeldBy(processes))}");
        Assert.False(ProcessView.ListensOn(proxy.Id, added));

        await proxy.Reload(static text => text);
        Assert.Equal((1, 1), (await proxy.Metric(LastReload), await proxy.Metric("nativeproxy_reloads_total{outcome=\"refused\"}")));
        await ExpectFromBoth(proxy, origin, added, "after");
        await ExpectFromBoth(proxy, origin, proxy.Port(), "after");
        Assert.Equal(processes, (int[])[proxy.Id, .. ProcessView.Children(proxy.Id)]);
    }

    private static int[] HeldBy(int[] processes) => [.. processes.Select(ProcessView.DescriptorCount)];

    /// <summary>Asks at an address until both workers have answered, and expects these settings of all their answers.</summary>
    private static async Task ExpectFromBoth(ProxyUnderTest proxy, ScriptedOrigin origin, int port, string via)
    {
        string path = "/" + Guid.NewGuid().ToString("N");
        await Deadline.Until(
            async () =>
            {
                await using RawClient client = await RawClient.Connect(port);
                Assert.Equal(200, (await client.Ask(path)).Status);
                Assert.Contains($"Via: 1.1 {via}\r\n", origin.Requests[^1].Request, StringComparison.Ordinal);
                return WorkersOf(proxy, path).Count == 2;
            },
            () => "both workers to serve");
    }

    /// <summary>Connection ids of two workers are odd and even.</summary>
    private static HashSet<int> WorkersOf(ProxyUnderTest proxy, string path) =>
    [
        .. from line in proxy.Output.Lines
           where line.Contains(path, StringComparison.Ordinal)
           select (int.Parse(Regex.Match(line, @" cc=(\d+)/").Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) - 1) % 2,
    ];
}
