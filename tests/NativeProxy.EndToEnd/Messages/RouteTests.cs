using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Which upstream, or which answer of the proxy, a request comes to by its routes.</summary>
public sealed class RouteTests
{
    [Fact]
    public async Task EachRequestOfAConnection_TakesItsOwnRoute()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ScriptedOrigin c = Named('c');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig()
            .AddUpstream("a", a.Address).AddUpstream("b", b.Address).AddUpstream("c", c.Address).AddListener("web", "a")
            .Route("path_prefix = [\"/api\"]", "upstream = \"b\"")
            .Route("host = [\"c.example\"]", "upstream = \"c\""));
        await using RawClient client = await proxy.Connect();
        string order = "";
        foreach ((string target, string host) in new[] { ("/", "x"), ("/api", "x"), ("/", "c.example"), ("/", "x"), ("/api/y", "c.example") })
        {
            await client.Send($"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            order += (await client.ReadResponse()).Body;
        }
        Assert.Equal("abcab", order);
        Assert.Equal((1, 1, 1), (a.ConnectionCount, b.ConnectionCount, c.ConnectionCount));
    }

    [Fact]
    public async Task AnswersOfRoutes_KeepTheConnection_AndTheirOrder()
    {
        await using ScriptedOrigin origin = Named('a');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("pipelining = 4")
            .Route("path = [\"/no\"]", "deny = 403")
            .Route("path = [\"/hello\"]", "respond = { status = 200, body = \"hello\", content_type = \"text/x\" }")
            .Route("path = [\"/later\"]", "respond = { status = 503, body = \"soon\", retry_after = \"90s\" }")
            .Route("path_prefix = [\"/old\"]", "redirect = \"https://{host}/new{uri}\"", "redirect_status = 308"));
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/no") + RawClient.Get() + RawClient.Get("/hello") + RawClient.Get("/old/x?y=1") + RawClient.Get("/later"));
        HttpResponse no = await client.ReadResponse();
        HttpResponse ok = await client.ReadResponse();
        HttpResponse hello = await client.ReadResponse();
        HttpResponse old = await client.ReadResponse();
        HttpResponse later = await client.ReadResponse();

        Assert.Equal((403, "Forbidden.\n", null), (no.Status, no.Body, no.Connection));
        Assert.Equal((200, "a"), (ok.Status, ok.Body));
        Assert.Equal((200, "hello", "text/x"), (hello.Status, hello.Body, hello.Field("Content-Type")));
        Assert.Equal((308, "https://test/new/old/x?y=1", "0"), (old.Status, old.Field("Location"), old.Field("Content-Length")));
        Assert.Equal((503, "soon", "90"), (later.Status, later.Body, later.Field("Retry-After")));
        Assert.Equal(1, origin.ConnectionCount);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", (await client.Ask()).Head, System.StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnswerToHead_HasTheLengthAndNoContent()
    {
        await using ScriptedOrigin origin = Named('a');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Route("path = [\"/hello\"]", "respond = { status = 200, body = \"hello\" }"));
        await using RawClient client = await proxy.Connect();
        await client.Send("HEAD /hello HTTP/1.1\r\nHost: test\r\n\r\n");
        HttpResponse head = await client.ReadResponse("HEAD");
        Assert.Equal((200, "5", ""), (head.Status, head.Field("Content-Length"), head.Body));
        Assert.Equal("a", (await client.Ask()).Body);
    }

    [Fact]
    public async Task BodyOfARequestThatIsAnsweredByItsRoute_EndsTheConnection()
    {
        await using ScriptedOrigin origin = Named('a');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Route("method = [\"POST\"]", "deny = 405"));
        await using RawClient client = await proxy.Connect();
        await client.Send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\nabc");
        HttpResponse answer = await client.ReadResponse();
        Assert.Equal((405, "close"), (answer.Status, answer.Connection));
        await client.ExpectEnd();
        Assert.Equal(0, origin.ConnectionCount);
    }

    [Theory]
    [InlineData("", 404)]
    [InlineData("unmatched = 421", 421)]
    public async Task RequestThatNoRouteTakes_GetsTheStatusOfTheListener(string line, int status)
    {
        await using ScriptedOrigin origin = Named('a');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().AddUpstream("app", origin.Address)
            .AddListener("web").Listener(line).Route("host = [\"b.example\"]", "upstream = \"app\""));
        await using RawClient client = await proxy.Connect();
        Assert.Equal(status, (await client.Ask()).Status);
        await client.Send("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
        Assert.Equal("a", (await client.ReadResponse()).Body);
    }

    [Fact]
    public async Task RequestThatNoRouteTakes_ClosesTheConnection_WhereTheListenerSaysSo()
    {
        await using ScriptedOrigin origin = Named('a');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().AddUpstream("app", origin.Address)
            .AddListener("web").Listener("unmatched = 0").Route("host = [\"b.example\"]", "upstream = \"app\""));
        await using RawClient client = await proxy.Connect();
        await client.Send("GET / HTTP/1.1\r\nHost: b.example\r\n\r\n");
        Assert.Equal("a", (await client.ReadResponse()).Body);
        await client.SendGet("/");
        Assert.Equal("", (await client.ReadToEnd()).Text);
    }

    [Fact]
    [Trait("promise", "B13")]
    public async Task WhatWasMatched_IsWhatIsSent_AndNoReadingLeadsAround()
    {
        await using ScriptedOrigin origin = Named('a');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Route("path_prefix = [\"/admin\"]", "deny = 403"));
        await using RawClient client = await proxy.Connect();
        Assert.Equal("a", (await client.Ask("/x/../%61/./b?c=%61")).Body);
        Assert.StartsWith("GET /a/b?c=%61 HTTP/1.1\r\n", origin.Requests.Last().Request, System.StringComparison.Ordinal);
        Assert.Equal(403, (await client.Ask("/x/%2e%2e//admin")).Status);
        Assert.Equal("a", (await client.Ask("/group%2Fname")).Body);
        Assert.StartsWith("GET /group%2Fname HTTP/1.1\r\n", origin.Requests.Last().Request, System.StringComparison.Ordinal);

        HttpResponse refused = await client.Ask("/x/..%2fadmin");
        Assert.Equal((400, "close"), (refused.Status, refused.Connection));
        Assert.Contains("ambiguous path", refused.Body, System.StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_LeadsToNoOtherHostByItsPath()
    {
        await using ScriptedOrigin origin = Named('a');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("path_normalization = \"off\"")
            .Route("path = [\"/next\"]", "redirect = \"/{header.X-Next}\"")
            .Route("redirect = \"{path}\""));
        await using RawClient client = await proxy.Connect();
        Assert.Equal("/evil.example", (await client.Ask("//evil.example")).Field("Location"));
        Assert.Equal("/evil.example", (await client.Ask("/\\evil.example")).Field("Location"));
        Assert.Equal("/evil.example", (await client.Ask("/next", "X-Next: /evil.example\r\n")).Field("Location"));
        Assert.Equal("/a%0d%0ab", (await client.Ask("/a%0d%0ab")).Field("Location"));
        Assert.Equal(400, (await client.Ask("/next", "X-Next: a\tb\r\n")).Status);
    }

    [Fact]
    public async Task Split_GivesEachUpstreamItsShare_AndOneOfZeroNothing()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        await using ScriptedOrigin c = Named('c');
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig()
            .AddUpstream("a", a.Address).AddUpstream("b", b.Address).AddUpstream("c", c.Address).AddListener("web")
            .Route("split = { a = 80, b = 20, c = 0 }"));
        await using RawClient client = await proxy.Connect();
        string order = "";
        for (int i = 0; i < 300; i++)
            order += (await client.Ask()).Body;
        Assert.InRange(order.Count(x => x == 'b'), 25, 100);
        Assert.Equal(0, c.ConnectionCount);
    }

    /// <summary>Also a field that Connection names, and one in two lines, is gone; what the proxy itself says stands behind all.</summary>
    [Fact]
    public async Task HeaderRules_HoldForRequestsAndForEveryResponse()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering("HTTP/1.1 200 OK\r\nServer: x\r\nX-Debug: 1\r\nContent-Length: 1\r\n\r\na");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Route("path = [\"/no\"]", "deny = 403")
            .Route("path_prefix = [\"/\"]", "request_headers = { set = { X-Client = \"{client_ip}\" }, remove = [\"X-Internal-*\"] }",
                "response_headers = { default = { X-Route = \"{route}\" } }")
            .Listener("request_headers = { set = { X-Listener = \"{listener}\" } }",
                "response_headers = { set = { Server = \"us\" }, remove = [\"X-Debug\"] }"));
        await using RawClient client = await proxy.Connect();

        HttpResponse answer = await client.Ask("/", "X-Client: forged\r\nx-client: again\r\nX-Internal-Role: admin\r\nConnection: X-Client\r\n");
        string request = origin.Requests.Last().Request;
        Assert.Equal(["127.0.0.1"], HttpResponse.FieldsOf(request, "X-Client"));
        Assert.Equal(["web"], HttpResponse.FieldsOf(request, "X-Listener"));
        Assert.Empty(HttpResponse.FieldsOf(request, "X-Internal-Role"));
        Assert.Equal(("us", null, "route-2"), (answer.Field("Server"), answer.Field("X-Debug"), answer.Field("X-Route")));

        HttpResponse refused = await client.Ask("/no");
        Assert.Equal((403, "us", null), (refused.Status, refused.Field("Server"), refused.Field("X-Route")));
    }

    [Fact]
    public async Task Reload_ChangesTheRoutes_AndKeepsTheConnections()
    {
        await using ScriptedOrigin a = Named('a');
        await using ScriptedOrigin b = Named('b');
        ProxyConfig Config(string upstream) => new ProxyConfig().AddUpstream("a", a.Address).AddUpstream("b", b.Address).AddListener("web", "a")
            .Route("path_prefix = [\"/x\"]", $"upstream = \"{upstream}\"");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(Config("a"));
        await using RawClient client = await proxy.Connect();
        Assert.Equal("a", (await client.Ask("/x")).Body);
        await proxy.Reload(Config("b"));
        Assert.Equal("b", (await client.Ask("/x")).Body);
        Assert.Equal("a", (await client.Ask("/")).Body);
        Assert.Equal(1, a.ConnectionCount);
    }

    private static ScriptedOrigin Named(char name) => ScriptedOrigin.Answering($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}");
}
