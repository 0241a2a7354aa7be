using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>What routes and policies make of requests and answers on their way.</summary>
public sealed class RouteModifierTests
{
    [Fact]
    public async Task Path_IsSentAsTheRouteMakesIt_AndTheServerIsToldOfThePrefix()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("forwarded.via = \"\"")
            .Route("path_prefix = [\"/api\"]", "upstream = \"app\"", "strip_prefix = \"/api\"")
            .Route("path_regex = [\"^/blog/([0-9]+)$\"]", "replace_path = \"/posts/{1}\"", "request_headers = { set = { X-Post = \"{1}\" } }"));
        await using RawClient client = await proxy.Connect();
        await client.Send("GET /api/a%20b?x=%2F HTTP/1.1\r\nHost: h\r\nX-Forwarded-Prefix: /evil\r\n\r\n");
        OriginConnection server = await origin.Accept();
        string stripped = await server.Answer();
        await client.ReadResponse();
        await client.Send("GET /blog/77?x HTTP/1.1\r\nHost: h\r\n\r\n");
        string replaced = await server.Answer();
        await client.ReadResponse();

        Assert.StartsWith("GET /a%20b?x=%2F HTTP/1.1\r\nHost: h\r\nX-Forwarded-Prefix: /api\r\n", stripped, System.StringComparison.Ordinal);
        Assert.StartsWith("GET /posts/77?x HTTP/1.1\r\nHost: h\r\nX-Post: 77\r\n", replaced, System.StringComparison.Ordinal);
    }

    [Fact]
    public async Task RedirectWithGroups_IsMadeOfThePath()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Route("path_regex = [\"^/(a|b)/(.*)$\"]", "redirect = \"/{2}/{1}\""));
        Assert.Equal("/x%2fy/b", (await proxy.AskOnce("/b/x%2fy")).Field("Location"));
        Assert.Equal("/a", (await proxy.AskOnce("/a/")).Field("Location"));
        Assert.Equal("ok", (await proxy.AskOnce("/c/x")).Body);
    }

    [Fact]
    public async Task RouteThatDeniesAnAnswer_ClosesTheConnection()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Route("path = [\"/gone\"]", "deny = \"close\""));
        await using RawClient client = await proxy.Connect();
        Assert.Equal(200, (await client.Ask()).Status);
        await client.SendGet("/gone");
        Assert.Equal("", (await client.ReadToEnd()).Text);
        Assert.Equal(1, await proxy.Metric("nativeproxy_client_closes_total{reason=\"denied\"}"));
        Assert.Contains("why=closed_by_route", await proxy.Output.WaitFor(static line => line.Contains("/gone"), "the line of the request"));
    }

    [Fact]
    public async Task ClientThatIsNotServed_Gets403_AndItsConnectionGoesOn()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Route("path_prefix = [\"/admin\"]", "upstream = \"app\"", "access = { allow = [\"127.0.9.0/24\"] }"));
        await using RawClient client = await proxy.Connect();
        HttpResponse refused = await client.Ask("/admin");
        Assert.Equal((403, null), (refused.Status, refused.Connection));
        Assert.Equal(200, (await client.Ask()).Status);
        Assert.Contains("why=access_denied", await proxy.Output.WaitFor(static line => line.Contains("/admin"), "the line of the request"));
        Assert.Equal(1, await proxy.Metric("nativeproxy_bad_requests_total{reason=\"denied\"}"));
    }

    [Theory]
    [InlineData("access = { deny = [\"127.0.0.0/8\"] }", 403)]
    [InlineData("deny = 410", 410)]
    public async Task RequestThatGoesNoFurther_IsRefusedAllTheSame(string line, int status)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Route("path_prefix = [\"/admin\"]", line));
        await using RawClient client = await proxy.Connect();
        await client.Send("OPTIONS /admin HTTP/1.1\r\nHost: test\r\nMax-Forwards: 0\r\n\r\n");
        Assert.Equal(status, (await client.ReadResponse()).Status);
        await client.Send("OPTIONS /other HTTP/1.1\r\nHost: test\r\nMax-Forwards: 0\r\n\r\n");
        Assert.Equal(200, (await client.ReadResponse()).Status);
    }

    [Fact]
    public async Task VariablesOfTheConnection_AreThoseOfTheRequest_InItsPath()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Route("path_prefix = [\"/\"]", "upstream = \"app\"", "replace_path = \"/by/{peer_ip}{path}\""));
        OriginConnection? server = null;
        foreach (string address in new[] { "127.0.0.7", "127.0.0.8" })
        {
            await using RawClient client = await RawClient.Connect(proxy.Port(), from: System.Net.IPAddress.Parse(address));
            await client.SendGet("/x");
            server ??= await origin.Accept();
            Assert.StartsWith($"GET /by/{address}/x HTTP/1.1\r\n", await server.Answer(), System.StringComparison.Ordinal);
            await client.ReadResponse();
        }
    }

    [Fact]
    public async Task PoliciesOfListenerAndRoute_AddUp_AndTheInnermostWins()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Listener("policies = [\"all\"]", "limits.body_bytes = 1000")
            .Policy("name = \"all\"", "response_headers = { set = { A = \"all\", B = \"all\" } }", "limits = { body_bytes = 5 }")
            .Policy("name = \"one\"", "response_headers = { set = { B = \"one\", C = \"one\" } }", "limits = { body_bytes = 7 }")
            .Route("path_prefix = [\"/one\"]", "upstream = \"app\"", "policies = [\"one\"]", "response_headers = { set = { C = \"route\" } }")
            .Route("path_prefix = [\"/two\"]", "upstream = \"app\"", "policies = [\"one\"]", "limits = { body_bytes = 9 }"));
        HttpResponse plain = await proxy.AskOnce("/");
        HttpResponse one = await proxy.AskOnce("/one");
        Assert.Equal(("all", "all", null), (plain.Field("A"), plain.Field("B"), plain.Field("C")));
        Assert.Equal(("all", "one", "route"), (one.Field("A"), one.Field("B"), one.Field("C")));
        Assert.Equal((200, 413, 200, 413, 200, 413), (
            await Post("/", 5), await Post("/", 6), await Post("/one", 7), await Post("/one", 8), await Post("/two", 9), await Post("/two", 10)));

        async Task<int> Post(string path, int bytes)
        {
            await using RawClient client = await proxy.Connect();
            await client.Send(RawClient.Post(path, new string('x', bytes)));
            return (await client.ReadResponse()).Status;
        }
    }

    [Fact]
    public async Task ResponseTimeoutOfARoute_HoldsForItAlone()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Route("path_prefix = [\"/fast\"]", "upstream = \"app\"", "timeouts = { response = \"100ms\" }"));
        await using RawClient slow = await proxy.Connect();
        await slow.SendGet("/slow");
        OriginConnection waiting = await origin.Accept();
        await waiting.ReadRequest();
        Assert.Equal(504, (await proxy.AskOnce("/fast")).Status);
        await waiting.Send(OriginConnection.Ok);
        Assert.Equal(200, (await slow.ReadResponse()).Status);
    }

    [Fact]
    public async Task PagesForErrors_AreThoseOfTheRouteAndOfTheListener()
    {
        string file = System.IO.Path.GetTempFileName() + ".html";
        await System.IO.File.WriteAllTextAsync(file, "<p>away</p>");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().AddUpstream("app", "127.0.0.1:1").AddListener("web", "app")
            .Listener($"error_pages = {{ 5xx = \"file:{file}\", 400 = \"what?\" }}")
            .Listener("response_headers = { set = { A = \"b\", Cache-Control = \"private\" } }")
            .Route("path = [\"/own\"]", "upstream = \"app\"", "error_pages = { 502 = \"mine\" }"));
        HttpResponse listeners = await proxy.AskOnce("/");
        HttpResponse own = await proxy.AskOnce("/own");
        await using RawClient client = await proxy.Connect();
        await client.Send("GET / HTTP/1.1\r\n\r\n");
        HttpResponse bad = await client.ReadResponse();
        System.IO.File.Delete(file);

        Assert.Equal((502, "<p>away</p>", "text/html; charset=utf-8", "b", "private"), (
            listeners.Status, listeners.Body, listeners.Field("Content-Type"), listeners.Field("A"), listeners.Field("Cache-Control")));
        Assert.Equal((502, "mine", "text/plain; charset=utf-8"), (own.Status, own.Body, own.Field("Content-Type")));
        Assert.Equal((400, "what?", "b"), (bad.Status, bad.Body, bad.Field("A")));
    }

    [Fact]
    public async Task PagesForErrors_AreThoseOfRefusals_AndOfWhatNoRouteTakes()
    {
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().AddUpstream("app", "127.0.0.1:1").AddListener("web")
            .Listener("error_pages = { 404 = \"nothing here\", 4xx = \"<p>no</p>\" }")
            .Route("path = [\"/denied\"]", "deny = 403")
            .Route("path = [\"/gone\"]", "deny = 404", "error_pages = { 404 = \"mine\" }")
            .Route("path = [\"/own\"]", "respond = { status = 404 }"));
        HttpResponse denied = await proxy.AskOnce("/denied");
        Assert.Equal((403, "<p>no</p>", "text/html; charset=utf-8"), (denied.Status, denied.Body, denied.Field("Content-Type")));
        Assert.Equal((404, "mine"), await StatusAndBody(proxy, "/gone"));
        Assert.Equal((404, ""), await StatusAndBody(proxy, "/own"));
        Assert.Equal((404, "nothing here"), await StatusAndBody(proxy, "/other"));
    }

    [Fact]
    public async Task AnswerOfAFile_HasItsContentAndItsType()
    {
        string file = System.IO.Path.GetTempFileName() + ".html";
        await System.IO.File.WriteAllTextAsync(file, "<p>back soon</p>");
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig().AddUpstream("app", "127.0.0.1:1").AddListener("web", "app")
            .Route("path = [\"/closed\"]", $"respond = {{ status = 503, retry_after = \"10m\", file = \"{file}\" }}")
            .Route("path = [\"/typed\"]", $"respond = {{ status = 200, content_type = \"text/x-own\", file = \"{file}\" }}"));
        HttpResponse closed = await proxy.AskOnce("/closed");
        HttpResponse typed = await proxy.AskOnce("/typed");
        System.IO.File.Delete(file);

        Assert.Equal((503, "<p>back soon</p>", "text/html; charset=utf-8", "600"),
            (closed.Status, closed.Body, closed.Field("Content-Type"), closed.Field("Retry-After")));
        Assert.Equal((200, "<p>back soon</p>", "text/x-own"), (typed.Status, typed.Body, typed.Field("Content-Type")));
    }

    [Fact]
    public async Task LengthOfAnAnswer_StaysWhereARuleRemovesAllNamesThatBeginLikeIt()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Route("path_prefix = [\"/\"]", "upstream = \"app\"", "response_headers = { remove = [\"Content-*\"] }"));
        HttpResponse answer = await proxy.AskOnce("/");
        Assert.Equal(("ok", "2"), (answer.Body, answer.Field("Content-Length")));
    }

    [Fact]
    public async Task RulesForResponses_HoldForASwitchOfProtocols_AndHideWhatTheyRemoveInInterimOnes()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Listener("upgrade = [\"websocket\"]", "response_headers = { set = { A = \"b\" }, remove = [\"X-Debug\"] }"));
        await using RawClient client = await proxy.Connect();
        await client.Send("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        OriginConnection server = await origin.Accept();
        await server.ReadRequest();
        await server.Send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-Debug: 1\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nX-Debug: 2\r\n"
            + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        Assert.Equal("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", await client.ReadHead());
        Assert.Equal("HTTP/1.1 101 Switching Protocols\r\nA: b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", await client.ReadHead());
        client.Close();
        await server.ExpectEnd();
        server.Close();
    }

    [Fact]
    public async Task ClientThatIsNotServed_IsToldSo_HoweverLongItsBody()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Route("path_prefix = [\"/admin\"]", "upstream = \"app\"", "access = { allow = [\"127.0.9.0/24\"] }", "limits = { body_bytes = 5 }"));
        await using RawClient client = await proxy.Connect();
        await client.Send("POST /admin HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n");
        Assert.Equal(403, (await client.ReadResponse()).Status);
    }

    [Theory]
    [InlineData("Content-Length: 6\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n")]
    public async Task BodyThatIsTooLongForItsRoute_IsRefusedInTheWordsOfTheRoute(string body)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Route("name = \"up\"", "path_prefix = [\"/up\"]",
            "upstream = \"app\"", "limits = { body_bytes = 5 }", "error_pages = { 413 = \"too much\" }",
            "response_headers = { set = { A = \"b\" } }", "cors = { allow_origins = [\"https://app.example\"] }"));
        await using RawClient client = await proxy.Connect();
        await client.Send("POST /up HTTP/1.1\r\nHost: h\r\nOrigin: https://app.example\r\n" + body);
        HttpResponse refused = await client.ReadResponse();
        Assert.Equal((413, "too much", "b", "https://app.example", "close"),
            (refused.Status, refused.Body, refused.Field("A"), refused.Field("Access-Control-Allow-Origin"), refused.Connection));
        Assert.EndsWith("rs=limit why=request_body_too_large route=up",
            await proxy.Output.WaitFor(static line => line.Contains("/up"), "the line of the request"), System.StringComparison.Ordinal);
    }

    private static async Task<(int Status, string Body)> StatusAndBody(ProxyUnderTest proxy, string target)
    {
        HttpResponse answer = await proxy.AskOnce(target);
        return (answer.Status, answer.Body);
    }

    [Fact]
    public async Task RouteThatIsNotLogged_HasNoLines_AndWhomItRefusesHasNone()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Route("path = [\"/quiet\"]", "upstream = \"app\"", "log = false")
            .Route("path = [\"/quiet/refused\"]", "upstream = \"app\"", "log = false", "access = { deny = [\"127.0.0.0/8\"] }")
            .Route("path = [\"/quiet/text\"]", "respond = { status = 200, body = \"x\" }", "log = false"));
        await using RawClient client = await proxy.Connect();
        Assert.Equal(200, (await client.Ask("/quiet")).Status);
        Assert.Equal(403, (await client.Ask("/quiet/refused")).Status);
        Assert.Equal(200, (await client.Ask("/quiet/text")).Status);
        Assert.Equal(200, (await client.Ask("/told")).Status);
        await proxy.Output.WaitFor(static line => line.Contains("GET /told "), "the line of the last request");
        Assert.DoesNotContain("/quiet", proxy.Output.Text, System.StringComparison.Ordinal);
        Assert.Equal(0, await proxy.Metric("nativeproxy_log_lines_left_out_total"));
    }

    [Theory]
    [InlineData("upgrade = [\"websocket\"]", "", "websocket")]
    [InlineData("upgrade = [\"websocket\"]", "upgrade = [\"none\"]", null)]
    [InlineData("upgrade = [\"websocket\"]", "upgrade = [\"tcp\"]", null)]
    [InlineData("", "upgrade = [\"tcp\", \"websocket\"]", "websocket")]
    public async Task Upgrades_AreThoseOfTheRoute_ElseOfTheListener(string listener, string route, string? passed)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Listener(listener).Route("path = [\"/ws\"]", "upstream = \"app\"", route));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
        OriginConnection server = await origin.Accept();
        string head = await server.ReadHead();
        Assert.Equal(passed is not null, head.Contains("Upgrade: websocket\r\n", System.StringComparison.Ordinal));
        if (passed is null)
        {
            await server.Send(OriginConnection.Ok);
            Assert.Equal(200, (await client.ReadResponse()).Status);
            return;
        }
        await server.Send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        await client.ReadHead();
        await client.Send("ping");
        Assert.Equal("ping", await server.Read(4));
        client.Close();
        server.Close();
    }

    [Fact]
    public async Task ResponseFields_NameTheServerAndTheStatus_AlsoInAnswersOfTheProxyItself()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Listener("trace = { request_id = \"replace\", request_id_response = true }",
                "response_headers = { set = { X-By = \"{upstream}/{server}\", X-Seen = \"{server}\", X-Status = \"{status} {route} {client_ip}\", "
                + "X-Id = \"{request_id}\" } }")
            .Route("name = \"text\"", "path = [\"/text\"]", "respond = { status = 202, body = \"x\" }")
            .Route("name = \"no\"", "path = [\"/no\"]", "upstream = \"app\"", "access = { deny = [\"127.0.0.0/8\"] }"));
        await using RawClient client = await proxy.Connect();

        HttpResponse served = await client.Ask("/");
        Assert.Equal(("app/a", "a", "200  127.0.0.1"), (served.Field("X-By"), served.Field("X-Seen"), served.Field("X-Status")));
        Assert.Equal(served.Field("X-Request-ID"), served.Field("X-Id"));
        HttpResponse text = await client.Ask("/text");
        Assert.Equal(("/", null, "202 text 127.0.0.1"), (text.Field("X-By"), text.Field("X-Seen"), text.Field("X-Status")));
        HttpResponse refused = await client.Ask("/no");
        Assert.Equal(("/", null, "403 no 127.0.0.1"), (refused.Field("X-By"), refused.Field("X-Seen"), refused.Field("X-Status")));
        Assert.Equal(refused.Field("X-Request-ID"), refused.Field("X-Id"));
    }

    [Fact]
    public async Task RequestFields_NameTheUpstreamAndTheUser()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Route("path_prefix = [\"/\"]", "upstream = \"app\"", LoginTests.Auth,
                "request_headers = { set = { X-Who = \"{user} at {upstream}\" } }"));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/", LoginTests.Bob);
        OriginConnection server = await origin.Accept();
        Assert.Contains("\r\nX-Who: bob at app\r\n", await server.Answer(), System.StringComparison.Ordinal);
        Assert.Equal(200, (await client.ReadResponse()).Status);
    }
}
