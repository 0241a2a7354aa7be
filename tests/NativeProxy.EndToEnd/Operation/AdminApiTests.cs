using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>The API of the admin endpoint and the commands over it: what is set takes hold in all workers, while requests run.</summary>
[Trait("layer", "no")] // Commands have no layer, and what is asked of the servers is the same through one.
public sealed class AdminApiTests : IDisposable
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    private readonly string _tokenFile = Path.GetTempFileName();

    public AdminApiTests() => File.WriteAllText(_tokenFile, Token + "\n");

    private string TokenLine => $"write_token_file = \"{_tokenFile}\"";

    public void Dispose() => File.Delete(_tokenFile);

    [Theory]
    [InlineData("drain")]
    [InlineData("maintenance")]
    public async Task ServerThatIsTakenOut_GetsNothingMore_UntilItIsReadyAgain(string state)
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(a, b).Upstream("balance = \"round_robin\"").Admin(TokenLine).WithWorkers(2));
        (string first, string second) = await Names(proxy);
        Assert.Equal("ab", await Served(proxy, 8));

        FinishedCommand command = await ProxyBinary.Run("server", state, first, "-c", proxy.ConfigPath);
        Assert.True(command.ExitCode == 0, command.Errors);
        Assert.StartsWith($"{first}: {state}, 100 % of its weight", command.Output, StringComparison.Ordinal);
        Assert.Contains("holds over reloads", command.Output, StringComparison.Ordinal);
        Assert.Equal("b", await Served(proxy, 12));
        Assert.Contains($"is set to {state} by an operator", await proxy.Errors.WaitFor("by an operator"), StringComparison.Ordinal);
        Assert.Equal(state == "drain" ? 1 : 2,
            await proxy.Metric($"nativeproxy_server_operator_state{{upstream=\"app\",server=\"{first.Split('/')[1]}\"}}"));

        // It holds over a reload.
        await proxy.Reload(static toml => toml + "\n");
        Assert.Equal("b", await Served(proxy, 12));
        FinishedCommand status = await ProxyBinary.Run("status", "-c", proxy.ConfigPath);
        Assert.Matches($"{first} +{state} ", status.Output);
        Assert.Matches($"{second} +up ", status.Output);
        Assert.Matches("load 2, .*, in force: reloaded", status.Output);
        Assert.Equal(0, (await ProxyBinary.Run("server", "ready", first, "-c", proxy.ConfigPath)).ExitCode);
        Assert.Equal("ab", await Served(proxy, 12));
    }

    /// <summary>Whose cookie names it still comes to one that drains, and goes to another one at maintenance.</summary>
    [Theory]
    [InlineData("drain", "a")]
    [InlineData("maintenance", "b")]
    [Trait("promise", "S2.12")]
    public async Task ClientWithACookie_StaysWhileItsServerDrains(string state, string expected)
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b)
            .Upstream("cookie = { mode = \"insert\", name = \"SRV\" }").Admin(TokenLine));
        string server = (await Names(proxy)).First.Split('/')[1];
        await Set(proxy, $"app/{server}", $$"""{"state": "{{state}}"}""");
        await using RawClient client = await proxy.Connect();
        await client.Send($"GET / HTTP/1.1\r\nHost: a\r\nCookie: SRV={server}\r\n\r\n");
        Assert.Equal(expected, (await client.ReadResponse()).Body);
        await client.SendGet("/");
        Assert.Equal("b", (await client.ReadResponse()).Body);
    }

    /// <summary>The request that runs on it is finished; the connection that idles is closed.</summary>
    [Fact]
    public async Task Maintenance_LetsRunningRequestsEnd_AndClosesIdleConnections()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Admin(TokenLine));
        string server = (await Names(proxy)).First;
        await using RawClient running = await proxy.Connect();
        await using RawClient other = await proxy.Connect();
        await running.SendGet("/long");
        OriginConnection busy = await origin.Accept();
        await busy.ReadHead();
        await other.SendGet("/short");
        OriginConnection idle = await origin.Accept();
        await idle.ReadHead();
        await idle.Send(OriginConnection.Ok);
        await other.ReadResponse();
        await proxy.WaitForMetric("nativeproxy_server_connections_idle", 1);

        await Set(proxy, server, """{"state": "maintenance"}""");
        await idle.ExpectEnd();
        await other.SendGet("/refused");
        Assert.Equal(503, (await other.ReadResponse()).Status);
        await busy.Send(OriginConnection.Ok);
        Assert.Equal("ok", (await running.ReadResponse()).Body);
    }

    [Fact]
    public async Task WeightPercent_TakesHoldAtOnce()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(a, b).Upstream("balance = \"round_robin\"").EachServer("weight = 100").Admin(TokenLine));
        string first = (await Names(proxy)).First;
        FinishedCommand command = await ProxyBinary.Run("server", "weight", first, "25", "-c", proxy.ConfigPath);
        Assert.True(command.ExitCode == 0, command.Errors);
        Assert.Contains(": up, 25 % of its weight", command.Output, StringComparison.Ordinal);
        await using RawClient client = await proxy.Connect();
        int before = a.Requests.Count;
        for (int i = 0; i < 100; i++)
            await client.Ask();

        // A server with a part of its weight gives up turns by lot: 20 are expected, and without the change 50.
        Assert.InRange(a.Requests.Count - before, 5, 38);
    }

    [Fact]
    public async Task ReloadWithWait_SaysWhatCameOfIt()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Admin(TokenLine));
        FinishedCommand good = await ProxyBinary.Run("reload", "--wait", "-c", proxy.ConfigPath);
        Assert.Equal((0, ""), (good.ExitCode, good.Errors));
        Assert.Matches("^load 2, .*Z, in force: reloaded", good.Output);

        string toml = await File.ReadAllTextAsync(proxy.ConfigPath);
        await File.WriteAllTextAsync(proxy.ConfigPath, toml.Replace("[[upstream]]", "[[upstream]]\nballance = \"first\"", StringComparison.Ordinal));
        FinishedCommand bad = await ProxyBinary.Run("reload", "--wait", "-c", proxy.ConfigPath);
        Assert.Equal(2, bad.ExitCode);
        Assert.Contains("ballance", bad.Errors, StringComparison.Ordinal);
        Assert.Contains("the running configuration stays in force", bad.Errors, StringComparison.Ordinal);

        // Of a file that somebody is at work on, [admin] is enough for everything else.
        FinishedCommand status = await ProxyBinary.Run("status", "-c", proxy.ConfigPath);
        Assert.True(status.ExitCode == 0, status.Errors);
        Assert.Contains("ballance", status.Errors, StringComparison.Ordinal);
        Assert.Contains("load 2, ", status.Output, StringComparison.Ordinal);
        await File.WriteAllTextAsync(proxy.ConfigPath, toml);
        FinishedCommand again = await ProxyBinary.Run("reload", "--wait", "-c", proxy.ConfigPath);
        Assert.True(again.ExitCode == 0, again.Errors);
    }

    [Fact]
    public async Task RefusedReload_IsKeptWithItsErrors()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Admin(TokenLine));
        string toml = await File.ReadAllTextAsync(proxy.ConfigPath);
        await File.WriteAllTextAsync(proxy.ConfigPath, toml + "\n[[upstream]]\nname = \"more\"\nballance = \"first\"\n");
        proxy.Signal(LinuxSignals.HangUp);
        await proxy.Errors.WaitFor("reload refused");
        JsonElement newest = (await Get(proxy, "/api/status")).GetProperty("loads")[0];
        Assert.Equal((2, false), (newest.GetProperty("load").GetInt32(), newest.GetProperty("taken").GetBoolean()));
        Assert.Contains("ballance", newest.GetProperty("text").GetString(), StringComparison.Ordinal);
        await File.WriteAllTextAsync(proxy.ConfigPath, toml);
    }

    /// <summary>No token, and no page of another site.</summary>
    [Theory]
    [InlineData("", "", 401)]
    [InlineData("Bearer 0123456789abcdef0123456789abcdeX", "", 401)]
    [InlineData("Bearer " + Token, "Origin: http://evil.example\r\n", 403)]
    [InlineData("Bearer " + Token, "Sec-Fetch-Site: cross-site\r\n", 403)]
    [InlineData("Bearer " + Token, "Content-Length: 99999\r\n", 413)]
    [InlineData("Bearer " + Token, "Transfer-Encoding: chunked\r\n", 411)]
    public async Task WhatItMustRefuse_ChangesNothing(string authorization, string fields, int status)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Admin(TokenLine));
        string server = (await Names(proxy)).First;
        await using RawClient admin = await RawClient.Connect(proxy.AdminPort);
        string length = fields.Contains("ength", StringComparison.Ordinal) || fields.Contains("Transfer", StringComparison.Ordinal)
            ? "" : "Content-Length: 18\r\n";
        await admin.Send($"PATCH /api/servers/{server} HTTP/1.1\r\nHost: 127.0.0.1:{proxy.AdminPort}\r\n"
            + $"{(authorization.Length > 0 ? $"Authorization: {authorization}\r\n" : "")}{fields}{length}\r\n{{\"state\": \"drain\"}}");
        Assert.Equal(status, (await admin.ReadResponse()).Status);
        JsonElement now = (await Get(proxy, "/api/servers")).GetProperty("servers")[0];
        Assert.Equal("up", now.GetProperty("state").GetString());
    }

    /// <summary>No failed request while servers are taken out and come back under load.</summary>
    [Fact]
    public async Task DrainsAndReturnsUnderLoad_FailNoRequest()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).Admin(TokenLine).WithWorkers(2));
        (string first, string second) = await Names(proxy);
        using var over = new System.Threading.CancellationTokenSource();
        Task<int>[] clients = [.. Enumerable.Range(0, 8).Select(_ => AskUntil(proxy, over.Token))];
        for (int i = 0; i < 10; i++)
        {
            string server = i % 2 == 0 ? first : second;
            await Set(proxy, server, i % 4 < 2 ? """{"state": "drain"}""" : """{"state": "maintenance"}""");
            await Set(proxy, server, """{"state": "ready"}""");
        }
        await over.CancelAsync();
        int[] answered = await Task.WhenAll(clients);
        Assert.All(answered, static count => Assert.True(count > 0));
    }

    /// <summary>What was set by hand stands in the file afterwards, with all else that stood there.</summary>
    [Fact]
    public async Task WhatWasSet_IsSavedInTheFile()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        ProxyConfig config = ProxyConfig.For(a, b).EachServer("weight = 10 # of 20").Admin(TokenLine);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(config);
        (string first, string second) = await Names(proxy);
        string before = await File.ReadAllTextAsync(proxy.ConfigPath);
        Assert.Equal("nothing to write: the file says what operators have set\n", await Save(proxy));
        await Set(proxy, first, """{"state": "drain"}""");
        await Set(proxy, second, """{"weight_percent": 30}""");
        Assert.Contains("nothing is written", await Save(proxy, "--dry-run"), StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(proxy.ConfigPath));

        Assert.Matches($"^{first}: state = \"drain\", in .*:[0-9]+\n{second}: weight = 3, in .*:[0-9]+\nwritten\n$", await Save(proxy));
        string written = await File.ReadAllTextAsync(proxy.ConfigPath);
        Assert.Contains("weight = 3 # of 20", written, StringComparison.Ordinal);
        Assert.Equal(before, written.Replace("weight = 3 #", "weight = 10 #", StringComparison.Ordinal)
            .Replace("state = \"drain\"\n", "", StringComparison.Ordinal));
        Assert.Equal("nothing to write: the file says what operators have set\n", await Save(proxy));

        // The file as it is now takes nothing away, and gives no server a share of a share.
        await proxy.Reload(static toml => toml);
        Assert.Equal("b", await Served(proxy, 8));
        FinishedCommand status = await ProxyBinary.Run("status", "-c", proxy.ConfigPath);
        Assert.Matches($"{first} +drain .* 100 %", status.Output);
        Assert.Matches($"{second} +up .* 100 %", status.Output);
        Assert.Equal("nothing to write: the file says what operators have set\n", await Save(proxy));
    }

    [Theory]
    [InlineData("has no admin endpoint", "bind = \"\"", "status")]
    [InlineData("is no UPSTREAM/SERVER", "", "server", "drain", "app")]
    [InlineData("no such server", "", "server", "drain", "app/none")]
    [InlineData("changes need a token", "", "server", "drain", "app/none")]
    [InlineData("is no UPSTREAM/SERVER", "", "server", "drain", "app/a?x")]
    [InlineData("is no percentage", "", "server", "weight", "app/a", "0")]
    [InlineData("the proxy does not run", "gone", "status")]
    public async Task CommandThatCannotBeDone_SaysWhy(string problem, string admin, params string[] arguments)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            problem.Contains("token", StringComparison.Ordinal) ? ProxyConfig.For(origin) : ProxyConfig.For(origin).Admin(TokenLine));
        string path = proxy.ConfigPath;
        string toml = await File.ReadAllTextAsync(path);
        if (admin.Length > 0)
        {
            path = Path.GetTempFileName();
            using var dead = new DeadServer();
            string bind = admin == "gone" ? dead.Address : "";
            await File.WriteAllTextAsync(path, toml.Replace($"127.0.0.1:{proxy.AdminPort}", bind, StringComparison.Ordinal));
        }
        FinishedCommand command = await ProxyBinary.Run([.. arguments, "-c", path]);
        Assert.Equal(1, command.ExitCode);
        Assert.Contains(problem, command.Errors, StringComparison.Ordinal);
        if (path != proxy.ConfigPath)
            File.Delete(path);
    }

    /// <summary>What answers there need be no proxy: no exception, and no signs that a terminal obeys.</summary>
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "is no proxy of this version")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "is no proxy of this version")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "is no proxy of this version")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "status 404")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 8\r\n\r\n\u001b[31mred", "[31mred")]
    public async Task StrangerAtItsAddress_IsTold(string answer, string problem)
    {
        await using ScriptedOrigin stranger = ScriptedOrigin.Answering(answer);
        string path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, ProxyConfig.For(stranger).ToToml([1], stranger.Port));
        FinishedCommand command = await ProxyBinary.Run("status", "-c", path);
        File.Delete(path);
        Assert.Equal(1, command.ExitCode);
        Assert.Contains(problem, command.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', command.Errors);
        Assert.DoesNotContain("Unhandled", command.Errors, StringComparison.Ordinal);
    }

    private static async Task<string> Save(ProxyUnderTest proxy, params string[] more)
    {
        FinishedCommand save = await ProxyBinary.Run(["save", "-c", proxy.ConfigPath, .. more]);
        Assert.True(save.ExitCode == 0, save.Errors);
        return save.Output;
    }

    private static async Task<int> AskUntil(ProxyUnderTest proxy, System.Threading.CancellationToken over)
    {
        await using RawClient client = await proxy.Connect();
        int count = 0;
        for (; count == 0 || !over.IsCancellationRequested; count++)
        {
            await client.SendGet("/");
            Assert.Equal(200, (await client.ReadResponse()).Status);
        }
        return count;
    }

    /// <summary>The bodies that came, each once, in their order.</summary>
    private static async Task<string> Served(ProxyUnderTest proxy, int count)
    {
        var served = new StringBuilder();
        for (int i = 0; i < count; i++)
            served.Append((await proxy.AskOnce()).Body);
        return string.Concat(served.ToString().Distinct().Order());
    }

    /// <summary>The first two servers as commands name them; the first one twice when there is only one.</summary>
    private static async Task<(string First, string Second)> Names(ProxyUnderTest proxy)
    {
        string[] names = [.. (await Get(proxy, "/api/servers")).GetProperty("servers").EnumerateArray().Select(static server =>
            $"{server.GetProperty("upstream").GetString()}/{server.GetProperty("server").GetString()}")];
        return (names[0], names[^1]);
    }

    private static async Task<JsonElement> Get(ProxyUnderTest proxy, string path)
    {
        using var client = new HttpClient();
        using var document = JsonDocument.Parse(await client.GetStringAsync(new Uri($"http://127.0.0.1:{proxy.AdminPort}{path}")));
        return document.RootElement.Clone();
    }

    private static async Task Set(ProxyUnderTest proxy, string server, string body)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Patch, new Uri($"http://127.0.0.1:{proxy.AdminPort}/api/servers/{server}"));
        request.Content = new StringContent(body);
        request.Headers.Authorization = new("Bearer", Token);
        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static ScriptedOrigin Named(char name) => ScriptedOrigin.Answering($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}");
}
