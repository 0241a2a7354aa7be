using System;
using System.Linq;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Tests.Simulation.Network;
using Xunit;

namespace NativeProxy.Tests.Clients.Http1;

/// <summary>Bytes of a client into requests, wherever they are cut, and what is awaited of it.</summary>
public sealed class ClientRequestTests
{
    private const string Get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Post = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n";
    private const string Chunked = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    private const string Chunks = "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nX-T: 1\r\n\r\n";

    [Fact]
    public void RequestWithoutABody_Begins_AndEndsWithItsAnswer()
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(Get);
        Assert.Equal(["a begin"], trial.News());
        Assert.Equal((Get, BodyLength.None), (trial["a"].Head, trial["a"].Length));
        Assert.Equal((1, HttpVersion.Http11, Get.Length),
            (trial["a"].Stream.RequestNumber, trial["a"].Stream.Version, trial["a"].Stream.ReceivedBytes));

        trial.Respond("a", "Content-Length: 2\r\n", "ok");

        Assert.Equal(["a ended"], trial.News());
        Assert.Equal(("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "open"), (trial.Read(client), ClientTrial.Fate(client)));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData(Post, "", "a body \"\"")]
    [InlineData(Post, "he", "a body \"he\"")]
    [InlineData(Post, "hello world", "a body \"hello world\" end")]
    [InlineData(Chunked, "", "a body \"\"")]
    [InlineData(Chunked, "5\r\nhel", "a body \"hel\"")]
    [InlineData(Chunked, "2\r\nhe\r\n3\r\nllo\r\n0\r\nX-T: 1\r\n\r\n", "a body \"hello\" end X-T: 1|")]
    [InlineData(Chunked, "0\r\n\r\n", "a body \"\" end")]
    public void FirstPieceOfABody_FollowsAtOnce_IfOnlyAnEmptyOne(string head, string behind, string expected)
    {
        using var trial = new ClientTrial();
        trial.Ask(head + behind);
        Assert.Equal(["a begin", expected], trial.News());
        Assert.Null(trial.Leftovers());
    }

