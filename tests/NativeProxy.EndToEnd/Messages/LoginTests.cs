using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Routes that let in only those who log in.</summary>
public sealed class LoginTests
{
    /// <summary>Of "s3cret".</summary>
    private const string Sha = "$5$saltsalt$i1q2ZQzc.tl/BQ6CHiENAcVDvEY6nJ1OWlWXKh94b1.";

    /// <summary>Of "s3cret", too.</summary>
    private const string Bcrypt = "$2y$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK";

    internal const string Auth =
        "basic_auth = { realm = \"admin\", users = { bob = \"" + Sha + "\", ann = \"" + Bcrypt + "\" }, user_header = \"X-User\" }";

    internal const string Bob = "Authorization: Basic Ym9iOnMzY3JldA==\r\n";
    private const string Ann = "Authorization: Basic YW5uOnMzY3JldA==\r\n";

    [Fact]
    public async Task Stranger_IsAsked_AndNothingIsForwarded()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: static config => config.Route("path_prefix = [\"/\"]", Auth));
        string[] lines =
        [
            "", "Authorization: Basic Ym9iOndyb25n\r\n", "Authorization: Basic ZXZlOnMzY3JldA==\r\n", "Authorization: Bearer Ym9iOnMzY3JldA==\r\n",
            Bob + Bob, "Authorization: Basic ????\r\n",
        ];
        foreach (string line in lines)
        {
            HttpResponse response = await scene.Client.Ask("/", line);
            Assert.Equal(
                (401, "Basic realm=\"admin\", charset=\"UTF-8\"", null),
                (response.Status, response.Field("WWW-Authenticate"), response.Connection));
        }
        Assert.Empty(scene.Origin.Requests);
        Assert.All(await scene.Proxy.Output.WaitForCount(6), static line => Assert.Contains("why=login_required", line));
        Assert.Equal(2, await scene.Proxy.Metric("nativeproxy_password_checks_total{result=\"wrong\"}"));
    }

    [Theory]
    [InlineData(Bob, "bob")]
    [InlineData(Ann, "ann")]
    public async Task User_IsLetIn_AndTheServerLearnsTheNameAlone(string login, string name)
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: static config => config.Route("path_prefix = [\"/\"]", Auth));
        for (int i = 0; i < 3; i++)
            Assert.Equal(200, (await scene.Client.Ask("/", login + "x-user: root\r\nX_User: root\r\n")).Status);
        Assert.Equal(3, scene.Origin.Requests.Count);
        Assert.All(scene.Origin.Requests, one =>
        {
            Assert.Null(HttpResponse.FieldOf(one.Request, "Authorization"));
            Assert.Equal(name, HttpResponse.FieldOf(one.Request, "X-User"));
            Assert.Null(HttpResponse.FieldOf(one.Request, "X_User"));
        });

        // Computed once: the next ones are known.
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_password_checks_total{result=\"right\"}"));
    }

    /// <summary>What ends here is behind the login, too, where the route knows the answer.</summary>
    [Theory]
    [InlineData("respond = { status = 200, body = \"inside\" }")]
    [InlineData("redirect = \"/inside\"")]
    public async Task MaxForwards_LeadsAroundNoLogin(string action)
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: config => config.Route("path = [\"/in\"]", action, Auth));
        await scene.Client.Send("OPTIONS /in HTTP/1.1\r\nHost: test\r\nMax-Forwards: 0\r\n\r\n");
        HttpResponse response = await scene.Client.ReadResponse("OPTIONS");
        Assert.Equal(401, response.Status);
        Assert.DoesNotContain("inside", response.Body, StringComparison.Ordinal);
        Assert.Null(response.Field("Location"));
    }

    /// <summary>Its answer waits behind another one, and meanwhile its password turns out right.</summary>
    [Fact]
    public async Task RequestThatHasFailedBefore_GoesToNoServer_WhenItsPasswordIsRight()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Listener("pipelining = 4").Route(
            "path_prefix = [\"/in\"]", Auth, "request_headers = { set = { Again = \"{header.X-Long}{header.X-Long}{header.X-Long}\" } }"));
        await using RawClient client = await proxy.Connect();
        await client.Send(RawClient.Get("/slow") + RawClient.Get("/in", Bob + "X-Long: " + new string('x', 6000) + "\r\n"));
        OriginConnection server = await origin.Accept();
        Assert.StartsWith("GET /slow ", await server.ReadRequest(), StringComparison.Ordinal);
        await using RawClient other = await proxy.Connect();
        await other.Send(RawClient.Get("/in", Bob));
        OriginConnection second = await origin.Accept();
        Assert.StartsWith("GET /in ", await second.ReadRequest(), StringComparison.Ordinal);
        await second.Send(OriginConnection.Ok);
        Assert.Equal(200, (await other.ReadResponse()).Status);
        await server.Send(OriginConnection.Ok);

        Assert.Equal(200, (await client.ReadResponse()).Status);
        Assert.Equal(431, (await client.ReadResponse()).Status);
        Assert.Equal(2, origin.ConnectionCount);
    }

    [Fact]
    public async Task Password_IsForwardedWhereTheRouteSaysSo()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: static config => config
            .Policy("name = \"staff\"", "basic_auth = { users = { bob = \"" + Sha + "\" }, forward = true }")
            .Route("path_prefix = [\"/\"]", "policies = [\"staff\"]"));
        await scene.Client.Ask("/", Bob);
        Assert.Equal("Basic Ym9iOnMzY3JldA==", HttpResponse.FieldOf(scene.Origin.Requests[0].Request, "Authorization"));
    }

    [Fact]
    public async Task Body_WaitsUntilThePasswordIsKnown()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: static config => config.Route("path_prefix = [\"/\"]", Auth));
        await scene.Client.Send(RawClient.Post("/", "hello", Bob));
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        Assert.EndsWith("\r\n\r\nhello", scene.Origin.Requests[0].Request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestsBesideEachOther_AreComputedOnce_AndAnsweredInOrder()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: static config => config
            .Listener("pipelining = 8").Route("path_prefix = [\"/\"]", Auth));
        await scene.Client.Send(string.Concat(Enumerable.Range(0, 6).Select(static i => RawClient.Get($"/{i}", i == 3 ? "" : Bob))));
        for (int i = 0; i < 6; i++)
            Assert.Equal(i == 3 ? 401 : 200, (await scene.Client.ReadResponse()).Status);
        Assert.Equal(1, await scene.Proxy.Metric("nativeproxy_password_checks_total{result=\"right\"}"));
    }

    [Fact]
    public async Task RouteThatAnswersByItself_DoesSoBehindTheLogin()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: static config => config
            .Route("path = [\"/to\"]", "redirect = \"/x{uri}\"", Auth)
            .Route("path = [\"/text\"]", "respond = { status = 200, body = \"hidden\" }", Auth));
        Assert.Equal(401, (await scene.Client.Ask("/to")).Status);
        Assert.Equal("/x/to", (await scene.Client.Ask("/to", Bob)).Field("Location"));
        Assert.Equal("/x/to", (await scene.Client.Ask("/to", Bob)).Field("Location"));
        Assert.Equal(401, (await scene.Client.Ask("/text")).Status);
        Assert.Equal("hidden", (await scene.Client.Ask("/text", Ann)).Body);
        Assert.Equal("hidden", (await scene.Client.Ask("/text", Ann)).Body);
    }

    [Fact]
    public async Task PreflightOfABrowser_NeedsNoLogin()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: static config => config
            .Route("path_prefix = [\"/\"]", Auth, "cors = { allow_origins = [\"https://app.example\"] }"));
        await scene.Client.Send("OPTIONS / HTTP/1.1\r\nHost: h\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n");
        Assert.Equal(204, (await scene.Client.ReadResponse()).Status);
        HttpResponse asked = await scene.Client.Ask("/", "Origin: https://app.example\r\n");
        Assert.Equal((401, "https://app.example"), (asked.Status, asked.Field("Access-Control-Allow-Origin")));
    }

    [Fact]
    public async Task FileOfUsers_IsReadAgain_AndOneWithAMistakeIsRefused()
    {
        string path = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(path, $"bob:{Sha}\n");
            await using AnsweringScene scene = await AnsweringScene.Start(change: config => config
                .Route("path_prefix = [\"/\"]", $"basic_auth = {{ users_file = \"{path}\" }}"));
            Assert.Equal(200, (await scene.Client.Ask("/", Bob)).Status);
            Assert.Equal(401, (await scene.Client.Ask("/", Ann)).Status);

            await File.WriteAllTextAsync(path, $"ann:{Bcrypt}\nbob\n");
            await scene.Proxy.Reload(static text => text);
            Assert.Contains($"{path}:2: there is no colon between a name and a hash", scene.Proxy.Errors.Text, StringComparison.Ordinal);
            Assert.Equal(200, (await scene.Client.Ask("/", Bob)).Status);

            await File.WriteAllTextAsync(path, $"ann:{Bcrypt}\n");
            await scene.Proxy.Reload(static text => text);
            await Deadline.Until(async () => (await scene.Client.Ask("/", Bob)).Status == 401, static () => "a user who is gone is asked");
            Assert.Equal(200, (await scene.Client.Ask("/", Ann)).Status);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Nobody says so: a user who is gone is not asked any longer, even one whose password was right a moment ago.</summary>
    [Fact]
    public async Task FileOfUsers_IsFollowed_AndAMistakeInItChangesNothing()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory();
        try
        {
            string path = Path.Combine(folder.FullName, "users");
            await File.WriteAllTextAsync(path, $"bob:{Sha}\n");
            await using AnsweringScene scene = await AnsweringScene.Start(change: config => config
                .Route("path_prefix = [\"/\"]", $"basic_auth = {{ users_file = \"{path}\" }}"));
            Assert.Equal(200, (await scene.Client.Ask("/", Bob)).Status);

            await Replace(path, $"ann:{Bcrypt}\nbob\n");
            await scene.Proxy.Errors.WaitFor("there is no colon between a name and a hash: the users stay as they were");
            Assert.Equal(200, (await scene.Client.Ask("/", Bob)).Status);
            Assert.Equal(401, (await scene.Client.Ask("/", Ann)).Status);

            await Replace(path, $"ann:{Bcrypt}\n");
            await Deadline.Until(async () => (await scene.Client.Ask("/", Bob)).Status == 401, static () => "a user who is gone is asked");
            Assert.Equal(200, (await scene.Client.Ask("/", Ann)).Status);

            File.Delete(path);
            await scene.Proxy.Errors.WaitFor("cannot be read");
            Assert.Equal(200, (await scene.Client.Ask("/", Ann)).Status);
            await Replace(path, $"bob:{Sha}\n");
            await Deadline.Until(async () => (await scene.Client.Ask("/", Ann)).Status == 401, static () => "a user who is gone is asked");
            Assert.Equal(200, (await scene.Client.Ask("/", Bob)).Status);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The order of ROUTES 2: limits, login, length.</summary>
    [Fact]
    public async Task BodyThatIsTooLong_IsRefusedBehindLimitAndLogin()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Route("path = [\"/login\"]", "upstream = \"app\"", Auth, "limits = { body_bytes = 3 }")
            .Route("path = [\"/limit\"]", "upstream = \"app\"", "rate_limit = [\"one\"]", "limits = { body_bytes = 3 }")
            .RateLimit("name = \"one\"", "key = \"all\"", "rate = \"1/h\""));
        Assert.Equal(401, await StatusOf(proxy, "/login", ""));
        Assert.Equal(413, await StatusOf(proxy, "/login", Bob));
        Assert.Equal(413, await StatusOf(proxy, "/login", Bob));
        Assert.Equal(413, await StatusOf(proxy, "/limit", ""));
        Assert.Equal(429, await StatusOf(proxy, "/limit", ""));
    }

    private static async Task<int> StatusOf(ProxyUnderTest proxy, string path, string fields)
    {
        await using RawClient client = await proxy.Connect();
        await client.Send($"POST {path} HTTP/1.1\r\nHost: h\r\n{fields}Content-Length: 4\r\n\r\nbody");
        return (await client.ReadResponse("POST")).Status;
    }

    private static async Task Replace(string path, string text)
    {
        await File.WriteAllTextAsync(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }
}
