using System;
using System.IO;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.Tests.Upstreams.Naming;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Servers that come and go while the proxy runs: from DNS, a file, a document behind a URL.</summary>
public sealed class ServerDiscoveryTests : IDisposable
{
    private readonly ScriptedDns _dns = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-found-").FullName;

    public void Dispose()
    {
        _dns.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AddressesOfAName_AreServers_AndThoseThatLeaveLoseTheirIdleConnections(int workers)
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering(Named('a'));
        await using ScriptedOrigin b = ScriptedOrigin.AnsweringAt(new IPEndPoint(IPAddress.Parse("127.0.0.2"), a.Port), Named('b'));
        _dns.Set("app.test", 1, "127.0.0.1", "127.0.0.2");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Dns(a.Port).WithWorkers(workers));
        await UntilServedBy(proxy, "ab");

        _dns.Set("app.test", 1, "127.0.0.2");
        await proxy.Errors.WaitFor($"info the servers of upstream \"app\" are now 127.0.0.2:{a.Port} (DNS (");
        await UntilServedBy(proxy, "b");
        Assert.InRange(await proxy.Metric("nativeproxy_server_closes_total{reason=\"purged\"}"), 1, workers);
        Assert.DoesNotContain("server=\"127.0.0.1:", await proxy.MetricsText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DnsMood.Silent)]
    [InlineData(DnsMood.Fails)]
    internal async Task StartWithoutDns_Answers503_UntilItAnswers(DnsMood mood)
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering(Named('a'));
        _dns.Set("app.test", 1, "127.0.0.1");
        _dns.Feel("app.test", mood);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Dns(a.Port).Resolver("timeout = \"200ms\"", "attempts = 1"));
        Assert.Equal(503, (await proxy.AskOnce()).Status);

        _dns.Feel("app.test", DnsMood.Answers);
        await Deadline.Until(async () => (await proxy.AskOnce()).Status == 200, () => "the server to be found");
        _dns.Feel("app.test", DnsMood.Fails);
        await proxy.Errors.WaitFor("warn the servers of upstream \"app\" cannot be found any more: the name \"app.test\": ");
        Assert.Equal("a", (await proxy.AskOnce()).Body);
    }

    [Fact]
    [Trait("layer", "no")] // health checks, which no loop carries, speak no records
    public async Task ServersThatAreAdded_AreCheckedFirst()
    {
        bool isWell = false;
        await using ScriptedOrigin a = ScriptedOrigin.Answering(Named('a'));
        await using ScriptedOrigin health = ScriptedOrigin.Answering(
            _ => isWell ? OriginConnection.Ok : "HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        _dns.Feel("app.test", DnsMood.Fails);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Dns(a.Port)
            .Upstream("[upstream.health]", "type = \"http\"", $"port = {health.Port}", "interval = \"50ms\"", "timeout = \"5s\"", "rise = 1"));
        _dns.Set("app.test", 1, "127.0.0.1");
        _dns.Feel("app.test", DnsMood.Answers);
        await proxy.Errors.WaitFor($"info the servers of upstream \"app\" are now 127.0.0.1:{a.Port}");
        await Deadline.Until(() => health.Requests.Count >= 3, () => "three checks");
        Assert.Equal(503, (await proxy.AskOnce()).Status);
        Assert.Empty(a.Requests);

        isWell = true;
        await Deadline.Until(async () => (await proxy.AskOnce()).Status == 200, () => "the server to pass its check");
    }

    [Fact]
    public async Task ServiceRecords_GivePortsAndWeights()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering(Named('a'));
        await using ScriptedOrigin b = ScriptedOrigin.Answering(Named('b'));
        _dns.Set("node.test", 60, "127.0.0.1");
        _dns.Set("_http._tcp.app.test", 1, $"> 10 30000 {a.Port} node.test", $"> 10 10000 {b.Port} node.test", "> 20 1 9 node.test");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            Found("type = \"srv\"", "name = \"_http._tcp.app.test\"").Resolver($"servers = [\"{_dns.EndPoint}\"]"));
        string served = "";
        for (int i = 0; i < 16; i++)
            served += (await proxy.AskOnce()).Body;
        Assert.InRange(served.Count(static name => name == 'a'), 11, 13);

        _dns.Set("_http._tcp.app.test", 1, "> 0 0 0 .");
        await proxy.Errors.WaitFor("error the servers of upstream \"app\" have all left: DNS says that there is none");
        await Deadline.Until(async () => (await proxy.AskOnce()).Status == 503, () => "no server");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task FileOfServers_IsFollowed_AndAWrongOneChangesNothing(int workers)
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering(Named('a'));
        await using ScriptedOrigin b = ScriptedOrigin.Answering(Named('b'));
        string path = Path.Combine(_directory, "servers.json");
        Replace(path, $"[{{\"address\": \"{a.Address}\"}}]");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Found("type = \"file\"", $"path = \"{path}\"").WithWorkers(workers));
        await UntilServedBy(proxy, "a");
        Replace(path, $"[\"{a.Address}\", {{\"address\": \"{b.Address}\", \"weight\": 1}}]");
        await UntilServedBy(proxy, "ab");

        await File.WriteAllTextAsync(path, "[{\"address\": ");
        await proxy.Errors.WaitFor($"warn the servers of upstream \"app\" cannot be found any more: the file \"{path}\": it is no JSON");
        await UntilServedBy(proxy, "ab");
        Replace(path, $"[\"{b.Address}\"]");
        await UntilServedBy(proxy, "b");

        // A reload and a worker that starts again have what was found.
        await proxy.Reload(static text => text.Replace("first_turn = \"first\"", "first_turn = \"random\"", StringComparison.Ordinal));
        await UntilServedBy(proxy, "b");
        if (workers > 1)
        {
            LinuxSignals.Send(ProcessView.Children(proxy.Id)[0], LinuxSignals.Kill);
            await proxy.Errors.WaitFor(" started again");
            await UntilServedBy(proxy, "b");
        }
    }

    [Fact]
    public async Task DocumentOfServers_IsAskedForAgain_AndTheLastGoodOneIsKept()
    {
        await using ScriptedOrigin a = ScriptedOrigin.Answering(Named('a'));
        await using ScriptedOrigin b = ScriptedOrigin.Answering(Named('b'));
        string document = $"[\"{a.Address}\"]";
        string status = "200 OK";
        await using ScriptedOrigin list = ScriptedOrigin.Answering(
            _ => $"HTTP/1.1 {status}\r\nContent-Length: {document.Length}\r\nConnection: close\r\n\r\n{document}").AsDestination();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            Found("type = \"http\"", $"url = \"http://{list.Address}/servers?x=1\"", "interval = \"100ms\""));
        await UntilServedBy(proxy, "a");
        Assert.StartsWith($"GET /servers?x=1 HTTP/1.1\r\nHost: {list.Address}\r\n", list.Requests[0].Request, StringComparison.Ordinal);

        document = $"[\"{a.Address}\", \"{b.Address}\"]";
        await UntilServedBy(proxy, "ab");
        status = "500 No";
        await proxy.Errors.WaitFor($"cannot be found any more: \"http://{list.Address}/servers?x=1\": {list.Address} answers with status 500");
        await UntilServedBy(proxy, "ab");
    }

    private static string Named(char name) => $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}";

    private static ProxyConfig Found(params string[] lines) =>
        new ProxyConfig().AddUpstream("app").Upstream(["[upstream.discovery]", .. lines]).AddListener("web", "app");

    /// <summary>Renaming a whole file over the old one, as its reader never sees a part of it then.</summary>
    private static void Replace(string path, string text)
    {
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Until eight requests in a row are answered by all of these, and nobody else.</summary>
    private static Task UntilServedBy(ProxyUnderTest proxy, string names) => Deadline.Until(
        async () =>
        {
            string served = "";
            for (int i = 0; i < 8; i++)
                served += (await proxy.AskOnce()).Body;
            return string.Concat(served.Distinct().Order()) == names;
        },
        () => $"answers of {names} alone");

    private ProxyConfig Dns(int port) =>
        Found("type = \"dns\"", "name = \"app.test\"", $"port = {port}").Resolver($"servers = [\"{_dns.EndPoint}\"]");
}
