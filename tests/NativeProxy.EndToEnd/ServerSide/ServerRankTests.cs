using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Levels of priority, backups, and what happens when all are down.</summary>
[Trait("layer", "no")] // health checks, which no loop carries, speak no records
public sealed class ServerRankTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task LevelsServeOneAfterTheOther_BackupsLast_AndTheFirstComesBack(int workers)
    {
        await using var scene = await Scene.Start(workers, "", "priority = 0", "priority = 1", "backup = true");
        Assert.Equal("aaaa", await scene.Ask(4));
        await scene.Down('a');
        Assert.Equal("bbbb", await scene.Ask(4));
        await scene.Down('b');
        Assert.Equal("cccc", await scene.Ask(4));
        await scene.Up('a');
        Assert.Equal("aaaa", await scene.Ask(4));
    }

    [Fact]
    public async Task FirstBackupServesAlone_UnlessAllDo()
    {
        await using (var one = await Scene.Start(1, "", "", "backup = true", "backup = true"))
        {
            await one.Down('a');
            Assert.Equal("bbbb", await one.Ask(4));
        }
        await using var all = await Scene.Start(1, "all_backups = true", "", "backup = true", "backup = true");
        await all.Down('a');
        Assert.Equal("bbcc", string.Concat((await all.Ask(4)).Order()));
    }

    [Fact]
    public async Task NextLevelJoinsIn_WhenTooFewAreUp()
    {
        await using var scene = await Scene.Start(1, "failover_below = 60", "", "", "priority = 1");
        Assert.Equal("aabb", string.Concat((await scene.Ask(4)).Order()));
        await scene.Down('a');
        Assert.Equal("bbcc", string.Concat((await scene.Ask(4)).Order()));
    }

    [Fact]
    public async Task ServerThatRefusesConnections_IsReplacedByTheBackupAtOnce_WithoutAnyCheck()
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin b = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
        string servers = $"{{ name = \"a\", address = \"{dead.Address}\" }}, {{ name = \"b\", address = \"{b.Address}\", backup = true }}";
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            new ProxyConfig().AddUpstream("app").Upstream($"server = [{servers}]").AddListener("web", "app"));

        for (int i = 0; i < 4; i++)
            Assert.Equal("b", (await proxy.AskOnce()).Body);
    }

    [Theory]
    [InlineData("503")]
    [InlineData("use_all")]
    public async Task AllDown_IsAnsweredAsTheSettingsSay(string whenAllDown)
    {
        await using var scene = await Scene.Start(2, $"when_all_down = \"{whenAllDown}\"", "", "");
        await scene.Down('a');
        await scene.Down('b');
        if (whenAllDown == "use_all")
            Assert.Equal("aabb", string.Concat((await scene.Ask(4)).Order()));
        else
            Assert.Equal(503, (await scene.Proxy.AskOnce()).Status);
    }

    [Fact]
    public async Task ServerThatComesBack_StartsSlowly()
    {
        await using var scene = await Scene.Start(1, "slow_start = \"10m\"", "", "");
        Assert.Equal(10, (await scene.Ask(20)).Count(name => name == 'b'));
        await scene.Down('b');
        await scene.Up('b');

        // A tenth of what it had, in the first minute of ten.
        Assert.InRange((await scene.Ask(100)).Count(name => name == 'b'), 1, 14);
    }

    /// <summary>Servers a, b, ... whose checks fail when the test says so.</summary>
    private sealed class Scene(ScriptedOrigin[] origins, ProxyUnderTest proxy, HashSet<char> down) : IAsyncDisposable
    {
        public ProxyUnderTest Proxy => proxy;

        public static async Task<Scene> Start(int workers, string line, params string[] serverLines)
        {
            var down = new HashSet<char>();
            ScriptedOrigin[] origins = [.. serverLines.Select((_, i) => ScriptedOrigin.Answering(request =>
            {
                char name = (char)('a' + i);
                lock (down)
                {
                    return request.StartsWith("GET /up ", StringComparison.Ordinal) && down.Contains(name)
                        ? "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
                        : $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}";
                }
            }))];
            string servers = string.Join(", ", serverLines.Select((own, i) =>
                $"{{ name = \"{(char)('a' + i)}\", address = \"{origins[i].Address}\"{(own.Length > 0 ? ", " + own : "")} }}"));
            ProxyConfig config = new ProxyConfig().AddUpstream("app").WithWorkers(workers)
                .Upstream(line, $"server = [{servers}]", "[upstream.health]", "type = \"http\"", "path = \"/up\"", "interval = \"50ms\"",
                    "timeout = \"5s\"")
                .AddListener("web", "app");
            return new Scene(origins, await ProxyUnderTest.Start(config), down);
        }

        public Task Down(char name)
        {
            lock (down)
                down.Add(name);
            return proxy.WaitForMetric($"nativeproxy_server_up{{upstream=\"app\",server=\"{name}\"}}", 0);
        }

        public Task Up(char name)
        {
            lock (down)
                down.Remove(name);
            return proxy.WaitForMetric($"nativeproxy_server_up{{upstream=\"app\",server=\"{name}\"}}", 1);
        }

        public async Task<string> Ask(int count)
        {
            string order = "";
            for (int i = 0; i < count; i++)
                order += (await proxy.AskOnce()).Body;
            return order;
        }

        public async ValueTask DisposeAsync()
        {
            await proxy.DisposeAsync();
            foreach (ScriptedOrigin origin in origins)
                await origin.DisposeAsync();
        }
    }
}
