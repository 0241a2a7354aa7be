using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>One line per closed connection, with what became of its time.</summary>
public sealed class ConnectionLogTests
{
    [Fact]
    [Trait("promise", "S1.21")]
    [Trait("layer", "no")] // counts bytes of the wire
    public async Task BothSidesOfAConnection_AreAccountedFor_WithTheirTimesAndBytes()
    {
        await using CloseScene scene = await CloseScene.Start(config => config.Listener("keepalive.timeout = \"300ms\"")
            .Upstream("keepalive.idle_timeout = \"200ms\""));

        // Both requests at once, so that however slow this machine is, neither connection idles before the second one.
        OriginConnection server = await scene.Exchange(request: RawClient.Get() + RawClient.Get());
        string forwarded = await server.ReadRequest();
        await PassingTime.Of(100);
        await server.Send(OriginConnection.Ok);
        await scene.Client.ReadResponse();

        CloseLine theirs = await scene.ExpectClose("server", "idle_timeout", "proxy");
        CloseLine ours = await scene.ExpectClientClose("idle_timeout", "proxy");

        Assert.Equal(("web", 2, 2L * RawClient.Get().Length, 2L * (40 + AddedDate.LineBytes)), (ours.Place, ours.Uses, ours.BytesIn, ours.BytesOut));
        Assert.Equal(("app/a", 2, 2L * OriginConnection.Ok.Length), (theirs.Place, theirs.Uses, theirs.BytesIn));
        Assert.True(theirs.BytesOut >= 2 * RawClient.Get().Length, forwarded);
        Assert.All((CloseLine[])[ours, theirs], line => Assert.All(line.Ms, ms => Assert.True(ms >= 0)));
        // The loop looks at its clock once in a turn.
        Assert.InRange(ours.Ms[1], 90, ours.Ms[4]);
        Assert.InRange(ours.Ms[2], 290, ours.Ms[4]);
        Assert.InRange(theirs.Ms[2], 190, theirs.Ms[4]);
        Assert.InRange(ours.Ms[0] + ours.Ms[1] + ours.Ms[2] + ours.Ms[3], 0, ours.Ms[4]);
        Assert.Equal(theirs.Ms[4], theirs.Ms[0] + theirs.Ms[1] + theirs.Ms[2] + theirs.Ms[3]);
        Assert.Equal(
            (ours.Uses, ours.Ms[0], ours.Ms[1], ours.Ms[2], ours.Ms[3], ours.Ms[4]),
            ((int)await Uses("client"), await Ms("client", "setup"), await Ms("client", "active"), await Ms("client", "idle"),
                await Ms("client", "close"), await Ms("client", "life")));
        Assert.Equal((theirs.Uses, theirs.Ms[4]), ((int)await Uses("server"), await Ms("server", "life")));

        Task<long> Uses(string side) => scene.Proxy.Metric($"nativeproxy_{side}_connection_requests_total");
        Task<long> Ms(string side, string what) => scene.Proxy.MetricMs($"nativeproxy_{side}_connection_{what}_seconds_total");
    }

    [Fact]
    [Trait("promise", "B3")]
    public async Task JsonFormat_IsOneObjectPerConnection_InAFileOfItsOwn()
    {
        string path = Path.GetTempFileName();
        try
        {
            await using ScriptedOrigin origin = ScriptedOrigin.Answering();
            await using (ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin)
                .Log("format = \"json\"", $"connections = \"{path}\"")))
            {
                await proxy.AskOnce();
                Assert.Contains("\"retry_cause\":\"none\"", (await proxy.Output.WaitForCount(1))[0], StringComparison.Ordinal);
            }
            JsonElement[] lines = [.. File.ReadAllLines(path).Select(line => JsonDocument.Parse(line).RootElement)];
            Assert.Equal(["client client_closed peer web", "server purged proxy app"], lines.Select(line => string.Join(
                ' ', Text(line, "side"), Text(line, "reason"), Text(line, "closed_by"),
                Text(line, Text(line, "side") == "client" ? "listener" : "upstream"))).Order());
        }
        finally
        {
            File.Delete(path);
        }

        static string? Text(JsonElement line, string name) => line.GetProperty(name).GetString();
    }

    [Fact]
    [Trait("promise", "B3")]
    public async Task BothLogsMayShareATarget_EvenStderr()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("access = \"stderr\"", "connections = \"stderr\""));
        await proxy.AskOnce();
        await proxy.Errors.WaitFor("\"GET / HTTP/1.1\"");
        await proxy.Errors.WaitFor(" closed client web ");
    }

    [Fact]
    [Trait("promise", "B3")]
    public async Task WithoutTheLog_TheAdminEndpointRemembersTheLatestOfEveryWorker_NewestFirst()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        for (int i = 0; i < 300; i++)
            await proxy.AskOnce();
        await proxy.WaitUntilIdle();
        JsonElement closes = await CloseScene.Closes(proxy);
        JsonElement[] recent = [.. closes.GetProperty("recent").EnumerateArray()];

        Assert.InRange(recent.Length, 128, 256);
        Assert.Equal(300, closes.GetProperty("client").GetProperty("closed").GetInt64());
        Assert.Equal(300, closes.GetProperty("client").GetProperty("reasons").GetProperty("client_closed").GetInt64());
        string[] times = [.. recent.Select(one => one.GetProperty("time").GetString()!)];
        Assert.Equal(times.OrderDescending(StringComparer.Ordinal), times);
        Assert.DoesNotContain(proxy.Output.Lines, line => line.Contains("] closed ", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("promise", "B4")]
    public async Task RetryCause_StandsInTheAccessLog()
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin origin = ScriptedOrigin.Driven();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(dead.Address, origin.Address));
        await using RawClient client = await proxy.Connect();
        await client.SendGet("/1");
        OriginConnection first = await origin.Accept();
        await first.Answer();
        await client.ReadResponse();
        await client.SendGet("/2");
        await first.ReadRequest();
        first.Close();
        await (await origin.Accept()).Answer();
        await client.ReadResponse();
        Assert.Contains(" rt=connect_failure ", await proxy.Output.WaitFor("GET /1 "), StringComparison.Ordinal);
        Assert.Contains(" rt=stale_reuse ", await proxy.Output.WaitFor("GET /2 "), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("promise", "B3")]
    public async Task ForwardProxy_HasItsServerConnectionsInTheLedgerToo()
    {
        const string answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
        await using ScriptedOrigin origin = ScriptedOrigin.Answering(answer).AsDestination();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(CloseScene.WithConnectionLog(ProxyConfig.Forward()));
        await proxy.AskOnce($"http://{origin.Address}/");
        CloseLine line = CloseLine.Parse(await proxy.Output.WaitFor(line => CloseLine.IsOf("server", line), "a closed server"));
        Assert.Equal(("forward/direct", origin.Address, "server_said"), (line.Place, line.Peer, line.Reason));
    }
}