    /// <summary>With pipelining the first bytes of what follows are no reason to wait or to begin.</summary>
    [Theory]
    [InlineData(Post + "hello world", "", 1)]
    [InlineData(Chunked + Chunks, "X-T: 1|", 1)]
    [InlineData(Post + "hello world", "", 4)]
    [InlineData(Chunked + Chunks, "X-T: 1|", 4)]
    public void EverySplitOfHeadAndBody_MakesTheSameRequest(string request, string trailers, int pipelining)
    {
        int headBytes = request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        using var trial = new ClientTrial($"pipelining = {pipelining}");
        foreach (int second in (int[])[1, 5, request.Length])
        {
            for (int cut = 0; cut < request.Length; cut++)
            {
                int next = Math.Min(request.Length, cut + second);
                SimulatedSocket client = trial.Ask(request[..cut], request[cut..next], request[next..] + "GET /b");
                string[] news = trial.News();
                Assert.Equal("a begin", news[0].Split(',')[0]);
                Assert.Equal("hello world", trial["a"].Body);
                Assert.Equal(request[..headBytes], trial["a"].Head);
                Assert.Single(news, static text => text.Contains(" end", StringComparison.Ordinal));
                Assert.EndsWith((" end " + trailers).TrimEnd(), news[^1], StringComparison.Ordinal);
                Assert.Equal(request.Length, trial["a"].Stream.ReceivedBytes);
                trial.Respond("a", "HTTP/1.1 204 None\r\n");
                trial.Write(client, " HTTP/1.1\r\nHost: a\r\n\r\n");
                Assert.Equal(["a ended", "b begin"], trial.News());
                trial.Respond("b", "HTTP/1.1 204 None\r\n");
                Assert.Equal("HTTP/1.1 204 None\r\n\r\nHTTP/1.1 204 None\r\n\r\n", trial.Read(client));
                trial.Close(client, reset: false);
                trial.News();
            }
        }
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void NextRequest_WaitsUntilTheOneBeforeItIsAnswered()
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(Post + "hello worldGET /b HTTP/1.1\r\nHost: a\r\n\r\nGET /c HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Equal(["a begin", "a body \"hello world\" end"], trial.News());
        trial.Respond("a", "Content-Length: 1\r\n", "a");
        Assert.Equal(["a ended", "b begin"], trial.News());
        Assert.Equal(2, trial["b"].Stream.RequestNumber);
        trial.Respond("b", "Content-Length: 1\r\n", "b");
        trial.Respond("c", "Content-Length: 1\r\n", "c");
        Assert.Equal(["b ended", "c begin", "c ended"], trial.News());
        Assert.EndsWith("\r\n\r\nc", trial.Read(client), StringComparison.Ordinal);
        Assert.Equal(2, trial.Count(CounterId.RequestsOnKeptConnection));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void BodyThatIsNotWantedYet_Waits_AndResumeBodyBringsIt()
    {
        using var trial = new ClientTrial { TakesBodies = false };
        SimulatedSocket client = trial.Ask(Post, "hel");
        Assert.Equal(["a begin"], trial.News());

        trial.TakesBodies = true;
        trial.Resume("a");
        Assert.Equal(["a body \"hel\""], trial.News());
        trial.TakesBodies = false;
        trial.Write(client, "lo wor");
        Assert.Empty(trial.News());
        trial.TakesBodies = true;
        trial.Resume("a");
        trial.Write(client, "ld");
        Assert.Equal(["a body \"lo wor\"", "a body \"ld\" end"], trial.News());
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void ResumedBodyOfWhichNothingHasCome_BringsAnEmptyFirstPiece_OnceOnly()
    {
        using var trial = new ClientTrial { TakesBodies = false };
        trial.Ask(Post);
        trial.TakesBodies = true;
        trial.Resume("a");
        trial.Resume("a");
        Assert.Equal(["a begin", "a body \"\""], trial.News());
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void BodyThatIsNotWanted_StaysInTheKernel(bool isCompletionBased)
    {
        using var trial = new ClientTrial(isCompletionBased: isCompletionBased) { TakesBodies = false };
        SimulatedSocket client = trial.Ask(Post.Replace("11", "200000", StringComparison.Ordinal));
        trial.Write(client, new string('x', 200_000));

        Assert.InRange(client.Other.Incoming.ReadableBytes, 100_000, 200_000);
        Assert.InRange(trial.Loop.Pools.HeldBytes, 0, 300_000);
        trial.TakesBodies = true;
        trial.Resume("a");
        Assert.Equal((200_000, " end"), (trial["a"].Body.Length, trial.Events[^1][^4..]));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData("5\r\nhello\r\nx\r\n", RejectReason.BadChunkSize)]
    [InlineData("5\r\nhelloX", RejectReason.BadChunkEnd)]
    [InlineData("5\r\nhello\r\n0\r\nBad Name: x\r\n\r\n", RejectReason.BadTrailer)]
    public void BrokenBody_IsRefusedByItsRule_AndAnsweredAsTheLast(string body, object rule)
    {
        for (int cut = 0; cut < body.Length; cut++)
        {
            using var trial = new ClientTrial();
            trial.When[$"a refused BadRequest {rule}"] = () => trial["a"].Stream.Answer(ProxyError.BadRequest, (RejectReason)rule);
            SimulatedSocket client = trial.Ask(Chunked + body[..cut], body[cut..], Get);

            Assert.Equal(["a begin", $"a refused BadRequest {rule}", "a ended"],
                trial.News().Where(static text => !text.Contains("body", StringComparison.Ordinal)));
            string answer = trial.Read(client);
            Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
            Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
            Assert.Equal(("BadRequest", "fin", 1), (trial.Closes(), ClientTrial.Fate(client), trial.Count(CounterId.BadRequestsFraming)));
            Assert.Null(trial.Leftovers());
        }
    }

    [Theory]
    [InlineData("GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "refused BadRequest DuplicateHost 400 BadRequest, 37 bytes with its line",
        "BadRequest")]
    [InlineData("GET /denied HTTP/1.1\r\nHost: a\r\n\r\n", "refused DestinationRefused None 403 Denied, 33 bytes with its line", "Denied")]
    public void RefusedRequest_IsAnsweredWithoutAUser(string request, string expected, string reason)
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(request);
        Assert.Equal([expected], trial.News());
        Assert.Contains("\r\nConnection: close\r\n", trial.Read(client), StringComparison.Ordinal);
        Assert.Equal((reason, "fin"), (trial.Closes(), ClientTrial.Fate(client)));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("GET /a HT", "refused RequestHeaderTimeout None 408 RequestHeaderTimeout, 9 bytes")]
    public void HeadThatDoesNotCome_EndsTheConnection_WithAnAnswerIfSomethingHasCome(string begin, string expected)
    {
        using var trial = new ClientTrial("timeouts.request_header = \"2s\"");
        SimulatedSocket client = trial.Ask(begin);
        trial.Settle(1900);
        Assert.Equal("open", ClientTrial.Fate(client));
        trial.Settle(200);

        Assert.Equal(expected.Length > 0 ? [expected] : [], trial.News());
        Assert.Equal((expected.Length > 0, "fin"),
            (trial.Read(client).StartsWith("HTTP/1.1 408 ", StringComparison.Ordinal), ClientTrial.Fate(client)));
        Assert.Equal(("RequestHeaderTimeout", 1), (trial.Closes(), trial.Count(CounterId.TimeoutsRequestHeader)));
        Assert.Null(trial.Leftovers());
    }

    /// <summary>Bytes of the head do not prolong it.</summary>
    [Fact]
    public void SlowHead_IsLateAllTheSame()
    {
        using var trial = new ClientTrial("timeouts.request_header = \"2s\"");
        SimulatedSocket client = trial.Connect();
        for (int i = 0; i < 10; i++)
        {
            trial.Write(client, Get[i..(i + 1)]);
            trial.Settle(210);
        }
        Assert.StartsWith("HTTP/1.1 408 ", trial.Read(client), StringComparison.Ordinal);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void IdleClient_EndsAfterTheKeepAliveTimeout_ThatEmptyLinesDoNotProlong()
    {
        using var trial = new ClientTrial("keepalive.timeout = \"2s\"\ntimeouts.request_header = \"30s\"");
        SimulatedSocket client = trial.Ask(Get);
        trial.Respond("a", "HTTP/1.1 204 None\r\n");
        trial.Settle(1500);
        trial.Write(client, "\r\n");
        trial.Settle(400);
        Assert.Equal("open", ClientTrial.Fate(client));
        trial.Settle(200);
        Assert.Equal(("IdleTimeout", "fin", 1), (trial.Closes(), ClientTrial.Fate(client), trial.Count(CounterId.TimeoutsKeepAlive)));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void BodyThatDoesNotCome_IsRefused_AndEachByteGivesItTimeAgain()
    {
        using var trial = new ClientTrial("timeouts.request_body = \"2s\"");
        SimulatedSocket client = trial.Ask(Post);
        for (int i = 0; i < 3; i++)
        {
            trial.Settle(1900);
            trial.Write(client, "x");
        }
        Assert.DoesNotContain("a refused RequestBodyTimeout", trial.News());
        trial.Settle(2100);
        Assert.Equal(["a refused RequestBodyTimeout"], trial.News());
        Assert.Equal(1, trial.Count(CounterId.TimeoutsRequestBody));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void BodyThatTheServerIsToBlameFor_HasNoDeadline(bool awaitsContinue)
    {
        using var trial = new ClientTrial("timeouts.request_body = \"2s\"") { TakesBodies = awaitsContinue };
        trial.Ask(awaitsContinue ? Post.Replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n", StringComparison.Ordinal) : Post);
        trial.Settle(60_000);
        Assert.DoesNotContain("a refused RequestBodyTimeout", trial.News());
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void UserThatAnswersBeforeTheBodyIsThere_EndsTheConnectionWithIt()
    {
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Ask(Post + "hello");
        trial.Respond("a", "Content-Length: 2\r\n", "ok");
        Assert.Equal("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", trial.Read(client));
        trial.Write(client, " world" + Get);
        Assert.Equal(["a begin", "a body \"hello\"", "a ended"], trial.News());
        Assert.Equal(("UnreadRequestBody", "fin"), (trial.Closes(), ClientTrial.Fate(client)));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void UserThatAnswersWithinItsBeginning_BringsTheNextRequest()
    {
        using var trial = new ClientTrial();
        foreach (string name in (string[])["a", "b", "c"])
            trial.When[name + " begin"] = () => trial[name].Respond("Content-Length: 1\r\n", name);
        SimulatedSocket client = trial.Ask(string.Concat("abc".Select(static name => Get.Replace("/a", "/" + name, StringComparison.Ordinal))));
        Assert.Equal(["a begin", "a ended", "b begin", "b ended", "c begin", "c ended"], trial.News());
        Assert.Equal(string.Concat("abc".Select(static name => $"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{name}")), trial.Read(client));
        Assert.Null(trial.Leftovers());
    }
}
