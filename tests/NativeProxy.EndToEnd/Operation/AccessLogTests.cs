using System;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>One line per exchange, with the documented columns.</summary>
public sealed class AccessLogTests
{
    private const string Line =
        @"^127\.0\.0\.1:(?<port>\d+) \[\d{2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}\.\d{3}\] (?<listener>\S+) (?<path>\S+) "
        + @"(?<times>-?\d+/-?\d+/-?\d+/-?\d+/-?\d+) (?<status>-?\d+) (?<bytes>\d+) - - (?<state>\S{4}) (?<counts>\d+/\d+/\d+/\d+/\d+) \d+/\d+ "
        + @"""(?<request>.*)"" cc=(?<cc>\d+/\d+/\d+) sc=(?<sc>\d+/\d+/\d+)/(?<origin>\S+) "
        + @"da=(?<da>\S+) rt=(?<cause>\S+) rs=(?<reason>\S+) why=(?<why>\S+)$";

    [Fact]
    [Trait("promise", "B4")]
    public async Task EachExchange_HasALineWithTheConnectionColumns()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        for (int i = 1; i <= 3; i++)
            await client.Ask($"/{i}", i == 3 ? "Connection: close\r\n" : "");
        Match[] lines = [.. (await proxy.Output.WaitForCount(3)).Select(line => Regex.Match(line, Line))];
        Assert.All(lines, line => Assert.True(line.Success));
        Assert.All(lines,
            line => Assert.Equal((client.LocalPort.ToString(), "web", "app/a", "200", "----"),
            (Of(line, "port"), Of(line, "listener"), Of(line, "path"), Of(line, "status"), Of(line, "state"))));
        Assert.Equal(["GET /1 HTTP/1.1", "GET /2 HTTP/1.1", "GET /3 HTTP/1.1"], lines.Select(line => Of(line, "request")));
        Assert.Equal([$"{40 + AddedDate.LineBytes}", $"{40 + AddedDate.LineBytes}", $"{59 + AddedDate.LineBytes}"],
            lines.Select(line => Of(line, "bytes")));
        Assert.Equal(["1", "2", "3"], lines.Select(line => Of(line, "cc").Split('/')[1]));
        Assert.Single(lines.Select(line => Of(line, "cc").Split('/')[0]).Distinct());
        Assert.Equal(["1/new", "2/reused", "3/reused"], lines.Select(line => Of(line, "sc").Split('/')[1] + "/" + Of(line, "origin")));
        Assert.Single(lines.Select(line => Of(line, "sc").Split('/')[0]).Distinct());
        Assert.Equal(["-", "-", "client_asked"], lines.Select(line => Of(line, "reason")));
    }

    [Fact]
    [Trait("promise", "B4")]
    public async Task Retries_AreCounted()
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(dead.Address, origin.Address));
        await proxy.AskOnce();
        Match line = Regex.Match((await proxy.Output.WaitForCount(1))[0], Line);
        Assert.Equal(("app/b", "1"), (Of(line, "path"), Of(line, "counts").Split('/')[4]));
    }

    /// <summary>Escaped as in HAProxy's own log, whether the request was served or refused.</summary>
    [Theory]
    [InlineData("/a\"b", "GET /a#22b HTTP/1.1")]
    [InlineData("/a\\b", "GET /a\\b HTTP/1.1")]
    [InlineData("/a\\\"", "GET /a\\#22 HTTP/1.1")]
    [InlineData("/a\"\"\"", "GET /a#22#22#22 HTTP/1.1")]
    public async Task QuotesInTheTarget_CannotForgeALine(string target, string logged)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.SendGet(target);
        Assert.Equal(200, (await client.ReadResponse()).Status);
        string line = (await proxy.Output.WaitForCount(1))[0];
        Assert.Matches(Line, line);
        Assert.Equal(2, line.Count(static letter => letter == '"'));
        Assert.Contains($"\"{logged}\" cc=", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /\x01\x1b[2J\xff HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("GET /\" 200 0 \" HTTP/1.1\r\nHost: h\r\n\r\n")]
    [InlineData("\"\r\n\r\n")]
    [InlineData("\0\x01\x02\r\n\r\n")]
    public async Task RefusedBytes_AreLoggedWithoutControls(string request)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Send(request);
        Assert.Equal(400, (await client.ReadResponse()).Status);
        string line = (await proxy.Output.WaitForCount(1))[0];
        Assert.Matches(Line, line);
        Assert.All(line, one => Assert.InRange(one, ' ', '~'));
        Assert.Equal("bad_request", Of(Regex.Match(line, Line), "reason"));
        Assert.DoesNotMatch("(?<!\\\\)\"", Of(Regex.Match(line, Line), "request"));
    }

    [Fact]
    public async Task JsonFormat_IsOneObjectPerLine()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("format = \"json\""));
        await using RawClient client = await proxy.Connect();
        await client.Ask("/x", "User-Agent: quoted \"agent\" \xe9\r\n");
        await client.Ask("/x");
        using JsonDocument first = JsonDocument.Parse((await proxy.Output.WaitForCount(2))[0]);
        using JsonDocument second = JsonDocument.Parse(proxy.Output.Lines[1]);
        Assert.Equal("GET", first.RootElement.GetProperty("method").GetString());
        Assert.Equal("/x", first.RootElement.GetProperty("target").GetString());
        Assert.Equal("test", first.RootElement.GetProperty("host").GetString());
        Assert.StartsWith("quoted \"agent\" ", first.RootElement.GetProperty("user_agent").GetString(), StringComparison.Ordinal);
        Assert.Equal(("new", 1),
            (first.RootElement.GetProperty("server_connection").GetString(), first.RootElement.GetProperty("client_request_number").GetInt32()));
        Assert.Equal(("reused", 2),
            (second.RootElement.GetProperty("server_connection").GetString(), second.RootElement.GetProperty("client_request_number").GetInt32()));
    }

    [Fact]
    public async Task CombinedFormat_IsWhatOtherToolsRead()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("format = \"combined\""));
        await using RawClient client = await proxy.Connect();
        await client.Ask("/x", "User-Agent: agent\r\nReferer: http://there/\r\n");
        Assert.Matches(
            "^127\\.0\\.0\\.1 - - \\[\\d{2}/[A-Z][a-z]{2}/\\d{4}:\\d{2}:\\d{2}:\\d{2} \\+0000\\] \"GET /x HTTP/1\\.1\" 200 \\d+ \"http://there/\" "
            + "\"agent\"$",
            (await proxy.Output.WaitForCount(1))[0]);
    }

    [Fact]
    public async Task LogOff_WritesNothing()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("access = \"off\""));
        await proxy.AskOnce();
        proxy.Signal(LinuxSignals.Terminate);
        Assert.Equal(0, await proxy.WaitForExit());
        Assert.Empty(proxy.Output.Lines);
    }

    [Fact]
    public async Task AbortedExchange_IsLoggedToo()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/gone");
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        client.Reset();
        Match line = Regex.Match(await proxy.Output.WaitFor("GET /gone "), Line);
        Assert.Equal(("-1", "CH--", "client_aborted"), (Of(line, "status"), Of(line, "state"), Of(line, "reason")));
    }

    private static string Of(Match line, string group) => line.Groups[group].Value;

    [Fact]
    public async Task RefusedRequest_IsLoggedWithItsLineAsItCame()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);
        await using RawClient client = await proxy.Connect();
        await client.Send("GET /late HTTP/2.0\r\nHost: h\r\n\r\n");
        Assert.Equal(505, (await client.ReadResponse()).Status);

        string line = await proxy.Output.WaitFor("/late");
        Assert.Contains(" \"GET /late HTTP/2.0\" ", line, StringComparison.Ordinal);
        Assert.Contains(" PR-- ", line, StringComparison.Ordinal);
        Assert.EndsWith(" rs=bad_request why=unsupported_version", line, StringComparison.Ordinal);
    }
}
