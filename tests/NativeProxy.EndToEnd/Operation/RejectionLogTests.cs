using System;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>The log says by which rule a message was refused, whichever side it came from.</summary>
public sealed class RejectionLogTests
{
    private const string Head = "HTTP/1.1 200 OK\r\n";
    private const string Chunked = Head + "Transfer-Encoding: chunked\r\n\r\n";

    [Theory]
    [InlineData("GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "bare_line_feed")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400, "missing_host")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n", 400, "space_before_colon")]
    [InlineData("GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505, "unsupported_version")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "length_with_transfer_encoding")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "unknown_transfer_coding")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65\r\n\r\n", 413, "request_body_too_large")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n", 400, "bad_chunk_size")]
    [InlineData("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405, "method_not_allowed")]
    [InlineData("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 1\r\n\r\na", 400, "body_on_connect")]
    public async Task RefusedRequest_NamesTheRule(string request, int status, string rule)
    {
        await using DrivenScene scene = await DrivenScene.Start("limits.body_bytes = 64");
        await scene.Client.Send(request);
        await scene.ExpectStatus(status);
        await scene.ExpectLineEnd($" why={rule}");
    }

    [Fact]
    public async Task TooLongARequestLine_NamesTheRule()
    {
        await using DrivenScene scene = await DrivenScene.Start("limits.request_line_bytes = \"1KiB\"");
        await scene.Client.SendGet("/" + new string('x', 2000));
        await scene.ExpectStatus(414);
        await scene.ExpectLineEnd(" rs=limit why=request_line_too_long");
    }

    [Theory]
    [InlineData("garbage\r\n\r\n", "bad_status_line")]
    [InlineData("HTTP/1.1 200 OK\nX: 1\r\n\r\n", "bare_line_feed")]
    [InlineData(Head + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", "duplicate_content_length")]
    [InlineData(Head + "Content-Length: x\r\n\r\n", "bad_content_length")]
    [InlineData(Head + "Connection: a b\r\n\r\n", "bad_connection_option")]
    [InlineData(Head + "Transfer-Encoding: gzip\r\n\r\n", "unknown_transfer_coding")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "unexpected_upgrade")]
    [InlineData(Head + "Content-Length: 65\r\n\r\n", "response_body_too_large")]
    public async Task RefusedAnswer_NamesTheRule_AndTheClientOnlySees502(string answer, string rule)
    {
        await using DrivenScene scene = await DrivenScene.Start("limits.response_body_bytes = 64");
        await (await scene.Ask()).Send(answer);
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal(502, response.Status);
        Assert.DoesNotContain(rule.Replace('_', ' '), response.Body, StringComparison.Ordinal);
        await scene.ExpectLineEnd($" why={rule}");
    }

    [Fact]
    public async Task AnswerThatEndsWithinItsHead_NamesTheRule()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        OriginConnection server = await scene.Ask();
        await server.Send("HTTP/1.1 20");
        server.Close();
        await scene.ExpectStatus(502);
        await scene.ExpectLineEnd(" why=incomplete_head");
    }

    [Fact]
    public async Task BodyThatBecomesInvalidOnItsWay_NamesTheRule()
    {
        await using DrivenScene scene = await DrivenScene.Start();
        await (await scene.Ask()).Send(Chunked + "1\r\na\n");
        await scene.Client.ReadToEnd();
        await scene.ExpectLineEnd(" rs=bad_response_body why=bad_chunk_end");
    }

    [Fact]
    public async Task JsonLine_HasTheRule_AndNullWhenNothingWasRefused()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("format = \"json\""));
        await using RawClient client = await proxy.Connect();
        await client.Ask();
        await client.Send("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n");
        await client.ReadResponse();
        JsonElement[] rules = Array.ConvertAll<string,
            JsonElement>([.. await proxy.Output.WaitForCount(2)], static line => JsonDocument.Parse(line).RootElement.GetProperty("reject"));
        Assert.Equal((JsonValueKind.Null, "duplicate_host"), (rules[0].ValueKind, rules[1].GetString()));
    }
}
