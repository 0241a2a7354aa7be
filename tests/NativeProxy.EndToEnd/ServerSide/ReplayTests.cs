using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;
using static NativeProxy.EndToEnd.ServerSide.ReplayScene;

namespace NativeProxy.EndToEnd.ServerSide;

/// <summary>Requests with a body that are sent again: whole and byte for byte, from the kept copy, or not at all.</summary>
public sealed class ReplayTests
{
    [Theory]
    [Trait("promise", "B12")]
    [InlineData(1, false)]
    [InlineData(2_000, false)]
    [InlineData(20_000, false)]
    [InlineData(20_000, true)]
    [InlineData(65_536, false)]
    public async Task PutOnAStaleConnection_ReachesTheServerWhole(int bodyBytes, bool withReset)
    {
        await using ReplayScene scene = await ReplayScene.Start();
        string body = Body(bodyBytes);
        string first = await scene.SendOnIdle(Put(body));
        Assert.EndsWith(body, first, StringComparison.Ordinal);
        scene.BreakIdle(withReset);
        Assert.Equal(first, await scene.AnswerOnFreshConnection());
        await scene.ExpectOneReplay();
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task BodyThatComesInManyPieces_IsReplayedWhole()
    {
        await using ReplayScene scene = await ReplayScene.Start();
        string body = Body(12_000);
        await scene.Client.Send(PutHead(body.Length));
        for (int at = 0; at < body.Length; at += 750)
        {
            await scene.Client.Send(body.Substring(at, 750));
            if (at == 0)
                await scene.Idle.ReadHead();
            await scene.Idle.Read(750);
        }
        scene.Idle.Close();
        Assert.Equal(scene.Idle.Received[(scene.Idle.Received.IndexOf("PUT ", StringComparison.Ordinal))..], await scene.AnswerOnFreshConnection());
        await scene.ExpectOneReplay();
    }

    [Theory]
    [Trait("promise", "B12")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReplayInTheMiddleOfABody_TheRestFollowsBehind(bool withReset)
    {
        await using ReplayScene scene = await ReplayScene.Start();
        string body = Body(20_000);
        string head = await scene.BeginOnIdle(PutHead(body.Length), body[..9_000]);
        scene.BreakIdle(withReset);
        OriginConnection fresh = await scene.Origin.Accept();
        Assert.Equal(head, await fresh.ReadHead());
        Assert.Equal(body[..9_000], await fresh.Read(9_000));
        await scene.Client.Send(body[9_000..]);
        Assert.Equal(body[9_000..], await fresh.Read(body.Length - 9_000));
        await scene.Answer(fresh);
        await scene.ExpectOneReplay();
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task BodyThatIsStillSentWhileTheConnectionBreaks_IsReplayedWhole()
    {
        await using ReplayScene scene = await ReplayScene.Start();
        string body = Body(30_000);
        string head = await scene.BeginOnIdle(PutHead(body.Length), body[..5_000]);
        await scene.LayBefore(body[5_000..], withReset: true);
        Assert.Equal(head + body, await scene.AnswerOnFreshConnection());
        await scene.ExpectOneReplay();
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task ChunkedPutWithTrailers_IsReplayedWhole()
    {
        await using ReplayScene scene = await ReplayScene.Start();
        string data = Body(5_000);
        const string End = "0\r\nX-Check: 17\r\n\r\n";
        await scene.Client.Send("PUT /again HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" + data + "\r\n");
        string head = await scene.Idle.ReadHead();
        await scene.Client.Send("3;x=y\r\nabc\r\n0\r\nx-check: 17\r\n\r\n".Replace("x-check", "X-Check", StringComparison.Ordinal));
        string sent = await scene.Idle.ReadThrough(End);
        scene.Idle.Close();
        OriginConnection fresh = await scene.Origin.Accept();
        Assert.Equal(head, await fresh.ReadHead());

        // What is kept is data: how it is cut into chunks need not be the same.
        Assert.Equal(data + "abc", Chunks.Join(await fresh.ReadThrough(End)));
        Assert.Equal(data + "abc", Chunks.Join(sent));
        await scene.Answer(fresh);
        await scene.ExpectOneReplay();
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task ReplayInTheMiddleOfAChunk_TheRestFollowsBehind()
    {
        await using ReplayScene scene = await ReplayScene.Start();
        await scene.Client.Send("PUT /again HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n01234");
        string head = await scene.Idle.ReadHead();
        Assert.Equal("5\r\n01234\r\n", await scene.Idle.Read(10));
        scene.Idle.Close();
        OriginConnection fresh = await scene.Origin.Accept();
        Assert.Equal(head + "5\r\n01234\r\n", await fresh.ReadHead() + await fresh.Read(10));
        await scene.Client.Send("56789\r\n0\r\n\r\n");
        Assert.Equal("5\r\n56789\r\n0\r\n\r\n", await fresh.ReadThrough("\r\n0\r\n\r\n"));
        await scene.Answer(fresh);
    }

    [Theory]
    [Trait("promise", "B12")]
    [InlineData(8 * 1024, false)]
    [InlineData(8 * 1024 + 1, false)]
    [InlineData(8 * 1024, true)]
    [InlineData(8 * 1024 + 1, true)]
    [InlineData(20_000, true)]
    public async Task BodyAboveTheBound_IsNotReplayed_OneWithinIs(int bodyBytes, bool isChunked)
    {
        await using ReplayScene scene = await ReplayScene.Start("retry.body_bytes = \"8KiB\"");
        string body = Body(bodyBytes);
        string coded = isChunked ? $"{bodyBytes:X}\r\n{body}\r\n0\r\n\r\n" : body;
        await scene.Client.Send("PUT /again HTTP/1.1\r\nHost: h\r\n" + (isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {bodyBytes}")
            + "\r\n\r\n" + coded);
        await scene.Idle.ReadHead();
        if (isChunked)
            await scene.Idle.ReadThrough("\r\n0\r\n\r\n");
        else
            await scene.Idle.Read(bodyBytes);
        scene.Idle.Close();
        bool isWithin = bodyBytes <= 8 * 1024;
        if (isWithin)
            Assert.EndsWith(body, await scene.AnswerOnFreshConnection(isChunked), StringComparison.Ordinal);
        else
            await scene.ExpectStatus(502);
        Assert.Equal(isWithin ? 2 : 1, scene.Origin.ConnectionCount);
        await scene.Proxy.WaitForMetric("nativeproxy_replay_held_bytes", 0);
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task BudgetUsedUp_TheRequestIsServed_ButNotReplayed()
    {
        await using ReplayScene scene = await ReplayScene.Start(config => config.Runtime("replay_bytes = \"16KiB\""));
        string body = Body(30_000);
        await scene.Client.Send(Put(body));
        Assert.EndsWith(body, await scene.Idle.Answer(), StringComparison.Ordinal);
        await scene.ExpectStatus(200);
        Assert.Equal(1, await scene.Proxy.Metric(Refusals));

        await scene.SendOnIdle(Put(body));
        scene.Idle.Close();
        await scene.ExpectStatus(502);
        Assert.Equal(2, await scene.Proxy.Metric(Refusals));
        Assert.Equal(1, scene.Origin.ConnectionCount);
        await scene.ExpectHeld(0);
    }

    [Fact]
    [Trait("promise", "B12")]
    [Trait("layer", "no")] // counts blocks of a body that comes in one piece
    public async Task TheBudgetIsShared_AndComesBackWithTheFirstByteOfTheAnswer()
    {
        await using ReplayScene scene = await ReplayScene.Start(config => config.Runtime("replay_bytes = \"16KiB\""));
        await using RawClient other = await scene.Proxy.Connect();
        string body = Body(14_000);
        await other.SendGet();
        await scene.Idle.ReadRequest();
        await scene.Client.SendGet();
        OriginConnection second = await scene.Origin.Accept();
        await second.Answer();
        await scene.Client.ReadResponse();
        await scene.Idle.Send(OriginConnection.Ok);
        await other.ReadResponse();

        // Two idle connections now. The copy of the first request fills the budget until its answer begins.
        await scene.SendOnIdle(Put(body));
        await scene.ExpectHeld(16 * 1024);
        await other.Send(Put(body));
        Assert.EndsWith(body, await second.Answer(), StringComparison.Ordinal);
        Assert.Equal(200, (await other.ReadResponse()).Status);
        Assert.Equal(1, await scene.Proxy.Metric(Refusals));
        await scene.Idle.Send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
        await scene.Client.ReadHead();
        await scene.ExpectHeld(0);
        await scene.Idle.Send("k");
        Assert.Equal("k", (await scene.Client.Read(2))[1..]);

        await scene.SendOnIdle(Put(body));
        await scene.ExpectHeld(16 * 1024);
        await scene.Answer(scene.Idle);
        Assert.Equal(1, await scene.Proxy.Metric(Refusals));
    }

    [Theory]
    [Trait("promise", "B12")]
    [InlineData("POST", "keepalive.enabled = true")]
    [InlineData("PUT", "retry.attempts = 1")]
    [InlineData("PUT", "retry.on = [\"connect_failure\"]")]
    [InlineData("PUT", "retry.body_bytes = 0")]
    public async Task BodyThatCouldNeverBeSentAgain_IsNotCopied(string method, string upstreamLine)
    {
        await using ReplayScene scene = await ReplayScene.Start(upstreamLine);
        string body = Body(20_000);
        await scene.SendOnIdle(Put(body).Replace("PUT ", method + " ", StringComparison.Ordinal));
        await scene.ExpectHeld(0);
        scene.Idle.Close();
        await scene.ExpectNoReplay();
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task PostToADeadServer_GoesToTheNextOneWithItsWholeBody()
    {
        using var dead = new DeadServer();
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(dead.Address, origin.Address)
            .Upstream("keepalive.reuse = \"never\""));
        await using RawClient client = await proxy.Connect();
        string body = Body(100_000);
        for (int i = 0; i < 2; i++)
        {
            await client.Send(RawClient.Post("/" + i, body));
            Assert.Equal(200, (await client.ReadResponse()).Status);
        }
        Assert.All(origin.Requests, request => Assert.EndsWith("\r\n\r\n" + body, request.Request, StringComparison.Ordinal));
        Assert.Equal(["POST /0", "POST /1"], origin.Requests.Select(request => request.Request[..7]));
        Assert.True(await proxy.Metric("nativeproxy_retries_total{cause=\"connect_failure\"}") >= 1);
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task ReplayThatTheNewConnectionTakesOnlyInPart_WaitsForIt()
    {
        await using ReplayScene scene = await ReplayScene.StartWithRoom();
        string body = Body(HugeBytes);
        string head = await scene.BreakUnderHuge(PutHead(body.Length + 5), body);
        OriginConnection fresh = await scene.Origin.Accept();
        await scene.Client.Send("12345");

        // The proxy goes on serving others while the replay waits.
        Assert.True(await scene.Proxy.Metric("nativeproxy_replay_held_bytes") >= HugeBytes);
        Assert.Equal(head, await fresh.ReadHead());
        Assert.True(body == await fresh.Read(body.Length), "the body is the same byte for byte");
        Assert.Equal("12345", await fresh.Read(5));
        await scene.Answer(fresh);
        await scene.ExpectOneReplay();
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task AnswerInTheMiddleOfAReplay_IsPassedOn_AndTheConnectionIsNotUsedAgain()
    {
        await using ReplayScene scene = await ReplayScene.StartWithRoom();
        await scene.BreakUnderHuge(PutHead(HugeBytes), Body(HugeBytes));
        OriginConnection fresh = await scene.Origin.Accept();
        await fresh.ReadHead();
        await fresh.Send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno");
        await scene.ExpectStatus(413);
        await scene.Client.SendGet("/next");
        OriginConnection third = await scene.Origin.Accept();
        Assert.StartsWith("GET /next ", await third.Answer(), StringComparison.Ordinal);
        await scene.ExpectStatus(200);
        await scene.ExpectHeld(0);
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task ClientThatLeavesInTheMiddleOfAReplay_LeavesNoCopyBehind()
    {
        await using ReplayScene scene = await ReplayScene.StartWithRoom();
        await scene.BreakUnderHuge(PutHead(HugeBytes), Body(HugeBytes));
        await scene.Origin.Accept();
        scene.Client.Reset();
        await scene.Proxy.WaitUntilIdle();
        await scene.ExpectHeld(0);
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task ExpectContinue_TheHeadAloneIsReplayed_AndTheBodyFollowsWhenItIsAskedFor()
    {
        await using ReplayScene scene = await ReplayScene.Start();
        string body = Body(3_000);
        await scene.Client.Send(PutHead(body.Length, "Expect: 100-continue\r\n"));
        string head = await scene.Idle.ReadHead();
        scene.Idle.Close();
        OriginConnection fresh = await scene.Origin.Accept();
        Assert.Equal(head, await fresh.ReadHead());
        await fresh.Send("HTTP/1.1 100 Continue\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100 ", await scene.Client.ReadHead(), StringComparison.Ordinal);
        await scene.Client.Send(body);
        Assert.Equal(body, await fresh.Read(body.Length));
        await scene.Answer(fresh);
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task InterimAnswerOnTheStaleConnection_IsABeginning_AndNothingIsReplayed()
    {
        await using ReplayScene scene = await ReplayScene.Start();
        string body = Body(3_000);
        await scene.Client.Send(PutHead(body.Length, "Expect: 100-continue\r\n"));
        await scene.Idle.ReadHead();
        await scene.Idle.Send("HTTP/1.1 100 Continue\r\n\r\n");
        await scene.Client.ReadHead();
        await scene.Client.Send(body);
        await scene.Idle.Read(body.Length);
        scene.Idle.Close();
        await scene.ExpectNoReplay();
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task ClientThatHasHalfClosed_GetsTheAnswerToTheReplay()
    {
        await using ReplayScene scene = await ReplayScene.Start(config => config.Listener("half_close = \"finish\""));
        string body = Body(20_000);
        await scene.Client.Send(Put(body));
        scene.Client.HalfClose();
        string first = await scene.Idle.ReadRequest();
        scene.Idle.Close();
        Assert.Equal(first, await scene.AnswerOnFreshConnection());
        await scene.Client.ExpectFin();
    }

    [Fact]
    [Trait("promise", "B12")]
    public async Task RequestBehindTheReplayedOne_IsServedAfterIt()
    {
        await using ReplayScene scene = await ReplayScene.Start();
        string body = Body(20_000);
        string first = await scene.SendOnIdle(Put(body) + RawClient.Get("/behind"));
        scene.Idle.Close();
        OriginConnection fresh = await scene.Origin.Accept();
        Assert.Equal(first, await fresh.Answer());
        await scene.ExpectStatus(200);
        Assert.StartsWith("GET /behind ", await fresh.Answer(), StringComparison.Ordinal);
        await scene.ExpectStatus(200);
    }
}
