using System;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>What checks may ask besides a connection and a status, and what follows from their answers.</summary>
[Trait("layer", "no")] // health checks, which no loop carries, speak no records
public sealed class HealthKindTests
{
    private const string ServerHello = "\u0016\u0003\u0003\0\u0031\u0002\0\0\u002d\u0003\u0003";
    private const string Gone = "HTTP/1.1 404 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("promise", "ARCH-15")]
    public async Task SoftStopByAFile_LeavesCookieHoldersWithTheServer_UntilItIsGone(int workers)
    {
        string answer = OriginConnection.Ok;
        await using ScriptedOrigin a = Named('a', () => OriginConnection.Ok);
        ScriptedOrigin b = Named('b', () => answer);
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a, b).WithWorkers(workers)
            .Upstream("cookie.mode = \"insert\"", "cookie.name = \"SRV\"", "retry.on = [\"connect_failure\", \"stale\", \"empty_response\"]")
            .Upstream("[upstream.health]", "type = \"http\"", "path = \"/running\"", "interval = \"50ms\"", "timeout = \"5s\"", "fall = 10",
                "drain_on_404 = true"));
        await proxy.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"b\"}", 1);
        await using RawClient holder = await proxy.Connect();
        Assert.Equal("b", (await holder.Ask("/", "Cookie: SRV=b\r\n")).Body);

        answer = Gone;
        await proxy.Errors.WaitFor("\"b\" of upstream \"app\" is up and takes no new clients: it answers with status 404; 2 of 2 servers are up");
        for (int i = 0; i < 10; i++)
            Assert.Equal("a", (await proxy.AskOnce()).Body);
        Assert.Equal("b", (await holder.Ask("/", "Cookie: SRV=b\r\n")).Body);

        // The process stops: its users go elsewhere, and nobody sees an error.
        await b.DisposeAsync();
        HttpResponse moved = await holder.Ask("/", "Cookie: SRV=b\r\n");
        Assert.Equal((200, "a"), (moved.Status, moved.Body));
        Assert.StartsWith("SRV=a", moved.Field("Set-Cookie"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerBehindAPortThatOnlyAccepts_IsDown_OneThatAnswersAHello_IsUp()
    {
        string answer = "";
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ScriptedOrigin tls = ScriptedOrigin.Driven();
        Task serving = Serve(tls, async connection =>
        {
            // A hello has no end of line; its first bytes are enough.
            Assert.Equal("\u0016\u0003\u0001", await connection.Read(3));
            if (answer.Length > 0)
                await connection.Send(answer);
            else
                await connection.ReadToEnd();
        });
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Upstream("[upstream.health]", "type = \"tls\"", $"port = {tls.Port}", "interval = \"300ms\"", "rise = 1", "fall = 1"));
        await proxy.Errors.WaitFor("server \"a\" of upstream \"app\" is down: it does not answer in time; no server is left");
        Assert.Equal(503, (await proxy.AskOnce()).Status);

        answer = ServerHello;
        await proxy.Errors.WaitFor("server \"a\" of upstream \"app\" is up again: it speaks TLS");
        Assert.Equal(200, (await proxy.AskOnce()).Status);
        await tls.DisposeAsync();
        await serving;
    }

    [Fact]
    public async Task WordOfAnAgent_TakesAServerOutAndBringsItBack()
    {
        string word = "up 100%\n";
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ScriptedOrigin agent = ScriptedOrigin.Driven();
        Task serving = Serve(agent, connection => connection.Send(word));
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
            .Upstream("[upstream.health]", "type = \"agent\"", $"port = {agent.Port}", "interval = \"50ms\"", "timeout = \"5s\""));
        Assert.Equal(200, (await proxy.AskOnce()).Status);

        word = "maint # until noon\n";
        await proxy.Errors.WaitFor("server \"a\" of upstream \"app\" is down: its agent says so");
        Assert.Equal(503, (await proxy.AskOnce()).Status);
        word = "drain\n";
        await proxy.Errors.WaitFor("server \"a\" of upstream \"app\" is up and takes no new clients: its agent says so");
        Assert.Equal(503, (await proxy.AskOnce()).Status);
        word = "ready up\n";
        await proxy.Errors.WaitFor("server \"a\" of upstream \"app\" is up again: its agent says so");
        Assert.Equal(200, (await proxy.AskOnce()).Status);
        await agent.DisposeAsync();
        await serving;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task CloseAll_CutsWhatHasBegun(int workers)
    {
        string answer = OriginConnection.Ok;
        await using ScriptedOrigin health = ScriptedOrigin.Answering(_ => answer);
        await using ScriptedOrigin a = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(a.Address).WithWorkers(workers)
            .Upstream("[upstream.health]", "type = \"http\"", $"port = {health.Port}", "interval = \"50ms\"", "timeout = \"5s\"", "fall = 1",
                "on_down = \"close_all\""));
        await proxy.WaitForMetric("nativeproxy_server_up{upstream=\"app\",server=\"a\"}", 1);
        await using RawClient begun = await proxy.Connect();
        await begun.SendGet("/begun");
        OriginConnection first = await a.Accept();
        await first.ReadRequest();
        await first.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx");
        await begun.Read("HTTP/1.1 200 OK\r\n".Length);

        answer = "HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

        await begun.ReadToEnd();
        await proxy.WaitForMetric("nativeproxy_server_closes_total{reason=\"server_down\"}", 1);
        Assert.Equal(503, (await proxy.AskOnce()).Status);
        await first.DisposeAsync();
    }

    private static ScriptedOrigin Named(char name, Func<string> health) => ScriptedOrigin.Answering(
        request => request.StartsWith("GET /running ", StringComparison.Ordinal) ? health() : $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}");

    /// <summary>Gives every connection the same, and closes it, until the origin is gone.</summary>
    private static async Task Serve(ScriptedOrigin origin, Func<OriginConnection, Task> talk)
    {
        try
        {
            while (true)
            {
                OriginConnection connection = await origin.Accept();
                try
                {
                    await talk(connection);
                    connection.HalfClose();
                }
                catch (Exception e) when (e is not Xunit.Sdk.EqualException)
                {
                    // A check that takes too long leaves; the next one comes.
                }
            }
        }
        catch (Exception e) when (e is not Xunit.Sdk.EqualException)
        {
            // The test is over.
        }
    }
}
