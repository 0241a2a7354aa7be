using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>Scenes of the examples about what a route does to requests: who is let in, how many, to whom they go as well.</summary>
public sealed class TrafficExampleTests
{
    private const string App = "10.0.0.1:8080";

    [Fact]
    [Trait(ExampleFiles.Trait, "basic-auth.toml")]
    public async Task AdminArea_AsksForTheLogin_AndTheServerGetsTheNameOnly()
    {
        await using ExampleScene scene = await ExampleScene.Start("basic-auth.toml");
        Assert.Equal(200, (await scene.Get("/page")).Status);
        HttpResponse asked = await scene.Get("/admin");
        Assert.Equal((401, "Basic realm=\"admin area\", charset=\"UTF-8\""), (asked.Status, asked.Field("WWW-Authenticate")));
        Assert.Equal(401, (await scene.Get("/admin", fields: Login("bob:wrong"))).Status);
        Assert.Equal(200, (await scene.Get("/admin", fields: Login("bob:s3cret") + "X-User: root\r\n")).Status);

        string request = scene.Server(App).LastRequest;
        Assert.Equal(("bob", null), (HttpResponse.FieldOf(request, "X-User"), HttpResponse.FieldOf(request, "Authorization")));
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "cors.toml")]
    public async Task PagesOfListedSites_MayRead_OthersAreTold()
    {
        const string Allowed = "Access-Control-Allow-Origin";
        await using ExampleScene scene = await ExampleScene.Start("cors.toml");
        await using RawClient client = await scene.Connect(80);
        foreach ((string origin, bool isListed) in new[]
        {
            ("https://app.example", true), ("https://x.dev.example", true), ("https://evil.example", false), ("https://app.example.evil", false),
        })
        {
            await client.Send($"OPTIONS /x HTTP/1.1\r\nHost: api\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: PUT\r\n\r\n");
            HttpResponse preflight = await client.ReadResponse("OPTIONS");
            Assert.Equal(isListed ? origin : null, preflight.Field(Allowed));
            HttpResponse answer = await client.Ask("/x", $"Origin: {origin}\r\n");
            Assert.Equal((200, isListed ? origin : null), (answer.Status, answer.Field(Allowed)));
        }
        Assert.All(scene.Server(App).Requests, static request => Assert.StartsWith("GET ", request, StringComparison.Ordinal));
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "compression.toml")]
    public async Task Text_IsSentAsGzip_ButNotWhereSecretsAre()
    {
        string page = string.Concat(Enumerable.Repeat("all work and no play ", 200));
        await using ExampleScene scene = await ExampleScene.Start("compression.toml");
        scene.Server(App).Answer = _ => ExampleServer.Response(page, "Content-Type: text/html\r\n");
        HttpResponse shorter = await scene.Get("/page", fields: "Accept-Encoding: gzip\r\n");
        Assert.Equal("gzip", shorter.Field("Content-Encoding"));
        Assert.Equal(page, Unzipped(shorter.Body));
        Assert.Equal(page, (await scene.Get("/page")).Body);
        HttpResponse account = await scene.Get("/account/me", fields: "Accept-Encoding: gzip\r\n");
        Assert.Equal((null, page), (account.Field("Content-Encoding"), account.Body));
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "mirror.toml")]
    public async Task Reads_AreCopied_AndOnlyTheirOwnAnswersAreSeen()
    {
        await using ExampleScene scene = await ExampleScene.Start("mirror.toml");
        ExampleServer next = scene.Server("10.0.0.9:8080");
        next.Answer = _ => ExampleServer.Response("broken", status: "500 Internal Server Error");
        Assert.Equal((200, App), await StatusAndBody(scene.Get("/a?b=c")));
        await Deadline.Until(() => next.Requests.Count == 1, () => "the copy");
        Assert.StartsWith("GET /a?b=c HTTP/1.1\r\n", next.LastRequest, StringComparison.Ordinal);

        await using RawClient client = await scene.Connect(80);
        await client.Send(RawClient.Post("/order", "body"));
        Assert.Equal(App, (await client.ReadResponse()).Body);
        Assert.Equal((200, App), await StatusAndBody(scene.Get("/after")));
        await Deadline.Until(() => next.Requests.Count == 2, () => "the second copy");
        Assert.StartsWith("GET /after ", next.LastRequest, StringComparison.Ordinal);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "sticky-split.toml")]
    public async Task EachUser_StaysWithOneVersion()
    {
        await using ExampleScene scene = await ExampleScene.Start("sticky-split.toml");
        var versions = new Dictionary<bool, int>();
        await using RawClient client = await scene.Connect(80);
        for (int user = 0; user < 60; user++)
        {
            HttpResponse first = await client.Ask();
            string cookie = first.Field("Set-Cookie")!.Split(';')[0];
            bool isNext = first.Body == "10.0.0.9:8080";
            Assert.Equal(isNext ? "version=next" : "version=stable", cookie);
            for (int i = 0; i < 3; i++)
            {
                HttpResponse later = await client.Ask("/", $"Cookie: {cookie}\r\n");
                Assert.Equal((isNext, null), (later.Body == "10.0.0.9:8080", later.Field("Set-Cookie")));
            }
            versions[isNext] = versions.GetValueOrDefault(isNext) + 1;
        }

        // By chance nobody of sixty, or everybody, in none of 10^10 runs.
        Assert.InRange(versions[true], 1, 59);
        Assert.Equal("10.0.0.9:8080", (await client.Ask("/", "Cookie: version=next\r\n")).Body);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "max-concurrent.toml")]
    public async Task ReportsBeyondThree_AreToldToComeBack_AndTheSiteGoesOn()
    {
        await using ExampleScene scene = await ExampleScene.Start("max-concurrent.toml");
        ExampleServer server = scene.Server(App);
        server.Answer = request => request.StartsWith("GET /reports/slow ", StringComparison.Ordinal) ? "" : ExampleServer.Response("page");
        RawClient[] clients = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => scene.Connect(80)));
        foreach (RawClient client in clients)
            await client.SendGet("/reports/slow");
        await Deadline.Until(() => server.Requests.Count == 3, () => "three reports");

        HttpResponse refused = await scene.Get("/reports/slow");
        Assert.Equal((503, "1"), (refused.Status, refused.Field("Retry-After")));
        Assert.Equal("page", (await scene.Get("/page")).Body);
        clients[0].Close();
        await Deadline.Until(async () => (await scene.Get("/reports/quick")).Body == "page", () => "room for a report");
        clients[1].Close();
        clients[2].Close();
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "rate-limit.toml")]
    public async Task Clients_HaveTheirTwentyAtOnce_AndWaitForMore()
    {
        await using ExampleScene scene = await ExampleScene.Start("rate-limit.toml");
        await using RawClient client = await scene.Connect(80);
        HttpResponse answer = await client.Ask();
        int passed = 0;
        for (; answer.Status == 200; passed++)
            answer = await client.Ask();
        Assert.InRange(passed, 20, 500);
        Assert.Equal((429, "0"), (answer.Status, answer.Field("RateLimit-Remaining")));
        Assert.Equal("1", answer.Field("Retry-After"));
        Assert.Equal(200, (await scene.Get(from: "10.0.9.5")).Status);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "retries.toml")]
    public async Task ServersThatFailOrDawdle_AreSeenByNobody()
    {
        const string Other = "10.0.0.2:8080";
        await using ExampleScene scene = await ExampleScene.Start("retries.toml");
        ExampleServer first = scene.Server(App);
        first.Answer = _ => ExampleServer.Response("busy", status: "503 Service Unavailable");
        for (int i = 0; i < 4; i++)
            Assert.Equal((200, Other), await StatusAndBody(scene.Get()));
        Assert.NotEmpty(first.Requests);

        first.Answer = static _ => "";
        int asked = first.Requests.Count;
        for (int i = 0; i < 4; i++)
            Assert.Equal((200, Other), await StatusAndBody(scene.Get()));
        Assert.NotEqual(asked, first.Requests.Count);
        Assert.NotEqual(0, await scene.Proxy.Metric("nativeproxy_hedges_won_total"));
        await first.Die();
        for (int i = 0; i < 4; i++)
            Assert.Equal((200, Other), await StatusAndBody(scene.Get()));
    }

    private static string Login(string text) => $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}\r\n";

    private static async Task<(int Status, string Body)> StatusAndBody(Task<HttpResponse> response)
    {
        HttpResponse seen = await response;
        return (seen.Status, seen.Body);
    }

    private static string Unzipped(string body)
    {
        using var zipped = new GZipStream(new MemoryStream(Encoding.Latin1.GetBytes(body)), CompressionMode.Decompress);
        using var reader = new StreamReader(zipped, Encoding.Latin1);
        return reader.ReadToEnd();
    }
}
