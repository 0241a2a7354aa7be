using System;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Ids of requests and their place in a trace, at the server, at the client and in the log.</summary>
public sealed class RequestNameTests
{
    private const string Parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    [Fact]
    public async Task Id_IsTheSameForServerClientAndLog()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            "HTTP/1.1 200 OK\r\nX-Request-ID: the-servers\r\nContent-Length: 0\r\n\r\n", static config => config
                .Listener("trace = { request_id = \"keep\", request_id_response = true }").Log("format = \"json\"")
                .Route("path = [\"/to\"]", "redirect = \"/x?{request_id}\""));
        HttpResponse made = await scene.Client.Ask("/1");
        HttpResponse kept = await scene.Client.Ask("/2", "X-Request-ID: abc-123\r\n");
        HttpResponse own = await scene.Client.Ask("/to", "X-Request-ID: abc-124\r\n");
        Assert.Matches("^[a-z2-7]{26}$", made.Field("X-Request-ID"));
        Assert.Equal(("abc-123", "abc-124", "/x?abc-124"), (kept.Field("X-Request-ID"), own.Field("X-Request-ID"), own.Field("Location")));
        Assert.Equal(
            [made.Field("X-Request-ID"), "abc-123"],
            scene.Origin.Requests.Select(static item => HttpResponse.FieldOf(item.Request, "X-Request-ID")));
        Assert.Equal(
            [made.Field("X-Request-ID"), "abc-123", "abc-124"],
            (await scene.Proxy.Output.WaitForCount(3))
                .Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("request_id").GetString()));
    }

    [Fact]
    public async Task AnswerOfTheCache_CarriesTheIdOfItsOwnRequest()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nX-Request-ID: old\r\nContent-Length: 1\r\n\r\na", static config => config
                .Listener("trace = { request_id = \"keep\", request_id_response = true }").Upstream("cache.bytes = \"8MiB\""));
        Assert.Equal("a-1", (await scene.Client.Ask("/", "X-Request-ID: a-1\r\n")).Field("X-Request-ID"));
        Assert.Equal("a-2", (await scene.Client.Ask("/", "X-Request-ID: a-2\r\n")).Field("X-Request-ID"));
        Assert.Single(scene.Origin.Requests);
    }

    [Fact]
    public async Task AnswersOfTheProxy_CarryTheId()
    {
        await using AnsweringScene scene = await AnsweringScene.Start("HTTP/9.9 what\r\n\r\n", static config => config
            .Listener("trace = { request_id = \"keep\", request_id_response = true }")
            .RateLimit("name = \"few\"", "rate = \"1/h\"")
            .Route("path = [\"/few\"]", "deny = 403", "rate_limit = [\"few\"]")
            .Route("path = [\"/own\"]", "upstream = \"app\"", "access.deny = [\"127.0.0.0/8\"]"));
        (string Target, int Status)[] wanted = [("/few", 403), ("/few", 429), ("/own", 403), ("/", 502)];
        for (int i = 0; i < wanted.Length; i++)
        {
            HttpResponse response = await scene.Client.Ask(wanted[i].Target, $"X-Request-ID: id-{i}\r\n");
            Assert.Equal((wanted[i].Status, $"id-{i}"), (response.Status, response.Field("X-Request-ID")));
        }
        await scene.Client.Send("OPTIONS / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\nX-Request-ID: last\r\n\r\n");
        Assert.Equal("last", (await scene.Client.ReadResponse()).Field("X-Request-ID"));
    }

    [Fact]
    public async Task Trace_GoesOn_AndIsInTheLog()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: static config => config
            .Listener("trace.traceparent = \"create\"", "request_headers.set = { X-Trace = \"{trace_id}\" }"));
        await scene.Client.Ask("/1", $"traceparent: {Parent}\r\ntracestate: rojo=1\r\n");
        await scene.Client.Ask("/2", "traceparent: 00-x\r\ntracestate: rojo=1\r\n");
        string[] requests = [.. scene.Origin.Requests.Select(static item => item.Request)];
        Assert.Matches("^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$", HttpResponse.FieldOf(requests[0], "traceparent"));
        Assert.NotEqual(Parent, HttpResponse.FieldOf(requests[0], "traceparent"));
        Assert.Equal(
            ("rojo=1", "4bf92f3577b34da6a3ce929d0e0e4736"),
            (HttpResponse.FieldOf(requests[0], "tracestate"), HttpResponse.FieldOf(requests[0], "X-Trace")));
        Assert.Null(HttpResponse.FieldOf(requests[1], "tracestate"));
        string second = HttpResponse.FieldOf(requests[1], "traceparent")!;
        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-01$", second);
        string[] lines = [.. await scene.Proxy.Output.WaitForCount(2)];
        Assert.EndsWith(" trace=4bf92f3577b34da6a3ce929d0e0e4736", lines[0], StringComparison.Ordinal);
        Assert.EndsWith($" trace={second.Split('-')[1]}", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestsBesideEachOther_KeepTheirIds()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: static config => config
            .Listener("pipelining = 4", "trace = { request_id = \"keep\", request_id_response = true }"));
        await scene.Client.Send(string.Concat(Enumerable.Range(1, 4).Select(static i => RawClient.Get($"/{i}", $"X-Request-ID: id-{i}\r\n"))));
        for (int i = 1; i <= 4; i++)
            Assert.Equal($"id-{i}", (await scene.Client.ReadResponse()).Field("X-Request-ID"));
    }
}
