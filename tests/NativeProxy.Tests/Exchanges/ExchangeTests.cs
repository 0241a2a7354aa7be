using System;
using System.Linq;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

/// <summary>One request and its answer between two faces, without a wire on either side.</summary>
public sealed class ExchangeTests
{
    private const string Post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n";
    private const string Chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    private const string Five = "Content-Length: 5\r\n";

    [Fact]
    public void Request_GoesOut_AndItsAnswerComesBack()
    {
        using var trial = new ExchangeTrial();
        trial.Begin();
        trial.Respond(Five, "he", isLast: false);
        trial.Pass("llo", isLast: true);
        Assert.Equal(
            ["open a", "start GET / end", "respond 200 (5 bytes) \"he\"", "pass \"llo\" end", "end None", "over None"], trial.News());
        Assert.Null(trial.Loop.Pools.DescribeLeaks());
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("prefer_last_server = true", true)]
    public void ServerOfTheLastAnswer_IsRememberedWhereItIsPreferred(string upstream, bool isRemembered)
    {
        using var trial = new ExchangeTrial(upstream: upstream);
        trial.Begin();
        trial.Respond(Five, "hello", isLast: true);
        Assert.Equal(isRemembered, trial.Connection.LastServer == trial.Group.Servers[0]);
    }

    [Fact]
    public void BodyWaitsForTheConnection_AndThenGoesOutWithTheHead()
    {
        using var trial = new ExchangeTrial();
        trial.Server.OpensReady = false;
        trial.Begin(Post);
        Assert.False(trial.Exchange.WantsBody);
        trial.Run(trial.Server.Connected);
        Assert.Equal((true, true), (trial.Exchange.WantsBody, trial.Exchange.AwaitsFirstPiece));
        trial.Body("hel");
        trial.Body("lo wor", isLast: true);
        Assert.Equal(["open a", "resume body", "start POST / \"hel\"", "send \"lo wor\" end"], trial.News());
        Assert.False(trial.Exchange.WantsBody);
        trial.Respond("HTTP/1.1 204 None\r\n");
        Assert.Null(trial.Loop.Pools.DescribeLeaks());
    }

    [Fact]
    public void ServerThatTakesNoMore_StopsTheBody_UntilItDoes()
    {
        using var trial = new ExchangeTrial();
        trial.Begin(Post);
        trial.Body("hel");
        trial.Server.Blocks = true;
        Assert.False(trial.Exchange.WantsBody);
        trial.Server.Blocks = false;
        trial.Run(trial.Server.User.OnServerDrained);
        Assert.Equal("resume body", trial.Events[^1]);
        Assert.True(trial.Exchange.WantsBody);
    }

    /// <summary>What the server takes no more is read all the same: the client must come to its answer.</summary>
    [Fact]
    public void EarlyAnswer_EndsTheExchange_AndTheServerConnectionIsNotUsedAgain()
    {
        using var trial = new ExchangeTrial();
        trial.Begin(Post);
        trial.Body("hel");
        trial.Server.Verdict = ServerCloseReason.RequestUnsent;
        trial.Respond("HTTP/1.1 413 Large\r\nContent-Length: 2\r\n", "no");
        Assert.Equal(
            ["open a", "start POST / \"hel\"", "respond 413 (2 bytes) \"no\" end", "end RequestUnsent", "over None"], trial.News());
        Assert.Null(trial.Loop.Pools.DescribeLeaks());
    }

    [Fact]
    public void BodyGoesOn_WhileAnEarlyAnswerIsPassed()
    {
        using var trial = new ExchangeTrial();
        trial.Begin(Post);
        trial.Body("hel");
        trial.Respond(Five, "he", isLast: false);
        trial.Body("lo wor", isLast: true);
        trial.Pass("llo", isLast: true);
        Assert.Equal(["respond 200 (5 bytes) \"he\"", "send \"lo wor\" end", "pass \"llo\" end", "end None", "over None"], trial.News()[2..]);
    }

