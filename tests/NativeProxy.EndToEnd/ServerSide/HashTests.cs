using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary><c>balance = "hash"</c> by each part of a request, and <c>servers</c>.</summary>
public sealed class HashTests
{
    /// <param name="key">As the settings say it.</param>
    /// <param name="target">With the value in place of VALUE, and the number of the request in place of N.</param>
    /// <param name="fields">The same for field lines.</param>
    [Theory]
    [InlineData("uri", "/VALUE?x", "")]
    [InlineData("path", "/VALUE?x=N", "")]
    [InlineData("query:id", "/N?n=N&id=VALUE&id=N", "")]
    [InlineData("header:X-User", "/N", "x-user: VALUE\r\n")]
    [InlineData("cookie:uid", "/N", "Cookie: n=N; uid=VALUE\r\n")]
    public async Task WhatSaysTheSame_GoesToTheSameServer_OnAllWorkersAndAfterARestart(string key, string target, string fields)
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ScriptedOrigin c = Named('c');
        ProxyConfig config = ProxyConfig.For(a, b, c).WithWorkers(2).Upstream("balance = \"hash\"", $"hash_key = \"{key}\"");
        Dictionary<string, string> first;
        await using (ProxyUnderTest proxy = await ProxyUnderTest.Start(config))
        {
            first = await AskAll(proxy);
            Assert.Equal(first, await AskAll(proxy));
        }
        Assert.Equal(["a", "b", "c"], first.Values.Distinct().Order());
        await using ProxyUnderTest next = await ProxyUnderTest.Start(config);
        Assert.Equal(first, await AskAll(next));

        async Task<Dictionary<string, string>> AskAll(ProxyUnderTest proxy)
        {
            var owners = new Dictionary<string, string>();
            for (int i = 0; i < 16; i++)
            {
                await using RawClient client = await proxy.Connect();
                string value = "v" + i;
                owners[value] = (await client.Ask(Filled(target, value, 1), Filled(fields, value, 1))).Body;
                Assert.Equal(owners[value], (await client.Ask(Filled(target, value, 2), Filled(fields, value, 2))).Body);
            }
            return owners;
        }
    }

    [Fact]
    public async Task RequestsWithoutTheKey_TakeTurns()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(a, b).Upstream("balance = \"hash\"", "hash_key = \"header:X-User\""));
        string order = "";
        for (int i = 0; i < 6; i++)
            order += (await proxy.AskOnce()).Body;
        Assert.Equal("ababab", order);
    }

    [Fact]
    public async Task HotKey_SpillsOverBeyondTheLoadFactor()
    {
        await using ScriptedOrigin a = Holding('a');
        await using ScriptedOrigin b = Holding('b');
        await using ScriptedOrigin c = Holding('c');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b, c).WithWorkers(2)
            .Upstream("balance = \"hash\"", "hash_key = \"path\"", "hash_load_factor = 150"));
        ScriptedOrigin[] origins = [a, b, c];
        var clients = new List<RawClient>();
        for (int i = 1; i <= 12; i++)
        {
            clients.Add(await proxy.Connect());
            await clients[^1].SendGet("/hold");
            await Deadline.Until(() => origins.Sum(origin => origin.Requests.Count) == i, () => $"request {i} at a server");

            // So many may each have: half as much again as the mean, rounded up.
            Assert.All(origins, origin => Assert.InRange(origin.Requests.Count, 0, (int)Math.Ceiling(i / 3.0 * 1.5)));
        }
        Assert.True(origins.Max(origin => origin.Requests.Count) > 4);
        Assert.All(clients, client => client.Close());
    }

    [Fact]
    public async Task WithoutALoadFactor_AHotKeyStays()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).Upstream("balance = \"hash\"", "hash_key = \"uri\""));
        for (int i = 0; i < 10; i++)
            await proxy.AskOnce("/hot");
        Assert.Contains(a.Requests.Count, (int[])[0, 10]);
    }

    [Fact]
    public async Task ShortListOfServers_IsServedByTurns_AndTheirNamesAreInTheMetrics()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().AddUpstream("app")
            .Upstream($"servers = [\"{a.Address}\", \"{b.Address}\"]").AddListener("web", "app"));
        string order = "";
        for (int i = 0; i < 4; i++)
            order += (await proxy.AskOnce()).Body;
        Assert.Equal("abab", order);
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_up{upstream=\"app\",server=\"s2\"}"));
    }

    private static string Filled(string text, string value, int number) =>
        text.Replace("VALUE", value, StringComparison.Ordinal).Replace("N", number.ToString(), StringComparison.Ordinal);

    private static ScriptedOrigin Named(char name) => ScriptedOrigin.Answering($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}");

    private static ScriptedOrigin Holding(char name) =>
        ScriptedOrigin.Answering(request => request.StartsWith("GET /hold ", StringComparison.Ordinal)
            ? ""
            : $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}");
}
