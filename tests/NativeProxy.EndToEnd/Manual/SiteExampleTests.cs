using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>Scenes of the examples about web sites: which server gets a request, and who is answered otherwise.</summary>
public sealed class SiteExampleTests
{
    private const string Office = "10.0.9.5";

    [Fact]
    [Trait(ExampleFiles.Trait, "one-service.toml")]
    public async Task OneService_TakesTurns_AndADeadServerIsNoError()
    {
        await using ExampleScene scene = await ExampleScene.Start("one-service.toml");
        string[] turns = [(await scene.Get(port: 8080)).Body, (await scene.Get(port: 8080)).Body];
        Assert.Equal(["10.0.0.1:9001", "10.0.0.2:9001"], turns.Order());
        await scene.Server("10.0.0.1:9001").Die();
        for (int i = 0; i < 6; i++)
            Assert.Equal("10.0.0.2:9001", (await scene.Get(port: 8080)).Body);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "several-sites.toml")]
    public async Task SeveralSites_AreToldApartByHost()
    {
        await using ExampleScene scene = await ExampleScene.Start("several-sites.toml");
        HttpResponse www = await scene.Get("/a?b=c", "www.one.example");
        Assert.Equal((301, "http://one.example/a?b=c"), (www.Status, www.Field("Location")));
        Assert.StartsWith("10.0.1.", (await scene.Get(host: "one.example")).Body, StringComparison.Ordinal);
        Assert.Equal("10.0.2.1:8080", (await scene.Get(host: "TWO.example")).Body);
        Assert.Equal("10.0.2.1:8080", (await scene.Get(host: "shop.two.example")).Body);
        Assert.Equal(404, (await scene.Get(host: "three.example")).Status);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "web-site.toml")]
    public async Task WebSite_GivesEachPathItsServers()
    {
        await using ExampleScene scene = await ExampleScene.Start("web-site.toml");
        scene.Server("10.0.0.21:8080").Answer = _ => ExampleServer.Response("file", "X-Powered-By: x\r\n");
        string api = (await scene.Get("/api/orders")).Body;
        Assert.Contains(api, new[] { "10.0.0.11:8080", "10.0.0.12:8080" });
        string request = scene.Server(api).LastRequest;
        Assert.StartsWith("GET /orders HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Equal("/api", HttpResponse.FieldOf(request, "X-Forwarded-Prefix"));

        HttpResponse file = await scene.Get("/static/a.css");
        Assert.Equal(("file", "public, max-age=86400"), (file.Body, file.Field("Cache-Control")));
        Assert.Equal(("nosniff", null), (file.Field("X-Content-Type-Options"), file.Field("X-Powered-By")));
        Assert.Equal(403, (await scene.Get("/office")).Status);
        Assert.Equal(200, (await scene.Get("/office", from: Office)).Status);
        Assert.Contains((await scene.Get()).Body, new[] { "10.0.0.1:8080", "10.0.0.2:8080" });

        await using RawClient large = await scene.Connect(80);
        await large.Send("POST /api/orders HTTP/1.1\r\nHost: site.example\r\nContent-Length: 1048577\r\n\r\n");
        Assert.Equal(413, (await large.ReadResponse()).Status);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "blue-green.toml")]
    public async Task BlueAndGreen_ChangePlacesByAReload_AndWhatRunsFinishes()
    {
        await using ExampleScene scene = await ExampleScene.Start("blue-green.toml");
        ExampleServer blue = scene.Server("10.0.1.1:8080");
        blue.Answer = request => request.StartsWith("GET /slow ", StringComparison.Ordinal) ? "" : ExampleServer.Response("blue");
        Assert.Equal("blue", (await scene.Get()).Body);
        Assert.Equal("blue", (await scene.Get(host: "preview.shop.example")).Body);
        Assert.Equal("10.0.2.1:8080", (await scene.Get(host: "preview.shop.example", from: Office)).Body);

        await using RawClient running = await scene.Connect(80);
        await running.SendGet("/slow");
        OriginConnection slow = await blue.ConnectionOf("/slow");
        await scene.Proxy.Reload(text => text.Replace("upstream = \"blue\"", "upstream = \"green\"", StringComparison.Ordinal));
        await scene.Reaches("10.0.2.1:8080");
        Assert.Equal("10.0.2.1:8080", (await scene.Get()).Body);
        await slow.Send(ExampleServer.Response("finished on blue"));
        Assert.Equal("finished on blue", (await running.ReadResponse()).Body);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "canary.toml")]
    public async Task Canary_GetsTestersAndAShare_AndLosesServersThatFail()
    {
        await using ExampleScene scene = await ExampleScene.Start("canary.toml");
        string[] canaries = ["10.0.0.9:8080", "10.0.0.10:8080"];
        Assert.Contains((await scene.Get(fields: "Cookie: canary=always\r\n")).Body, canaries);
        await using (RawClient user = await scene.Connect(80))
        {
            int count = 0;
            for (int i = 0; i < 400; i++)
                count += Array.IndexOf(canaries, (await user.Ask()).Body) >= 0 ? 1 : 0;
            Assert.InRange(count, 1, 100);
        }

        scene.Server(canaries[0]).Answer = _ => ExampleServer.Response("broken", status: "500 Internal Server Error");
        await Deadline.Until(
            async () =>
            {
                await scene.Get(fields: "Cookie: canary=always\r\n");
                return await scene.Proxy.Metric("nativeproxy_server_ejected{upstream=\"canary\",server=\"s1\"}") == 1;
            },
            () => "the failing canary to leave");
        for (int i = 0; i < 5; i++)
            Assert.Equal(canaries[1], (await scene.Get(fields: "Cookie: canary=always\r\n")).Body);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "login-limit.toml")]
    public async Task FailedLogins_AreLimitedByClient_GoodOnesAreNotCounted()
    {
        await using ExampleScene scene = await ExampleScene.Start("login-limit.toml");
        scene.Server("10.0.0.1:8080").Answer = request => request.EndsWith("good", StringComparison.Ordinal)
            ? ExampleServer.Response("welcome")
            : ExampleServer.Response("wrong", status: "401 Unauthorized");
        await using RawClient client = await scene.Connect(80);

        async Task<HttpResponse> LogIn(string password)
        {
            await client.Send(RawClient.Post("/login", password));
            return await client.ReadResponse();
        }

        for (int i = 0; i < 10; i++)
            Assert.Equal(200, (await LogIn("good")).Status);
        for (int i = 0; i < 5; i++)
            Assert.Equal(401, (await LogIn("bad")).Status);
        HttpResponse refused = await LogIn("good");
        Assert.Equal(429, refused.Status);
        Assert.NotNull(refused.Field("Retry-After"));

        await using RawClient other = await scene.Connect(80, Office);
        await other.Send(RawClient.Post("/login", "bad"));
        Assert.Equal(401, (await other.ReadResponse()).Status);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "api-keys.toml")]
    public async Task ApiKeys_HaveQuotasOfTheirOwn()
    {
        await using ExampleScene scene = await ExampleScene.Start("api-keys.toml");
        Assert.Equal(401, (await scene.Get()).Status);
        await using RawClient client = await scene.Connect(80);
        HttpResponse first = await client.Ask("/", "X-Api-Key: a\r\n");
        Assert.Equal((200, "99"), (first.Status, first.Field("RateLimit-Remaining")));
        for (int i = 1; i < 100; i++)
            Assert.Equal(200, (await client.Ask("/", "X-Api-Key: a\r\n")).Status);
        Assert.Equal(429, (await client.Ask("/", "X-Api-Key: a\r\n")).Status);
        Assert.Equal(200, (await client.Ask("/", "X-Api-Key: b\r\n")).Status);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "maintenance.toml")]
    public async Task Maintenance_IsForEverybodyButTheOffice()
    {
        await using ExampleScene scene = await ExampleScene.Start("maintenance.toml");
        HttpResponse page = await scene.Get();
        Assert.Equal((503, "<h1>Back at noon</h1>", "600"), (page.Status, page.Body, page.Field("Retry-After")));
        Assert.Equal("10.0.0.1:8080", (await scene.Get(from: Office)).Body);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "cache.toml")]
    public async Task Cache_AsksOnceForWhatIsFresh()
    {
        await using ExampleScene scene = await ExampleScene.Start("cache.toml");
        ExampleServer origin = scene.Server("10.0.0.1:8080");
        origin.Answer = request => ExampleServer.Response("page", request.StartsWith("GET /fresh ", StringComparison.Ordinal)
            ? "Cache-Control: max-age=60\r\n"
            : "");
        foreach (string target in (string[])["/fresh", "/fresh", "/fresh", "/other", "/other"])
            Assert.Equal("page", (await scene.Get(target)).Body);
        Assert.NotNull((await scene.Get("/fresh")).Field("Age"));
        Assert.Equal(["GET /fresh ", "GET /other ", "GET /other "], origin.Requests.Select(request => request[..11]));
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "websocket.toml")]
    public async Task WebSocket_IsUpgradedOnItsServers()
    {
        await using ExampleScene scene = await ExampleScene.Start("websocket.toml");
        foreach (string server in (string[])["10.0.0.31:8080", "10.0.0.32:8080"])
        {
            scene.Server(server).Answer = request => request.StartsWith("GET /chat ", StringComparison.Ordinal)
                ? "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
                : "heard " + request;
        }
        await using RawClient client = await scene.Connect(80);
        await client.SendGet("/chat", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadHead(), StringComparison.Ordinal);
        await client.Send("hello\r\n\r\n");
        Assert.Equal("heard hello\r\n\r\n", await client.ReadHead());
        Assert.Equal("10.0.0.1:8080", (await scene.Get()).Body);
        client.Reset();
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "forward-proxy.toml")]
    public async Task ForwardProxy_LetsTheOfficeOut()
    {
        await using ExampleScene scene = await ExampleScene.Start("forward-proxy.toml", prepare: static scene =>
        {
            scene.Serve("10.0.7.1:80");
            scene.Serve("10.0.7.1:443");
        });
        string page = $"GET http://{scene.Text.EndPointOf("10.0.7.1:80")}/ HTTP/1.1\r\nHost: x\r\n\r\n";
        await using RawClient client = await scene.Connect(3128, Office);
        await client.Send(page);
        Assert.Equal("10.0.7.1:80", (await client.ReadResponse()).Body);
        await client.Send($"CONNECT {scene.Text.EndPointOf("10.0.7.1:80")} HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal(403, (await client.ReadResponse()).Status);

        await using RawClient tunnel = await scene.Connect(3128, Office);
        await tunnel.Send($"CONNECT {scene.Text.EndPointOf("10.0.7.1:443")} HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await tunnel.ReadHead(), StringComparison.Ordinal);
        Assert.Equal("10.0.7.1:443", (await tunnel.Ask()).Body);

        await using RawClient stranger = await scene.Connect(3128);
        await stranger.Send(page);
        Assert.Equal(403, (await stranger.ReadResponse()).Status);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "proxy-protocol.toml")]
    [Trait("promise", "ARCH-9")]
    public async Task ProxyProtocol_TellsServersTheClient_AndProbesWhatIsUp()
    {
        await using ExampleScene scene = await ExampleScene.Start("proxy-protocol.toml");
        ExampleServer server = scene.Server("10.0.0.1:8080");
        await using RawClient client = await scene.Connect(80, "10.0.9.1");
        await client.Send("PROXY TCP4 203.0.113.7 192.0.2.1 5000 80\r\n" + RawClient.Get());
        Assert.Equal(200, (await client.ReadResponse()).Status);
        Assert.Equal("203.0.113.7", HttpResponse.FieldOf(server.LastRequest, "X-Real-IP"));

        Assert.Equal(200, (await scene.Get(fields: "X-Real-IP: 203.0.113.8\r\n")).Status);
        Assert.Equal("127.0.0.1", HttpResponse.FieldOf(server.LastRequest, "X-Real-IP"));
        int before = server.Requests.Count;
        Assert.Equal(200, (await scene.Get("/healthz")).Status);
        Assert.Equal(before, server.Requests.Count);
        await server.Die();
        await Deadline.Until(async () => (await scene.Get("/healthz")).Status == 503, () => "the probe to fail");
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "behind-cdn.toml")]
    public async Task BehindACdn_OnlyItIsBelieved()
    {
        const string Claims = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n";
        await using ExampleScene scene = await ExampleScene.Start("behind-cdn.toml");
        Assert.Equal(200, (await scene.Get("/a?b", "shop.example", Claims, "10.0.9.1")).Status);
        string request = scene.Server("10.0.0.1:8080").LastRequest;
        Assert.Equal("203.0.113.9", HttpResponse.FieldOf(request, "X-Real-IP"));
        Assert.NotNull(HttpResponse.FieldOf(request, "X-Request-ID"));
        HttpResponse stranger = await scene.Get("/a?b", "shop.example", Claims);
        Assert.Equal((308, "https://shop.example/a?b"), (stranger.Status, stranger.Field("Location")));
    }
}
