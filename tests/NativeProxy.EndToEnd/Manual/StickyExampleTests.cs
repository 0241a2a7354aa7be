using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Manual;

/// <summary>Scenes of the examples in which users stay with a server: by cookie, by address, while servers stop, over several sites.</summary>
public sealed class StickyExampleTests
{
    [Fact]
    [Trait(ExampleFiles.Trait, "arch-01-cookie.toml")]
    [Trait("promise", "ARCH-1")]
    [Trait("promise", "ARCH-2")]
    [Trait("promise", "ARCH-13")]
    public async Task Cookie_KeepsUsersWithTheirServer_AndADeadOneHandsThemOver()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-01-cookie.toml");
        HttpResponse first = await scene.Get();
        string server = first.Body;
        string cookie = first.Field("Set-Cookie")!.Split(';')[0];
        Assert.StartsWith("SERVERID=web", cookie, StringComparison.Ordinal);
        Assert.Equal("private", first.Field("Cache-Control"));
        await using RawClient user = await scene.Connect(80);
        for (int i = 0; i < 5; i++)
        {
            HttpResponse again = await user.Ask("/", $"Cookie: a=b; {cookie}\r\n");
            Assert.Equal((server, null, null), (again.Body, again.Field("Set-Cookie"), again.Field("Cache-Control")));
            Assert.Equal("a=b", HttpResponse.FieldOf(scene.Server(server).LastRequest, "Cookie"));
        }

        await scene.Server(server).Die();
        HttpResponse moved = await user.Ask("/", $"Cookie: {cookie}\r\n");
        Assert.Equal(200, moved.Status);
        Assert.NotEqual(server, moved.Body);
        string given = moved.Field("Set-Cookie")!.Split(';')[0];
        Assert.NotEqual(cookie, given);
        Assert.Equal(moved.Body, (await user.Ask("/", $"Cookie: {given}\r\n")).Body);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-03-close.toml")]
    [Trait("promise", "ARCH-3")]
    [Trait("promise", "ARCH-4")]
    public async Task EachRequest_HasItsConnections_AndSaysWhoAskedWhere()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-03-close.toml");
        ExampleServer server = scene.Server("10.0.0.11:80");
        for (int i = 1; i <= 3; i++)
        {
            await using RawClient client = await scene.Connect(80, "10.0.9.5");
            await client.SendGet();
            Assert.Equal("close", (await client.ReadResponse()).Connection);
            await client.ExpectFin();
            Assert.Equal(i, server.ConnectionCount);
            Assert.Equal(ExampleText.AddressOf("10.0.9.5").ToString(), HttpResponse.FieldOf(server.LastRequest, "X-Forwarded-For"));
            Assert.Equal("127.0.0.1", HttpResponse.FieldOf(server.LastRequest, "X-Original-To"));
        }
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-05-address-and-cookie.toml")]
    [Trait("promise", "ARCH-5")]
    public async Task Address_KeepsClientsWithoutACookie_TheCookieWins()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-05-address-and-cookie.toml");
        string own = (await scene.Get(from: "10.0.9.5")).Body;
        for (int i = 0; i < 4; i++)
            Assert.Equal(own, (await scene.Get(from: "10.0.9.5")).Body);
        (string value, string server) = own == "10.0.0.11:80" ? ("webB", "10.0.0.12:80") : ("webA", "10.0.0.11:80");
        Assert.Equal(server, (await scene.Get(fields: $"Cookie: SERVERID={value}\r\n", from: "10.0.9.5")).Body);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-06-application-cookie.toml")]
    [Trait("promise", "ARCH-6")]
    public async Task ApplicationCookie_CarriesTheServer_UnseenByTheApplication()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-06-application-cookie.toml");
        foreach (string address in (string[])["10.0.0.11:80", "10.0.0.12:80"])
        {
            scene.Server(address).Answer = request =>
                ExampleServer.Response(address, request.StartsWith("GET /login ", StringComparison.Ordinal) ? "Set-Cookie: JSESSIONID=123\r\n" : "");
        }
        HttpResponse login = await scene.Get("/login");
        string cookie = login.Field("Set-Cookie")!;
        Assert.Equal(login.Body == "10.0.0.11:80" ? "JSESSIONID=webA~123" : "JSESSIONID=webB~123", cookie);
        for (int i = 0; i < 3; i++)
        {
            HttpResponse page = await scene.Get("/page", fields: $"Cookie: {cookie}\r\n");
            Assert.Equal((login.Body, null), (page.Body, page.Field("Set-Cookie")));
            Assert.Equal("JSESSIONID=123", HttpResponse.FieldOf(scene.Server(login.Body).LastRequest, "Cookie"));
        }
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-14-tls-in-front.toml")]
    [Trait("promise", "ARCH-14")]
    public async Task TerminatorInFront_IsBelieved_OthersAreNot()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-14-tls-in-front.toml");
        ExampleServer server = scene.Server("10.0.0.11:80");
        await scene.Get(fields: "X-Forwarded-For: 203.0.113.9\r\n", from: "10.0.9.1");
        Assert.Contains("203.0.113.9", server.LastRequest, StringComparison.Ordinal);
        Assert.Equal("203.0.113.9", HttpResponse.FieldOf(server.LastRequest, "X-Forwarded-For"));
        await scene.Get(fields: "X-Forwarded-For: 203.0.113.9\r\n");
        Assert.Equal("127.0.0.1", HttpResponse.FieldOf(server.LastRequest, "X-Forwarded-For"));
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-15-soft-stop.toml")]
    [Trait("promise", "ARCH-15")]
    public async Task SoftStop_LetsUsersFinish_AndSendsNewOnesElsewhere()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-15-soft-stop.toml");
        ExampleServer b = scene.Server("10.0.0.12:80");
        await using RawClient holder = await scene.Connect(80);
        Assert.Equal("10.0.0.12:80", (await holder.Ask("/", "Cookie: SERVERID=webB\r\n")).Body);