    [Fact]
    public void InterimResponses_ArePassed_AndEndTheWaitForContinue()
    {
        using var trial = new ExchangeTrial();
        trial.Begin(Post.Replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n", StringComparison.Ordinal));
        trial.Body("");
        Assert.True(trial.Exchange.AwaitsContinue);
        trial.Interim("HTTP/1.1 103 Early\r\n");
        trial.Interim("HTTP/1.1 100 Continue\r\n");
        Assert.False(trial.Exchange.AwaitsContinue);
        trial.Body("all of it", isLast: true);
        trial.Respond("HTTP/1.1 204 None\r\n");
        Assert.Equal(["interim 103", "interim 100", "send \"all of it\" end", "respond 204 (none) end", "end None", "over None"], trial.News()[2..]);
    }

    [Theory]
    [InlineData(false, "answer ServerBadResponse")]
    [InlineData(true, "answer BuffersExhausted")]
    public void InterimThatCannotBePassed_EndsInAnAnswer(bool isLost, string expected)
    {
        using var trial = new ExchangeTrial();
        trial.Begin();
        trial.Client.Withholds = true;
        (trial.Client.HeadsFit, trial.Client.LosesNext) = (isLost, isLost);
        trial.Interim("HTTP/1.1 103 Early\r\n");
        Assert.Equal("interim 103", trial.Events[2]);
        Assert.Equal(["withdraw", expected], trial.News()[^2..]);
        Assert.Null(trial.Loop.Pools.DescribeLeaks());
    }

    [Fact]
    public void ResponseHeadThatIsTooLong_IsAServersFault()
    {
        using var trial = new ExchangeTrial();
        trial.Begin();
        trial.Client.HeadsFit = false;
        trial.Respond(Five, "hello");
        Assert.Equal(["release BadResponse reset", "answer ServerBadResponse"], trial.News()[2..]);
        Assert.Equal(1, trial.Count(CounterId.BadResponses));
    }

    [Fact]
    public void ResponseThatItsHeadSaysIsTooLarge_IsNotBegun()
    {
        using var trial = new ExchangeTrial("limits.response_body_bytes = 4");
        trial.Begin();
        trial.Respond(Five, "hello");
        Assert.Equal(["release BadResponse reset", "answer ResponseBodyTooLarge"], trial.News()[2..]);
    }

    [Theory]
    [InlineData("hello", "", "respond 200 (unknown)")]
    [InlineData("hell", "o", "respond 200 (unknown) \"hell\"")]
    public void ResponseThatTurnsOutToBeTooLarge_IsCut(string first, string then, string respond)
    {
        using var trial = new ExchangeTrial("limits.response_body_bytes = 4");
        trial.Begin();
        trial.Respond("", first, isLast: false);
        if (then.Length > 0)
            trial.Pass(then, isLast: true);
        Assert.Equal([respond, "release BadResponse reset", "cut Limit"], trial.News()[2..]);
    }

    [Fact]
    public void RequestThatTurnsOutToBeTooLarge_IsAnswered()
    {
        using var trial = new ExchangeTrial("limits.body_bytes = 4");
        trial.Begin(Chunked);
        trial.Body("hell");
        trial.Body("o");
        Assert.Equal(["release RequestUnsent reset", "answer RequestBodyTooLarge"], trial.News()[2..]);
        Assert.Equal(1, trial.Count(CounterId.BadRequestsTooLarge));
    }

    [Theory]
    [InlineData(ProxyError.ServerTruncatedResponse, "release ServerFin reset", "cut TruncatedResponse")]
    [InlineData(ProxyError.ServerBadBody, "release BadResponse reset", "cut BadResponseBody")]
    [InlineData(ProxyError.ServerResponseTimeout, "release Timeout reset", "cut ServerTimeout")]
    public void AnswerThatBreaksOff_IsCut(object error, string release, string cut)
    {
        using var trial = new ExchangeTrial();
        trial.Begin();
        trial.Respond(Five, "he", isLast: false);
        trial.Fail((ProxyError)error, hasBegun: true);
        Assert.Equal([release, cut], trial.News()[3..]);
        Assert.Null(trial.Loop.Pools.DescribeLeaks());
    }

    /// <summary>Nothing of it has reached the client.</summary>
    [Fact]
    public void AnswerThatBreaksOffBeforeItsTurn_IsReplaced()
    {
        using var trial = new ExchangeTrial();
        trial.Begin();
        trial.Client.Withholds = true;
        trial.Respond(Five, "he", isLast: false);
        trial.Fail(ProxyError.ServerTruncatedResponse, hasBegun: true);
        Assert.Equal(["release ServerFin reset", "withdraw", "answer ServerTruncatedResponse"], trial.News()[3..]);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void AnswerThatIsLostForWantOfBuffers_IsReplaced(bool inHead, bool isLast)
    {
        using var trial = new ExchangeTrial();
        trial.Begin();
        trial.Client.Withholds = true;
        trial.Client.LosesNext = inHead;
        trial.Respond(Five, inHead && isLast ? "hello" : "he", isLast: inHead && isLast);
        trial.Client.LosesNext = !inHead;
        if (!inHead)
            trial.Pass("llo", isLast);
        Assert.Equal(["release RequestUnsent reset", "withdraw", "answer BuffersExhausted"], trial.News()[^3..]);
    }

    [Theory]
    [InlineData(ProxyError.ServerClosedBeforeResponse, "answer ServerClosedBeforeResponse")]
    [InlineData(ProxyError.ServerResponseTimeout, "answer ServerResponseTimeout")]
    [InlineData(ProxyError.ServerBadResponse, "answer ServerBadResponse")]
    [InlineData(ProxyError.ServerConnectFailed, "answer ServerConnectFailed")]
    [InlineData(ProxyError.ServerConnectTimeout, "answer ServerConnectTimeout")]
    [InlineData(ProxyError.BuffersExhausted, "answer BuffersExhausted")]
    public void FailureBeforeTheAnswer_IsAnswered_WithoutTheServersRule(object error, string expected)
    {
        using var trial = new ExchangeTrial(upstream: "retry.on = []");
        trial.Begin();
        trial.Fail((ProxyError)error, (ProxyError)error == ProxyError.ServerBadResponse ? RejectReason.BadStatusLine : RejectReason.None,
            hasBegun: (ProxyError)error == ProxyError.ServerBadResponse);
        Assert.Equal(expected, trial.News()[^1]);
        Assert.Null(trial.Loop.Pools.DescribeLeaks());
    }

    [Theory]
    [InlineData(ProxyError.BadRequest, RejectReason.BadChunkSize, "answer BadRequest BadChunkSize")]
    [InlineData(ProxyError.RequestBodyTimeout, RejectReason.None, "answer RequestBodyTimeout")]
    public void BodyThatIsRefused_EndsTheServerConnection(object error, object detail, string expected)
    {
        using var trial = new ExchangeTrial();
        trial.Begin(Chunked);
        trial.Body("x");
        trial.Run(() => trial.Exchange.OnClientBodyRefused((ProxyError)error, (RejectReason)detail));
        Assert.Equal(["release RequestUnsent reset", expected], trial.News()[2..]);
        Assert.Null(trial.Loop.Pools.DescribeLeaks());
    }

    [Fact]
    public void ClientThatLeaves_TakesTheServerConnectionWithIt()
    {
        using var trial = new ExchangeTrial();
        trial.Begin();
        trial.Respond(Five, "he", isLast: false);
        trial.Run(() => trial.Client.Leave(ProxyError.ClientAborted, CloseReason.ClientAborted));
        Assert.Equal(["leave line", "release ClientAborted reset"], trial.News()[3..]);
        Assert.Null(trial.Loop.Pools.DescribeLeaks());
    }

    [Fact]
    public void SlowClient_PausesTheServer_UntilItTakesMore()
    {
        using var trial = new ExchangeTrial();
        trial.Begin();
        trial.Client.BlocksNext = true;
        trial.Respond(Five, "he", isLast: false);
        trial.Run(trial.Exchange.OnClientDrained);
        Assert.Equal(["respond 200 (5 bytes) \"he\"", "pause", "resume"], trial.News()[2..]);
    }

    [Theory]
    [InlineData("", " X-T: 1|")]
    [InlineData("trailers = \"drop\"", "")]
    public void Trailers_PassInBothDirections_UnlessTheRouteDropsThem(string listener, string trailers)
    {
        using var trial = new ExchangeTrial(listener);
        trial.Begin(Chunked);
        trial.Body("x", isLast: true, "X-T: 1\r\n");
        trial.Respond("", "y", isLast: false);
        trial.Pass("", isLast: true, "X-T: 1\r\n");
        Assert.Equal([$"start POST / \"x\" end{trailers}", "respond 200 (unknown) \"y\"", $"pass end{trailers}", "end None", "over None"],
            trial.News()[1..]);
    }

    [Fact]
    public void LastRecipient_AsksNoServer()
    {
        using var trial = new ExchangeTrial();
        trial.Begin("TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n");
        Assert.Equal(["answer as last"], trial.News());
        trial.Client.HeadsFit = false;
        trial.Begin("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n");
        Assert.Equal(["answer RequestHeadTooLarge"], trial.News());
    }
}
