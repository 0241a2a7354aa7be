using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>The scene of the example with two nodes: both files as they are, on two machines in network namespaces, with keepalived.</summary>
public sealed class SharedAddressExampleTests
{
    private const string Shared = "10.0.0.100";

    [TwoNodesFact]
    [Trait(ExampleFiles.Trait, "arch-07-shared-address.toml")]
    [Trait("promise", "ARCH-7")]
    public async Task SharedAddress_MovesWhenANodeDies_AndUsersStayByTheirCookie()
    {
        string directory = Directory.CreateTempSubdirectory("nativeproxy-nodes-").FullName;
        await using TwoNodes nodes = await TwoNodes.Lay(11, 12);
        var servers = new Dictionary<string, LineCollector>();
        foreach ((string name, int last) in ((string, int)[])[("webA", 11), ("webB", 12)])
            servers[name] = nodes.Start(null, ProxyBinary.Path, "run", "-c", ServerFile(directory, name, last)).Output;

        string file = Path.Combine(directory, "proxy.toml");
        await File.WriteAllTextAsync(file, $"{Runtime}{ExampleFiles.Read("arch-07-shared-address.toml")}");
        var proxies = new Dictionary<string, Process>();
        foreach (string node in TwoNodes.Nodes)
        {
            proxies[node] = nodes.Start(node, ProxyBinary.Path, "run", "-c", file).Process;
            nodes.Start(node, "keepalived", "--dont-fork", "--log-console", "--vrrp", "-f", ExampleFiles.PathOf("arch-07-keepalived.conf"),
                "-p", Path.Combine(directory, node + ".pid"), "-r", Path.Combine(directory, node + ".vrrp.pid"));
        }

        string first = await Holder(TwoNodes.Nodes);
        string answer = "";
        await Deadline.Until(async () => (answer = await nodes.Ask($"http://{Shared}/")).Contains("\r\n\r\nweb", StringComparison.Ordinal),
            () => "an answer of the shared address: " + answer);
        string server = answer[^4..];
        Assert.Contains($"Set-Cookie: SERVERID={server};", answer, StringComparison.Ordinal);
        await Stays();

        // The proxy of that node dies; its machine lives, and keepalived sees it.
        proxies[first].Kill();
        string second = Assert.Single(TwoNodes.Nodes, node => node != first);
        await Holder(second);
        await Stays();

        // It comes back, and the address stays where it is, until the other machine dies as a whole.
        proxies[first] = nodes.Start(first, ProxyBinary.Path, "run", "-c", file).Process;
        await Deadline.Until(async () => IsGood(await nodes.Ask("http://127.0.0.1:9901/health", node: first)), () => "the first node to be healthy");
        Assert.True(await nodes.HasAddress(second, Shared));
        await nodes.CutCable(second);
        await Holder(first);
        await Stays();

        // Each node has asked the servers from its own address, never from the shared one.
        foreach (LineCollector log in servers.Values)
        {
            Assert.All(TwoNodes.Nodes, node => Assert.Contains(log.Lines, line => line.StartsWith($"10.0.0.{node}:", StringComparison.Ordinal)));
            Assert.DoesNotContain(log.Lines, static line => line.StartsWith(Shared + ":", StringComparison.Ordinal));
        }
        Directory.Delete(directory, recursive: true);

        async Task<string> Holder(params string[] candidates)
        {
            string? holder = null;
            await Deadline.Until(
                async () =>
                {
                    foreach (string node in candidates)
                        holder = await nodes.HasAddress(node, Shared) ? node : holder;
                    return holder is not null;
                },
                () => "the address to be at node " + string.Join(" or ", candidates));
            return holder!;
        }

        async Task Stays()
        {
            // The switch may still send to the node that had the address a moment ago.
            string got = "";
            string cookie = "Cookie: SERVERID=" + server;
            await Deadline.Until(async () => IsGood(got = await nodes.Ask($"http://{Shared}/", cookie)), () => "an answer: " + got);
            for (int i = 0; i < 3; i++)
            {
                Assert.EndsWith("\r\n\r\n" + server, got, StringComparison.Ordinal);
                Assert.DoesNotContain("Set-Cookie", got, StringComparison.OrdinalIgnoreCase);
                got = await nodes.Ask($"http://{Shared}/", cookie);
            }
        }
    }

    private static bool IsGood(string answer) => answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal);

    private static string Runtime => $"[runtime]\nengine = \"{ProxyConfig.Engine}\"\n\n";

    /// <summary>A server that says its name is a proxy, too, which answers by itself.</summary>
    private static string ServerFile(string directory, string name, int last)
    {
        string file = Path.Combine(directory, name + ".toml");
        File.WriteAllText(file, $$"""
            {{Runtime}}[[listener]]
            name = "web"
            bind = ["10.0.0.{{last}}:80"]

            [[route]]
            respond = { status = 200, body = "{{name}}" }

            """);
        return file;
    }
}
