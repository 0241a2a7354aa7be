using System;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using NativeProxy.EndToEnd.ServerSide;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary><c>check --explain</c> and <c>check --url</c>: what they say is what the proxy does.</summary>
public sealed class ExplainTests
{
    private const string Stale = "closes an idle connection while the request is on its way to it: ";

    [Fact]
    [Trait("promise", "B11")]
    public async Task TimesOfBothSides_AreDrawnAgainstEachOther()
    {
        using var file = new SettingsText(SettingsText.Sound(8080, "127.0.0.1:9001"));
        FinishedCommand command = await ProxyBinary.Run("check", "-c", file.Path, "--explain");
        Assert.Equal((0, $"{file.Path}: ok\n"), (command.ExitCode, command.Errors));
        int client = Bar(command.Output, "idle between two requests +75s");
        int server = Bar(command.Output, "idle in the pool +30s");
        Assert.True(client > server, $"{client} marks for 75 s, {server} for 30 s");
        Assert.All(
            (string[])["[keepalive.timeout]", "[timeouts.response]", "TCP probes", "a GET to \"app\"", "a POST to \"app\"", "memory:"],
            text => Assert.Contains(text, command.Output, StringComparison.Ordinal));
    }

    /// <summary>The server has read the request and closes: it may have served it.</summary>
    [Theory]
    [Trait("promise", "B11")]
    [InlineData("GET", "", true)]
    [InlineData("POST", "", false)]
    [InlineData("POST", "retry.unacknowledged = true", false)]
    [InlineData("POST", "retry.methods = \"all\"", true)]
    [InlineData("GET", "retry.on = [\"connect_failure\"]", false)]
    [InlineData("GET", "retry.attempts = 1", false)]
    public async Task WhatIsSaidOfAStaleConnection_IsWhatHappens(string method, string upstreamLine, bool isSentAgain)
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection(upstreamLine);
        string said = await Said(scene.Proxy, method, Stale);
        Assert.EndsWith(isSentAgain ? "the client notices nothing" : "the client gets 502", said, StringComparison.Ordinal);
        await scene.Client.Send($"{method} /again HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
        await scene.Idle.ReadRequest();
        scene.Idle.Close();
        if (isSentAgain)
            await (await scene.Origin.Accept()).Answer();
        Assert.Equal(isSentAgain ? 200 : 502, (await scene.Client.ReadResponse()).Status);
        Assert.Equal(isSentAgain ? 2 : 1, scene.Origin.ConnectionCount);
    }

