using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>Scenes of the examples about servers: who takes over, who comes and goes, how loads are shared and bounded.</summary>
public sealed class ServerExampleTests
{
    [Fact]
    [Trait(ExampleFiles.Trait, "cache-farm.toml")]
    public async Task CacheFarm_KeepsPathsWithTheirCache_AndOneThatDiesMovesItsOwnOnly()
    {
        await using ExampleScene scene = await ExampleScene.Start("cache-farm.toml");
        string[] paths = [.. Enumerable.Range(0, 30).Select(i => $"/page/{i}")];

        // On one connection: another worker may be asked before the one that has just answered counts itself out, and no cache is asked for too much.
        await using RawClient client = await scene.Connect(80);
        async Task<string> PlaceOf(string path)
        {
            await client.SendGet(path);
            return (await client.ReadResponse()).Body;
        }
        var places = new Dictionary<string, string>();
        foreach (string path in paths)
            places[path] = await PlaceOf(path);
        Assert.Equal(3, places.Values.Distinct().Count());
        foreach (string path in paths)
            Assert.Equal(places[path], await PlaceOf(path));

        await scene.Server("10.0.0.2:8080").Die();
        foreach (string path in paths)
        {
            string now = await PlaceOf(path);
            if (places[path] == "10.0.0.2:8080")
                Assert.Contains(now, new[] { "10.0.0.1:8080", "10.0.0.3:8080" });
            else
                Assert.Equal(places[path], now);
        }
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "backup.toml")]
    public async Task Backups_TakeOverInTheirOrder_AndGiveBack()
    {
        await using ExampleScene scene = await ExampleScene.Start("backup.toml");
        await scene.Reaches("10.0.1.1:8080");
        await scene.Server("10.0.1.1:8080").Die();
        await scene.Reaches("10.0.2.1:8080");
        await scene.Server("10.0.2.1:8080").Die();
        await scene.Reaches("10.0.3.1:8080");
        scene.Server("10.0.1.1:8080").Return();
        await scene.Reaches("10.0.1.1:8080");
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "discovery.toml")]
    public async Task Discovery_FollowsTheFile()
    {
        string[] servers = ["10.0.0.1:8080", "10.0.0.2:8080"];
        await using ExampleScene scene = await ExampleScene.Start(
            "discovery.toml",
            prepare: scene =>
            {
                Array.ForEach(servers, server => scene.Serve(server));
                WriteList(scene, servers[0]);
            },
            morePorts: [8080]);
        await scene.Reaches(servers[0]);
        WriteList(scene, servers[1]);
        await scene.Reaches(servers[1]);
        for (int i = 0; i < 4; i++)
            await scene.Reaches(servers[1]);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-08-weights.toml")]
    [Trait("promise", "ARCH-8")]
    public async Task Weights_AreTheShares_SmoothlyMixed()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-08-weights.toml");
        var turns = new List<string>();
        for (int i = 0; i < 76; i++)
            turns.Add((await scene.Get()).Body);
        Assert.Equal([12, 12, 26, 26], turns.GroupBy(server => server).OrderBy(group => group.Key).Select(group => group.Count()));
        Assert.All(turns.Zip(turns.Skip(1), turns.Skip(2)), three => Assert.False(three.First == three.Second && three.Second == three.Third));
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-19-source-addresses.toml")]
    [Trait("promise", "ARCH-19")]
    public async Task SourceAddresses_TakeTurnsAtOneServer()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-19-source-addresses.toml");
        var sources = new HashSet<string>();
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(200, (await scene.Get()).Status);
            sources.Add((await scene.Server("10.0.0.1:80").Accept()).Socket.RemoteEndPoint!.ToString()!.Split(':')[0]);
        }
        Assert.Equal([ExampleText.AddressOf("10.0.8.1").ToString(), ExampleText.AddressOf("10.0.8.2").ToString()], sources.Order());
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-20-queue.toml")]
    [Trait("promise", "ARCH-20")]
    public async Task Line_ServesBuyersFirst_AndNoServerGetsMoreThanItStands()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-20-queue.toml");
        ExampleServer[] servers = [scene.Server("10.0.0.11:80"), scene.Server("10.0.0.12:80")];
        foreach (ExampleServer server in servers)
            server.Answer = _ => "";
        var clients = new List<RawClient>();
        try
        {
            for (int i = 0; i < 10; i++)
            {
                clients.Add(await scene.Connect(80));
                await clients[i].SendGet(i < 9 ? $"/look/{i}" : "/checkout");
                int sent = i + 1;
                await Deadline.Until(() => Asked() >= Math.Min(sent, 8), () => $"request {sent} to arrive");
                await Deadline.Until(async () => await Waiting() == Math.Max(0, sent - 8), () => $"request {sent} to wait");
            }
            Assert.All(servers, server => Assert.Equal(4, server.Requests.Count));

            string first = servers[0].Requests[0].Split(' ')[1];
            await (await servers[0].ConnectionOf(first)).Send(ExampleServer.Response("done"));
            await Deadline.Until(() => Asked() == 9, () => "the next in line");
            Assert.Contains(" /checkout ", servers[0].LastRequest, StringComparison.Ordinal);
        }
        finally
        {
            clients.ForEach(client => client.Reset());
        }

        int Asked() => servers.Sum(server => server.Requests.Count);
        Task<long> Waiting() => scene.Proxy.Metric("nativeproxy_queue_waiting");
    }

    private static void WriteList(ExampleScene scene, string server)
    {
        string path = Path.Combine(scene.Directory, "app.json");
        File.WriteAllText(path + ".new", $"[\"{scene.Text.EndPointOf(server)}\"]");
        File.Move(path + ".new", path, overwrite: true);
    }
}
