using System;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Templates, captured headers, samples, secrets, and what `log explain` says of lines that the proxy has written.</summary>
[Trait("promise", "B4")]
public sealed class LogLayoutTests
{
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: it \"1\"\r\nSet-Cookie: id=s3cret\r\n\r\nok";

    [Fact]
    public async Task Template_ShowsFieldsOfBothSides_AndNoSecrets()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(Answer);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log(
            "format = \"custom\"", "redact_query = [\"token\"]",
            "template = '{client} {{ \"{request}\" {status} {request_header.X-A} {request_header.authorization} \"{response_header.Server}\" "
            + "{response_header.Set-Cookie} {server_connection}'"));
        await using RawClient client = await proxy.Connect();
        await client.Ask("/a?token=s3cret&b=1", "X-A: a b\" c\r\nAuthorization: Basic s3cret\r\n");
        await client.Ask("/two");
        await client.Send("GET /bad HTTP/1.1\r\nno colon\r\n\r\n");

        string[] lines = [.. await proxy.Output.WaitForCount(3)];

        Assert.Equal("127.0.0.1 { \"GET /a?token=REDACTED&b=1 HTTP/1.1\" 200 a\\x20b\\x22\\x20c REDACTED \"it \\x221\\x22\" REDACTED new", lines[0]);
        Assert.Equal("127.0.0.1 { \"GET /two HTTP/1.1\" 200 - - \"it \\x221\\x22\" REDACTED reused", lines[1]);
        Assert.Equal("127.0.0.1 { \"GET /bad HTTP/1.1\" 400 - - \"-\" - -", lines[2]);
    }

    [Fact]
    public async Task HeadersInJson_StandInObjects_AndAReloadChangesWhich()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(Answer);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log(
            "format = \"json\"", "request_headers = [\"X-A\", \"Cookie\"]", "response_headers = [\"Server\"]"));
        await using RawClient client = await proxy.Connect();
        await client.Ask("/one", "X-A: 1\r\nCookie: id=s3cret\r\n");
        JsonElement first = JsonDocument.Parse((await proxy.Output.WaitForCount(1))[0]).RootElement;
        Assert.Equal("{\"x-a\":\"1\",\"cookie\":\"REDACTED\"}", first.GetProperty("request_headers").GetRawText());
        Assert.Equal("it \"1\"", first.GetProperty("response_headers").GetProperty("server").GetString());

        await proxy.Reload(static text => text.Replace("\"X-A\", \"Cookie\"", "\"X-B\"", StringComparison.Ordinal));
        await Deadline.Until(
            async () =>
            {
                await client.Ask("/two", "X-A: 1\r\nX-B: 2\r\n");
                return proxy.Output.Lines.Any(static line => line.Contains("\"request_headers\":{\"x-b\":\"2\"}", StringComparison.Ordinal));
            },
            () => "a line with the other header");
    }

    [Fact]
    public async Task Sample_LeavesOutWhatWentWell_AndCountsIt()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(
            static request => request.Contains("/fails", StringComparison.Ordinal)
                ? "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
                : OriginConnection.Ok);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("sample = 5"));
        for (int i = 0; i < 10; i++)
            await proxy.AskOnce($"/{i}");
        for (int i = 0; i < 3; i++)
            await proxy.AskOnce("/fails");

        await proxy.Output.WaitForCount(5);
        await proxy.WaitForMetric("nativeproxy_log_lines_left_out_total", 8);
        Assert.Equal(
            ["/0", "/5", "/fails", "/fails", "/fails"],
            proxy.Output.Lines.Select(static line => line.Split('"')[1].Split(' ')[1]));
    }

    [Theory]
    [InlineData("haproxy")]
    [InlineData("json")]
    [InlineData("combined")]
    public async Task LinesOfEachLayout_AreExplained(string format)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log($"format = \"{format}\""));
        await using RawClient client = await proxy.Connect();
        await client.Ask("/one", "Connection: close\r\n");
        string line = (await proxy.Output.WaitForCount(1))[0];

        FinishedCommand command = await ProxyBinary.RunThrough($"printf '%s\\n' '{line}' | \"$0\" log explain -");

        Assert.Equal((0, ""), (command.ExitCode, command.Errors));
        Assert.StartsWith($"one request and its answer, as {format}\n", command.Output, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1 asked: GET /one HTTP/1.1\n", command.Output, StringComparison.Ordinal);
        Assert.Contains("the client was answered with 200", command.Output, StringComparison.Ordinal);
        if (format != "combined")
            Assert.Contains("then the client connection was closed: the request said Connection: close\n", command.Output, StringComparison.Ordinal);
    }
}
