using System.Linq;
using System.Net;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>Probes of a balancer in front, which the listener itself answers.</summary>
public sealed class MonitorTests
{
    [Fact]
    [Trait("promise", "ARCH-9")]
    public async Task Path_IsAnsweredBeforeAnyRoute_AndNotLogged()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: static config => config
            .Listener("monitor.path = \"/healthz\"").Route("path_prefix = [\"/healthz\"]", "deny = 403"));
        Assert.Equal((200, "OK.\n"), await Status(scene.Client, "/healthz"));
        Assert.Equal(200, (await scene.Client.Ask("/healthz?x=1")).Status);
        Assert.Equal(403, (await scene.Client.Ask("/healthz/x")).Status);
        Assert.Equal("ok", (await scene.Client.Ask("/healthzz")).Body);
        Assert.Equal(2, (await scene.Proxy.Output.WaitForCount(2)).Count);
        Assert.DoesNotContain(scene.Proxy.Output.Lines, static line => line.Contains("/healthz ", System.StringComparison.Ordinal));
        Assert.Single(scene.Origin.Requests);
    }

    [Fact]
    public async Task ListenerWithoutRoutes_IsProbed()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(change: static config => config.Listener("monitor.path = \"/healthz\""));
        Assert.Equal(200, (await scene.Client.Ask("/healthz")).Status);
        await scene.Client.Send("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        HttpResponse head = await scene.Client.ReadResponse("HEAD");
        Assert.Equal((200, ""), (head.Status, head.Body));
        Assert.Equal("ok", (await scene.Client.Ask("/a//b/../c")).Body);
        Assert.StartsWith("GET /a//b/../c HTTP/1.1\r\n", scene.Origin.Requests.Last().Request, System.StringComparison.Ordinal);
    }

    [Fact]
    [Trait("promise", "ARCH-9")]
    public async Task Networks_GetAnAnswerToEverything()
    {
        await using AnsweringScene scene = await AnsweringScene.Start(
            change: static config => config.Listener("monitor.networks = [\"127.0.50.0/24\"]"));
        await using RawClient probe = await RawClient.Connect(scene.Proxy.Port(), from: IPAddress.Parse("127.0.50.5"));
        Assert.Equal((200, "OK.\n"), await Status(probe, "/anything"));
        Assert.Equal("ok", (await scene.Client.Ask()).Body);
        Assert.Single(scene.Origin.Requests);
    }

    [Fact]
    public async Task Path_FailsWhileAnUpstreamIsDown_AndOnlyThePath()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        using var dead = new DeadServer();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(new ProxyConfig()
            .AddUpstream("app", origin.Address).AddUpstream("back", dead.Address)
            .Upstream("health = { type = \"tcp\", interval = \"50ms\", timeout = \"5s\", fall = 1 }").AddListener("web", "app")
            .Listener("monitor = { path = \"/up\", networks = [\"127.0.50.0/24\"], fail_when_down = [\"app\", \"back\"] }")
            .Route("path = [\"/back\"]", "upstream = \"back\""));
        await using RawClient client = await proxy.Connect();
        await Deadline.Until(async () => (await client.Ask("/up")).Status == 503, () => "the monitor to say 503");
        await using RawClient probe = await RawClient.Connect(proxy.Port(), from: IPAddress.Parse("127.0.50.5"));
        Assert.Equal((200, "OK.\n"), await Status(probe, "/up"));
    }

    private static async Task<(int Status, string Body)> Status(RawClient client, string target)
    {
        HttpResponse response = await client.Ask(target);
        return (response.Status, response.Body);
    }
}
