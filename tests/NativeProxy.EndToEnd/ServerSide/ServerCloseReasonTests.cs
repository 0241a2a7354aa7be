using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>
/// Each reason to close a server connection: it is provoked, and its code stands in the log line, in the counter and at the admin endpoint.
/// The trait <c>close</c> names the code, as in <see cref="ClientSide.CloseReasonTests"/>.
/// </summary>
[Trait("promise", "B3")]
public sealed class ServerCloseReasonTests
{
    [Fact]
    [Trait("close", "server:server_fin")]
    public async Task IdleServerThatCloses()
    {
        await using CloseScene scene = await CloseScene.Start();
        (await scene.Exchange()).HalfClose();
        await scene.ExpectClose("server", "server_fin", "peer");
    }

    [Fact]
    [Trait("close", "server:server_reset")]
    public async Task IdleServerThatResets()
    {
        await using CloseScene scene = await CloseScene.Start();
        (await scene.Exchange()).Reset();
        await scene.ExpectClose("server", "server_reset", "peer_reset");
    }

    [Theory]
    [Trait("close", "server:server_reset")]
    [Trait("close", "server:server_fin")]
    [InlineData(true, "server_reset", "peer_reset")]
    [InlineData(false, "server_fin", "peer")]
    public async Task ServerThatEndsItsResponseTooEarly(bool withReset, string reason, string by)
    {
        await using CloseScene scene = await CloseScene.Start();
        OriginConnection server = await scene.Ask();
        await server.Send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        await scene.Client.ReadThrough("abc");
        if (withReset)
            server.Reset();
        else
            server.HalfClose();
        await scene.ExpectClose("server", reason, by);
    }