    [Fact]
    [Trait("promise", "B11")]
    public async Task PostWithAConnectionOfItsOwn_NeverMeetsAStaleOne()
    {
        await using StaleScene scene = await StaleScene.WithOneIdleConnection("keepalive.reuse = \"idempotent\"");
        Assert.Contains("has a connection of its own", await Said(scene.Proxy, "POST", "closes an idle connection: "), StringComparison.Ordinal);
        await scene.Client.Send("POST /own HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
        await (await scene.Origin.Accept()).Answer();
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
    }

    /// <summary>Each route answers with a status of its own, so that the answer tells which one took the request.</summary>
    [Theory]
    [Trait("promise", "B11")]
    [InlineData("/", "GET", "h", "", 299)]
    [InlineData("/api/x", "GET", "h", "", 299)]
    [InlineData("/api/x", "GET", "h", "X-Version: 2", 201)]
    [InlineData("/a/../api?y=1", "GET", "h", "x-version: 2", 201)]
    [InlineData("/%61pi", "GET", "h", "X-Version: 2", 201)]
    [InlineData("/api%2fx", "GET", "h", "X-Version: 2", 400)]
    [InlineData("/x", "GET", "www.example.com", "", 202)]
    [InlineData("/x", "GET", "WWW.EXAMPLE.COM", "", 202)]
    [InlineData("/x", "GET", "a.example.com", "", 203)]
    [InlineData("/x?lang=de", "GET", "h", "", 207)]
    [InlineData("/x", "GET", "h", "Cookie: a=1; beta=yes", 206)]
    [InlineData("/x", "DELETE", "h", "", 403)]
    [InlineData("/../x", "GET", "h", "", 400)]
    public async Task RouteThatIsNamed_IsTheOneThatAnswers(string target, string method, string host, string header, int status)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Route("name = \"s201\"", "path_prefix = [\"/api\"]", "header = { x-version = \"2\" }", "respond.status = 201")
            .Route("name = \"s202\"", "host = [\"www.example.com\"]", "respond.status = 202")
            .Route("name = \"s203\"", "host = [\"*.example.com\"]", "respond.status = 203")
            .Route("name = \"s207\"", "query = { lang = \"de\" }", "respond.status = 207")
            .Route("name = \"s206\"", "cookie_is = { beta = \"yes\" }", "respond.status = 206")
            .Route("name = \"s403\"", "method = [\"DELETE\"]", "deny = 403")
            .Route("name = \"s299\"", "respond.status = 299"));
        string[] lines = header.Length == 0 ? [] : ["-H", header];
        FinishedCommand command = await ProxyBinary.Run(
            ["check", "-c", proxy.ConfigPath, "--url", $"http://{host}:{proxy.Port()}{target}", "--method", method, .. lines]);
        Assert.Equal(0, command.ExitCode);
        string expected = status == 400 ? "answered with 400: " : $"route \"s{status}\" takes it";
        Assert.Contains(expected, command.Output, StringComparison.Ordinal);
        await using RawClient client = await proxy.Connect();
        await client.Send($"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{(header.Length == 0 ? "" : header + "\r\n")}\r\n");
        Assert.Equal(status, (await client.ReadResponse()).Status);
    }

    [Theory]
    [InlineData("no URL", "--url", "ftp://h/")]
    [InlineData("no URL", "--url", "/path")]
    [InlineData("%20", "--url", "http://h/a b")]
    [InlineData("no port", "--url", "http://h:0/")]
    [InlineData("no IP address", "--url", "http://h/", "--client", "1.2")]
    [InlineData("no header line", "--url", "http://h/", "--header", "nothing")]
    [InlineData("no listener \"other\"", "--url", "http://h/", "--listener", "other")]
    [InlineData("speaks TLS", "--url", "https://h/")]
    public async Task QuestionThatCannotBeAnswered_IsCode1_WithOneLine(string problem, params string[] question)
    {
        using var file = new SettingsText(SettingsText.Sound(8080, "127.0.0.1:9001"));
        FinishedCommand command = await ProxyBinary.Run(["check", "-c", file.Path, .. question]);
        Assert.Equal((1, ""), (command.ExitCode, command.Output));
        Assert.Contains(problem, command.Errors.Split('\n')[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task BrokenConfiguration_IsNotExplained()
    {
        using var file = new SettingsText("[[listener]]\nname = \"web\"\n");
        FinishedCommand command = await ProxyBinary.Run("check", "-c", file.Path, "--explain", "--url", "http://h/");
        Assert.Equal((2, ""), (command.ExitCode, command.Output));
    }

    private static int Bar(string text, string row)
    {
        Match match = Regex.Match(text, $"^  {row} +(=+) ", RegexOptions.Multiline);
        Assert.True(match.Success, $"no row {row} in:\n{text}");
        return match.Groups[1].Length;
    }

    /// <summary>The line of `check --explain` about what a server does, among those of a method.</summary>
    private static async Task<string> Said(ProxyUnderTest proxy, string method, string what)
    {
        FinishedCommand command = await ProxyBinary.Run("check", "-c", proxy.ConfigPath, "--explain");
        Assert.Equal(0, command.ExitCode);
        string[] ofMethod = [.. command.Output.Split('\n').SkipWhile(line => !line.StartsWith($"a {method} to ", StringComparison.Ordinal))];
        return ofMethod.First(line => line.Contains(what, StringComparison.Ordinal));
    }
}
