using System;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Sessions of all workers, seen and ended by an operator; the commands over them; the endpoint on a Unix socket.</summary>
[Trait("layer", "no")] // Commands have no layer, and sessions through one are shown alike.
public sealed class SessionApiTests : IDisposable
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-admin-").FullName;

    private string TokenLine
    {
        get
        {
            string path = Path.Combine(_directory, "token");
            File.WriteAllText(path, Token + "\n");
            return $"write_token_file = \"{path}\"";
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SessionsOfAllWorkers_AreShown_AndCounted(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Admin(TokenLine).Log("access = \"stdout\"").WithWorkers(workers));
        var clients = new RawClient[6];
        for (int i = 0; i < clients.Length; i++)
        {
            clients[i] = await proxy.Connect();
            await clients[i].SendGet($"/{i}?secret");
            await (await origin.Accept()).ReadHead();
        }
        JsonElement[] sessions = await Sessions(proxy, 6);
        Assert.All(sessions, static session => Assert.Equal("waiting_for_answer", session.GetProperty("state").GetString()));
        Assert.Equal(["/0?...", "/1?...", "/2?...", "/3?...", "/4?...", "/5?..."],
            sessions.Select(static session => session.GetProperty("request").GetProperty("target").GetString()).Order());

        FinishedCommand command = await ProxyBinary.Run("sessions", "--order", "oldest", "--count", "2", "--query", "-c", proxy.ConfigPath);
        Assert.True(command.ExitCode == 0, command.Errors);

        // Each worker tells the ages at its own moment, so that of those of a few milliseconds another one may come first.
        Assert.Equal(2, Regex.Count(command.Output, workers == 1 ? @"GET /[01]\?secret" : @"GET /[0-5]\?secret"));
        Assert.Contains("there may be more", command.Output, StringComparison.Ordinal);
        FinishedCommand none = await ProxyBinary.Run("sessions", "--client", "10.0.0.0/8", "-c", proxy.ConfigPath);
        Assert.Single(none.Output.Trim().Split('\n'));
        FinishedCommand wrong = await ProxyBinary.Run("sessions", "--client", "everybody", "-c", proxy.ConfigPath);
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("client=ADDRESS", wrong.Errors, StringComparison.Ordinal);

        // Tallies are shown once a second.
        await proxy.WaitForMetric("nativeproxy_server_connections_active{upstream=\"app\",server=\"a\"}", 6);
        await Deadline.Until(async () => await proxy.Metric("nativeproxy_listener_accepted_total{listener=\"web\"}") >= 6, () => "six clients");
        foreach (RawClient client in clients)
            await client.DisposeAsync();
    }

    [Fact]
    [Trait("close", "client:ended_by_operator")]
    public async Task IdleSessionThatIsEnded_EndsInOrder()
    {
        await using CloseScene scene = await CloseScene.Start(config => config.Admin(TokenLine));
        await scene.Exchange();
        await End(scene.Proxy, (await Sessions(scene.Proxy, 1))[0].GetProperty("id").GetInt64());
        await scene.ExpectClientClose("ended_by_operator", "proxy");
        Assert.Contains("is ended by an operator", await scene.Proxy.Errors.WaitFor("session "), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("close", "server:ended_by_operator")]
    public async Task BusySessionThatIsEnded_TakesItsServerConnectionWithIt()
    {
        await using CloseScene scene = await CloseScene.Start(config => config.Admin(TokenLine));
        await scene.Ask();
        await End(scene.Proxy, (await Sessions(scene.Proxy, 1))[0].GetProperty("id").GetInt64());
        await scene.ExpectClose("server", "ended_by_operator", "proxy_reset");
    }

    [Fact]
    public async Task SessionThatIsNotThere_CannotBeEnded_AndNobodyEndsOneWithoutAToken()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Admin(TokenLine).WithWorkers(2));
        FinishedCommand command = await ProxyBinary.Run("session", "end", "987654321", "-c", proxy.ConfigPath);
        Assert.Equal(1, command.ExitCode);
        Assert.Contains("no such session", command.Errors, StringComparison.Ordinal);
        using var client = new HttpClient();
        using HttpResponseMessage answer = await client.DeleteAsync(new Uri($"http://127.0.0.1:{proxy.AdminPort}/api/sessions/1"));
        Assert.Equal(401, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Top_ShowsRates_Once()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        await proxy.AskOnce();
        FinishedCommand command = await ProxyBinary.Run("top", "--once", "--interval", "200ms", "-c", proxy.ConfigPath);
        Assert.True(command.ExitCode == 0, command.Errors);
        Assert.Matches("requests +[0-9.]+/s, 0 in flight", command.Output);
        Assert.Matches("(?m)^app/a +up ", command.Output);
        Assert.DoesNotContain('\u001b', command.Output);
        Assert.Equal(1, (await ProxyBinary.Run("top", "--sort", "size", "-c", proxy.ConfigPath)).ExitCode);
    }

    [Fact]
    public async Task Drain_FinishesWhatRuns_AndEnds()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Admin(TokenLine));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/");
        OriginConnection server = await origin.Accept();
        await server.ReadHead();
        FinishedCommand command = await ProxyBinary.Run("drain", "-c", proxy.ConfigPath);
        Assert.True(command.ExitCode == 0, command.Errors);
        await proxy.Errors.WaitFor("stopping: no new connections");

        // A session that holds the stop up is still seen.
        Assert.Equal("waiting_for_answer", (await Sessions(proxy, 1))[0].GetProperty("state").GetString());
        await server.Send(OriginConnection.Ok);
        Assert.Equal("close", (await client.ReadResponse()).Connection);
        client.Close();
        Assert.Equal(0, await proxy.WaitForExit());
    }

    /// <summary>No port, no token in a browser's reach: the file's permissions say who may ask.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task EndpointOnAUnixSocket_IsAskedByCommands(int workers)
    {
        string path = Path.Combine(_directory, "admin.sock");
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        ProxyConfig config = ProxyConfig.For(origin).Admin(TokenLine, "unix.mode = \"0600\"").WithWorkers(workers);
        int[] ports = [FreePorts.Take(1)[0]];
        string toml = config.ToToml(ports, 1).Replace("\"127.0.0.1:1\"", $"\"unix:{path}\"", StringComparison.Ordinal);
        string file = Path.Combine(_directory, "proxy.toml");
        await File.WriteAllTextAsync(file, toml);
        using System.Diagnostics.Process proxy = ProxyBinary.Start("run", "-c", file);
        try
        {
            await Deadline.Until(() => File.Exists(path), () => "the socket to be there");
            if (!OperatingSystem.IsWindows())
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            FinishedCommand status = new(1, "", "");
            await Deadline.Until(async () => (status = await ProxyBinary.Run("status", "-c", file)).ExitCode == 0, () => status.Errors);
            Assert.Contains("app/a", status.Output, StringComparison.Ordinal);
            Assert.Equal(0, (await ProxyBinary.Run("server", "drain", "app/a", "-c", file)).ExitCode);
            Assert.Equal(0, (await ProxyBinary.Run("sessions", "-c", file)).ExitCode);
            Assert.Equal(0, (await ProxyBinary.Run("drain", "--wait", "-c", file)).ExitCode);
            Assert.False(File.Exists(path));
        }
        finally
        {
            if (!proxy.HasExited)
                proxy.Kill();
        }
    }

    private static async Task<JsonElement[]> Sessions(ProxyUnderTest proxy, int count)
    {
        JsonElement[] sessions = [];
        using var client = new HttpClient();
        await Deadline.Until(
            async () =>
            {
                using var document = JsonDocument.Parse(
                    await client.GetStringAsync(new Uri($"http://127.0.0.1:{proxy.AdminPort}/api/sessions?count={500 + sessions.Length}")));
                sessions = [.. document.RootElement.Clone().GetProperty("sessions").EnumerateArray()];
                return sessions.Length == count;
            },
            () => $"{count} sessions, not {sessions.Length}");
        return sessions;
    }

    private static async Task End(ProxyUnderTest proxy, long id)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Delete, new Uri($"http://127.0.0.1:{proxy.AdminPort}/api/sessions/{id}"));
        request.Headers.Authorization = new("Bearer", Token);
        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