    [Fact]
    [Trait("close", "server:server_said")]
    public async Task ResponseThatSaysClose()
    {
        await using CloseScene scene = await CloseScene.Start();
        await scene.Exchange("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
        await scene.ExpectClose("server", "server_said", "proxy");
    }

    [Theory]
    [Trait("close", "server:reuse_off")]
    [Trait("close", "server:idle_timeout")]
    [Trait("close", "server:max_requests")]
    [InlineData("reuse_off", "keepalive.enabled = false")]
    [InlineData("reuse_off", "keepalive.reuse = \"never\"")]
    [InlineData("reuse_off", "keepalive.max_idle = 0")]
    [InlineData("idle_timeout", "keepalive.idle_timeout = \"100ms\"")]
    [InlineData("max_requests", "keepalive.max_requests = 1")]
    public async Task SettingThatEndsIt(string reason, string setting)
    {
        await using CloseScene scene = await CloseScene.Start(config => config.Upstream(setting));
        OriginConnection server = await scene.Exchange();
        await server.ExpectFin();
        CloseLine line = await scene.ExpectClose("server", reason, "proxy");
        Assert.Equal(("app/a", scene.Origin.Address, 1), (line.Place, line.Peer, line.Uses));
    }

    [Fact]
    [Trait("close", "server:learned_idle_timeout")]
    public async Task IdleTimeThatTheServerAnnounced()
    {
        await using CloseScene scene = await CloseScene.Start();
        await scene.Exchange("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 2\r\n\r\nok");
        await scene.ExpectClose("server", "learned_idle_timeout", "proxy");
    }

    [Fact]
    [Trait("close", "server:max_age")]
    public async Task ConnectionThatIsTooOld()
    {
        await using CloseScene scene = await CloseScene.Start(config => config.Upstream("keepalive.max_age = \"100ms\""));
        OriginConnection server = await scene.Ask();
        await PassingTime.Of(150);
        await server.Send(OriginConnection.Ok);
        await scene.ExpectClose("server", "max_age", "proxy");
    }

    [Fact]
    [Trait("close", "server:pool_full")]
    public async Task OldestOfAFullPool()
    {
        await using CloseScene scene = await CloseScene.Start(config => config.Upstream("keepalive.max_idle = 1"));
        await using RawClient second = await scene.Proxy.Connect();
        OriginConnection a = await scene.Ask();
        await second.SendGet();
        OriginConnection b = await scene.Origin.Accept();
        await b.ReadRequest();
        await a.Send(OriginConnection.Ok);
        await scene.Client.ReadResponse();
        await b.Send(OriginConnection.Ok);
        await a.ExpectFin();
        await scene.ExpectClose("server", "pool_full", "proxy");
    }

    [Fact]
    [Trait("close", "server:surplus_bytes")]
    public async Task BytesBehindTheResponse()
    {
        await using CloseScene scene = await CloseScene.Start();
        OriginConnection server = await scene.Exchange(OriginConnection.Ok + "more");
        await server.ExpectReset();
        await scene.ExpectClose("server", "surplus_bytes", "proxy_reset");
    }

    [Fact]
    [Trait("close", "server:request_unsent")]
    public async Task ResponseBeforeTheRequestWasSent()
    {
        await using CloseScene scene = await CloseScene.Start();
        OriginConnection server = await scene.BeginPost();
        await server.Send(OriginConnection.Ok);
        await server.ExpectEnd();
        await scene.ExpectClose("server", "request_unsent", "proxy");
    }

    [Fact]
    [Trait("close", "server:ambiguous")]
    public async Task UpgradeThatTheServerIgnores()
    {
        await using CloseScene scene = await CloseScene.Start("upgrade = [\"websocket\"]");
        await scene.Exchange(request: CloseScene.Upgrade);
        await scene.ExpectClose("server", "ambiguous", "proxy");
    }

    [Fact]
    [Trait("close", "server:connect_failed")]
    public async Task ServerThatRefuses()
    {
        using var dead = new DeadServer();
        await using CloseScene scene = await CloseScene.Start(config => config.AddUpstream("dead", dead.Address).AddListener("dead", "dead")
            .Upstream("retry.attempts = 1"));
        await scene.Proxy.AskOnce(listener: "dead");
        CloseLine line = await scene.ExpectClose("server", "connect_failed", "peer_reset");
        Assert.Equal((0, -1L, "dead/a"), (line.Uses, line.Ms[0], line.Place));
    }

    [Fact]
    [Trait("close", "server:client_aborted")]
    public async Task ClientThatLeavesInAnExchange()
    {
        await using CloseScene scene = await CloseScene.Start();
        OriginConnection server = await scene.Ask();
        scene.Client.Reset();
        await server.ExpectReset();
        await scene.ExpectClose("server", "client_aborted", "proxy_reset");
    }

    [Fact]
    [Trait("close", "server:timeout")]
    public async Task ServerThatDoesNotAnswer()
    {
        await using CloseScene scene = await CloseScene.Start(config => config.Upstream("timeouts.response = \"100ms\""));
        OriginConnection server = await scene.Ask();
        await server.ExpectReset();
        await scene.ExpectClose("server", "timeout", "proxy_reset");
    }

    [Fact]
    [Trait("close", "server:bad_response")]
    public async Task ResponseThatCannotBeReadSafely()
    {
        await using CloseScene scene = await CloseScene.Start();
        await scene.Exchange("nonsense\r\n\r\n");
        await scene.ExpectClose("server", "bad_response", "proxy_reset");
    }

    [Fact]
    [Trait("close", "server:upgrade_ended")]
    public async Task TunnelThatEnds()
    {
        await using CloseScene scene = await CloseScene.Start("upgrade = [\"websocket\"]");
        OriginConnection server = await scene.EnterTunnel();
        server.HalfClose();
        await scene.Client.ExpectFin();
        scene.Client.Close();
        await scene.ExpectClose("server", "upgrade_ended", "peer");
    }

    [Fact]
    [Trait("close", "server:purged")]
    public async Task ServerThatAReloadRemoves()
    {
        await using CloseScene scene = await CloseScene.Start();
        OriginConnection server = await scene.Exchange();
        using var other = new DeadServer();
        await scene.Proxy.Reload(CloseScene.WithConnectionLog(ProxyConfig.For(other.Address)));
        await server.ExpectFin();
        await scene.ExpectClose("server", "purged", "proxy");
    }

    [Fact]
    [Trait("close", "server:server_down")]
    [Trait("layer", "no")] // health checks, which no loop carries, speak no records
    public async Task ServerThatFailsItsChecks()
    {
        bool isWell = true;
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(
            request => request.StartsWith("GET /health ", StringComparison.Ordinal) && !isWell
            ? "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
            : OriginConnection.Ok);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CloseScene.WithConnectionLog(ProxyConfig.For(origin))
            .Upstream("[upstream.health]", "type = \"http\"", "path = \"/health\"", "interval = \"50ms\"", "timeout = \"5s\""));
        Assert.Equal(200, (await proxy.AskOnce()).Status);
        isWell = false;
        string line = await proxy.Output.WaitFor(line => CloseLine.IsOf("server", line), "a closed server");
        Assert.Equal("server_down", CloseLine.Parse(line).Reason);
        Assert.Equal(1, await proxy.Metric("nativeproxy_server_closes_total{reason=\"server_down\"}"));
        Assert.Contains(
            (await CloseScene.Closes(proxy)).GetProperty("recent").EnumerateArray(), one => one.GetProperty("reason").GetString() == "server_down");
    }

    [Fact]
    [Trait("close", "server:pinned_client_left")]
    public async Task ClientThatHadAuthenticatedOnItAndLeaves()
    {
        await using CloseScene scene = await CloseScene.Start();
        await LoginScene.Authenticate(scene.Origin, scene.Client);
        scene.Client.Close();
        await scene.ExpectClose("server", "pinned_client_left", "proxy");
    }

    [Fact]
    [Trait("promise", "S4.10")]
    [Trait("close", "client:pinned_server_closed")]
    public async Task ServerThatClosesTheConnectionOnWhichItsClientHadAuthenticated()
    {
        await using CloseScene scene = await CloseScene.Start();
        (await LoginScene.Authenticate(scene.Origin, scene.Client)).Close();
        await scene.ExpectClientClose("pinned_server_closed", "proxy");
    }
}
