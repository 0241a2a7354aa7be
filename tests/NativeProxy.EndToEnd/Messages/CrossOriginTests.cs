using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Messages;

/// <summary>Pages of other sites: preflight requests, and what every other answer says of them.</summary>
public sealed class CrossOriginTests
{
    private const string Rule = "cors = { allow_origins = [\"https://app.example\"], credentials = true, allow_methods = [\"PUT\"] }";

    private const string OfServer =
        "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\naccess-control-max-age: 5\r\nVary: Accept\r\nContent-Length: 2\r\n\r\nok";

    [Fact]
    public async Task Preflight_IsAnsweredWithoutTheServer_AndTheConnectionGoesOn()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(OfServer, static config => config.Route("path_prefix = [\"/api\"]", Rule));
        await scene.Client.Send("OPTIONS /api HTTP/1.1\r\nHost: h\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n");
        HttpResponse response = await scene.Client.ReadResponse();
        Assert.Equal(
            "HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: https://app.example\r\nAccess-Control-Allow-Credentials: true\r\n"
                + "Access-Control-Allow-Methods: PUT\r\nAccess-Control-Max-Age: 600\r\nVary: Origin\r\n\r\n", response.Head);
        Assert.Empty(scene.Origin.Requests);
        Assert.Equal(200, (await scene.Client.Ask("/other")).Status);
    }

    [Fact]
    public async Task PreflightOfAStranger_IsToldNothing()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(OfServer, static config => config.Route("path_prefix = [\"/api\"]", Rule));
        await scene.Client.Send("OPTIONS /api HTTP/1.1\r\nHost: h\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n");
        Assert.Equal("HTTP/1.1 204 No Content\r\nVary: Origin\r\n\r\n", (await scene.Client.ReadResponse()).Head);
        await scene.Client.Send("OPTIONS /api HTTP/1.1\r\nHost: h\r\nOrigin: https://evil.example\r\n\r\n");
        Assert.Equal(200, (await scene.Client.ReadResponse()).Status);
        Assert.Single(scene.Origin.Requests);
    }

    [Fact]
    public async Task AnswerOfTheServer_SaysWhatTheProxyAllows()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(OfServer, static config => config.Route("path_prefix = [\"/api\"]", Rule));
        HttpResponse page = await scene.Client.Ask("/api", "Origin: https://app.example\r\n");
        HttpResponse stranger = await scene.Client.Ask("/api", "Origin: https://evil.example\r\n");
        HttpResponse none = await scene.Client.Ask("/api");
        Assert.Equal(
            ("https://app.example", "true", null),
            (page.Field("Access-Control-Allow-Origin"), page.Field("Access-Control-Allow-Credentials"), page.Field("Access-Control-Max-Age")));
        Assert.All([stranger, none], static answer => Assert.Null(answer.Field("Access-Control-Allow-Origin")));
        Assert.All([page, stranger, none], static answer =>
            Assert.Equal(["Accept", "Origin"], HttpResponse.FieldsOf(answer.Head, "Vary")));
        HttpResponse other = await scene.Client.Ask("/other", "Origin: https://app.example\r\n");
        Assert.Equal(("*", "5"), (other.Field("Access-Control-Allow-Origin"), other.Field("Access-Control-Max-Age")));
    }

    [Fact]
    public async Task ErrorsOfTheProxy_AreReadableToThePage()
    {
        using var dead = new DeadServer();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(dead.Address)
            .Route("path = [\"/own\"]", "access.deny = [\"127.0.0.0/8\"]", "policies = [\"sites\"]")
            .Route("path_prefix = [\"/\"]", "policies = [\"sites\"]")
            .Policy("name = \"sites\"", Rule));
        await using RawClient client = await proxy.Connect();
        foreach ((string target, int status) in ((string, int)[])[("/own", 403), ("/", 502)])
        {
            HttpResponse response = await client.Ask(target, "Origin: https://app.example\r\n");
            Assert.Equal((status, "https://app.example"), (response.Status, response.Field("Access-Control-Allow-Origin")));
        }
        await client.Send("OPTIONS /own HTTP/1.1\r\nHost: h\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: PUT\r\n\r\n");
        Assert.Equal(403, (await client.ReadResponse()).Status);
    }
}
