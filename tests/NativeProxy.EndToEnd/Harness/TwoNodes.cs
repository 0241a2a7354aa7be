using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// Two machines and a network between them, in network namespaces of their own: nodes 10.0.0.2 and 10.0.0.3, each on a cable to a switch, at which
/// a client (10.0.0.1) and servers (10.0.0.11 and on) are. Nothing of it can be reached from outside, nor reaches anything. Needs root, <c>ip</c>
/// (iproute2), <c>sysctl</c> (procps), <c>keepalived</c> and <c>curl</c>. Everything that was started in it ends with it.
/// </summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    /// <summary>What each node is called, and the last part of its address.</summary>
    public static readonly string[] Nodes = ["2", "3"];

    private static readonly string[] Programs = ["ip", "sysctl", "keepalived", "curl"];
    private readonly List<(Process Process, string What)> _started = [];
    private readonly string _lan = $"np{Environment.ProcessId}lan";

    private TwoNodes()
    {
    }

    /// <summary>Why this cannot be done here; null when it can.</summary>
    public static string? Obstacle { get; } = FindObstacle();

    /// <summary>Lays the cables.</summary>
    /// <param name="servers">Last parts of the addresses that servers will have.</param>
    public static async Task<TwoNodes> Lay(params int[] servers)
    {
        var nodes = new TwoNodes();
        string lan = nodes._lan;
        var script = new List<string>
        {
            $"ip netns add {lan}",
            $"ip netns exec {lan} ip link add lan type bridge",
            $"ip netns exec {lan} ip link set lan up",
        };
        script.AddRange(servers.Prepend(1).Select(last => $"ip netns exec {lan} ip addr add 10.0.0.{last}/24 dev lan"));
        foreach (string node in Nodes)
        {
            string space = NodeSpace(node);
            script.AddRange(
            [
                $"ip netns add {space}",
                $"ip link add eth0 netns {space} type veth peer name cable{node} netns {lan}",
                $"ip netns exec {lan} ip link set cable{node} master lan up",
                $"ip netns exec {space} ip link set lo up",
                $"ip netns exec {space} ip link set eth0 up",
                $"ip netns exec {space} ip addr add 10.0.0.{node}/24 dev eth0",
                $"ip netns exec {space} sysctl -qw net.ipv4.ip_nonlocal_bind=1",
            ]);
        }
        await Shell(string.Join(" && ", script));
        return nodes;
    }

    /// <summary>Starts a program on a node, or beside the client where that is null.</summary>
    /// <returns>What it writes to stdout.</returns>
    public (Process Process, LineCollector Output) Start(string? node, params string[] command)
    {
        var info = new ProcessStartInfo("ip", ["netns", "exec", node is null ? _lan : NodeSpace(node), .. command])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        Process process = Process.Start(info)!;
        var output = new LineCollector(process.StandardOutput);
        _ = new LineCollector(process.StandardError);
        _started.Add((process, string.Join(' ', command)));
        return (process, output);
    }

    /// <summary>What curl prints of an answer, head and body, to the client or on a node; empty when there is none within two seconds.</summary>
    public async Task<string> Ask(string url, string fields = "", string? node = null)
    {
        string field = fields.Length > 0 ? $"-H '{fields}'" : "";
        return await Output($"ip netns exec {(node is null ? _lan : NodeSpace(node))} curl -s -i -m 2 {field} {url} || true");
    }

    public async Task<bool> HasAddress(string node, string address) =>
        (await Output($"ip netns exec {NodeSpace(node)} ip -4 -o addr show dev eth0")).Contains($" {address}/", StringComparison.Ordinal);

    /// <summary>Nothing comes or goes any more, as when a machine dies.</summary>
    public Task CutCable(string node) => Shell($"ip netns exec {_lan} ip link set cable{node} down");

    public async ValueTask DisposeAsync()
    {
        // Not in order: who is behind a cut cable would be waited for.
        foreach ((Process process, _) in _started.Where(static one => !one.Process.HasExited))
            process.Kill(entireProcessTree: true);
        foreach ((Process process, string what) in _started)
        {
            await Deadline.For(process.WaitForExitAsync(), () => "the end of: " + what);
            process.Dispose();
        }
        await Shell(string.Join("; ", Nodes.Select(NodeSpace).Prepend(_lan).Select(space => "ip netns del " + space)));
    }

    private static string NodeSpace(string node) => $"np{Environment.ProcessId}n{node}";

    private static async Task Shell(string script) => await Output(script);

    private static async Task<string> Output(string script)
    {
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await Deadline.For(process.WaitForExitAsync(), () => "the end of: " + script);
        Assert.True(process.ExitCode == 0, $"{script}\n{await errors}");
        return await output;
    }

    private static string? FindObstacle()
    {
        if (!Environment.IsPrivilegedProcess)
            return "only root may make network namespaces";
        string[] places = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator), "/usr/sbin", "/sbin"];
        if (Programs.FirstOrDefault(program => !places.Any(place => File.Exists(Path.Combine(place, program)))) is { } missing)
            return missing + " is not installed here";
        string trial = $"np{Environment.ProcessId}try";
        using Process process = Process.Start("/bin/sh",
            ["-c", $"(ip netns add {trial} && ip link add try0 netns {trial} type veth peer name try1 netns {trial} "
                + $"&& ip netns exec {trial} ip link add try2 type bridge && ip netns exec {trial} sysctl -qw net.ipv4.ip_nonlocal_bind=1) "
                + $">/dev/null 2>&1; result=$?; ip netns del {trial} >/dev/null 2>&1; exit $result"]);
        process.WaitForExit();
        return process.ExitCode == 0 ? null : "network namespaces, pairs of interfaces or bridges are forbidden here";
    }
}

/// <summary>A test that needs <see cref="TwoNodes"/>, and says so where they cannot be.</summary>
internal sealed class TwoNodesFactAttribute : FactAttribute
{
    public TwoNodesFactAttribute() => Skip = TwoNodes.Obstacle;
}