        b.Answer = request => request.Contains(" /running ", StringComparison.Ordinal)
            ? ExampleServer.Response("", status: "404 Not Found")
            : ExampleServer.Response("10.0.0.12:80");
        await scene.Proxy.Errors.WaitFor("\"webB\" of upstream \"web\" is up and takes no new clients");
        for (int i = 0; i < 6; i++)
            Assert.Equal("10.0.0.11:80", (await scene.Get()).Body);
        Assert.Equal("10.0.0.12:80", (await holder.Ask("/", "Cookie: SERVERID=webB\r\n")).Body);
        await b.Die();
        HttpResponse moved = await holder.Ask("/", "Cookie: SERVERID=webB\r\n");
        Assert.Equal((200, "10.0.0.11:80"), (moved.Status, moved.Body));
        Assert.StartsWith("SERVERID=webA", moved.Field("Set-Cookie"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-16-backup-twins.toml")]
    [Trait("promise", "ARCH-16")]
    public async Task BackupTwin_ServesTheOldUsers_OfAServerWhoseCheckPortIsClosed()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-16-backup-twins.toml", prepare: static scene =>
        {
            scene.Serve("10.0.0.11:81");
            scene.Serve("10.0.0.12:81");
        });
        await scene.Server("10.0.0.12:81").Die();
        await scene.WaitForHealth("web", "webB", isUp: false);
        for (int i = 0; i < 6; i++)
            Assert.Equal("10.0.0.11:80", (await scene.Get()).Body);
        HttpResponse kept = await scene.Get(fields: "Cookie: SERVERID=B\r\n");
        Assert.Equal(("10.0.0.12:80", null), (kept.Body, kept.Field("Set-Cookie")));

        await scene.Server("10.0.0.12:80").Die();
        HttpResponse moved = await scene.Get(fields: "Cookie: SERVERID=B\r\n");
        Assert.Equal("10.0.0.11:80", moved.Body);
        Assert.StartsWith("SERVERID=A", moved.Field("Set-Cookie"), StringComparison.Ordinal);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-18-office.toml")]
    [Trait("promise", "ARCH-18")]
    public async Task Office_FollowsTheSitesCookie_AndHasTheFarSiteAsBackup()
    {
        await using ExampleScene scene = await ExampleScene.Start("arch-18-office.toml");
        Assert.Equal("10.1.0.1:80", (await scene.Get()).Body);
        Assert.Equal("10.2.0.1:80", (await scene.Get(fields: "Cookie: SITE=SITE2\r\n")).Body);
        await scene.Server("10.1.0.1:80").Die();
        Assert.Equal("10.2.0.1:80", (await scene.Get(fields: "Cookie: SITE=SITE1\r\n")).Body);
        await scene.WaitForHealth("sites", "SITE1", isUp: false);

        // It comes back: nobody who went to the other site is moved.
        scene.Server("10.1.0.1:80").Return();
        await scene.WaitForHealth("sites", "SITE1", isUp: true);
        await scene.Reaches("10.1.0.1:80");
        Assert.Equal("10.2.0.1:80", (await scene.Get(fields: "Cookie: SITE=SITE2\r\n")).Body);
        Assert.Equal("10.1.0.1:80", (await scene.Get(fields: "Cookie: SITE=SITE1\r\n")).Body);
    }

    [Fact]
    [Trait(ExampleFiles.Trait, "arch-18-site-director.toml")]
    [Trait("promise", "ARCH-18")]
    public async Task Director_KeepsItsOwnUsers_SendsOthersToTheirSite_AndSaysWhenNobodyIsLeft()
    {
        string[] local = ["10.1.0.3", "10.1.0.4"];
        string[] remote = ["10.2.0.3", "10.2.0.4"];
        await using ExampleScene scene = await ExampleScene.Start(
            "arch-18-site-director.toml", prepare: scene => Array.ForEach([.. local, .. remote], server => scene.Serve(server + ":81")));
        string[] fresh = [(await scene.Get()).Body, (await scene.Get()).Body];
        Assert.Equal(["10.1.0.3:80", "10.1.0.4:80"], fresh.Order());
        Assert.StartsWith("SITE=SITE1", (await scene.Get()).Field("Set-Cookie"), StringComparison.Ordinal);
        Assert.Equal("10.1.0.3:80", (await scene.Get(fields: "Cookie: SITE=SITE1\r\n")).Body);
        Assert.Equal("10.2.0.3:80", (await scene.Get(fields: "Cookie: SITE=SITE2\r\n")).Body);

        // The check ports of site 1 close; its service still runs.
        foreach (string server in local)
            await scene.Server(server + ":81").Die();
        await scene.WaitForHealth("sites", "local1", isUp: false);
        await scene.WaitForHealth("sites", "local2", isUp: false);
        HttpResponse moved = await scene.Get(fields: "Cookie: SITE=SITE1\r\n");
        Assert.Equal("10.2.0.3:80", moved.Body);
        Assert.StartsWith("SITE=SITE2", moved.Field("Set-Cookie"), StringComparison.Ordinal);
        Assert.Equal(200, (await scene.Get("/alive")).Status);

        foreach (string server in remote)
            await scene.Server(server + ":81").Die();
        await Deadline.Until(async () => (await scene.Get("/alive")).Status == 503, () => "the director to say that nobody is left");
    }
}
