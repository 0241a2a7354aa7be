using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Exchanges.Sending;

/// <summary>What is sent again after a failure, where to, and what is not; each kind with the method that may not.</summary>
public sealed class RequestPathRetryTests
{
    private const string Unacknowledged = "[upstream.retry]\nunacknowledged = true";
    private const string AfterSilence = "[upstream.retry]\non = [\"response_timeout\"]";

    [Theory]
    [InlineData(HttpMethod.Get)]
    [InlineData(HttpMethod.Post)]
    public void FailedConnect_GoesToAnotherServer_WhateverTheMethod(object method)
    {
        using var trial = new PathTrial();
        trial.Ask((HttpMethod)method);
        Assert.Equal(["open a"], trial.Stream.Calls);

        Assert.Equal((0, -1), trial.Times);

        trial.Settle(5);
        trial.Fail(ProxyError.ServerConnectFailed);
        Assert.Equal((5, -1), trial.Times);
        trial.Settle(3);
        trial.Run(trial.Stream.Connect);

        Assert.Equal((5, 8), trial.Times);
        Assert.Equal(["open a", "open b", $"start {method.ToString()!.ToUpperInvariant()} /t Host: a (none) end"], trial.Stream.Calls);
        Assert.Equal(["wants body"], trial.User.Events);
        Assert.Equal((2, RetryCause.ConnectFailure), (trial.Path.Link.Tries.Count, trial.Path.Link.Tries.Cause));
        Assert.Equal(1, trial.Count(CounterId.RetriesConnectFailure));
    }

    [Fact]
    public void FailedConnects_AreTriedSoOften_AndNoMore()
    {
        using var trial = new PathTrial();
        trial.Ask(HttpMethod.Post);

        for (int i = 0; i < 3; i++)
            trial.Fail(ProxyError.ServerConnectTimeout);

        Assert.Equal(["open a", "open b", "open a"], trial.Stream.Calls);
        Assert.Equal("failed ServerConnectTimeout", trial.User.Last);
    }

    [Theory]
    [InlineData("redispatch = false", 2)]
    [InlineData("", 1)]
    public void SameServer_IsAskedAgainAfterAPause_WhichDoubles(string line, int servers)
    {
        using var trial = new PathTrial($"[upstream.retry]\nbackoff = \"100ms\"\n{line}", servers: servers);
        trial.Ask();
        trial.Fail(ProxyError.ServerConnectFailed);
        trial.Settle(45);
        Assert.Equal(["open a"], trial.Stream.Calls);
        trial.Settle(90);
        Assert.Equal(["open a", "open a"], trial.Stream.Calls);

        trial.Fail(ProxyError.ServerConnectFailed);
        trial.Settle(90);
        Assert.Equal(["open a", "open a"], trial.Stream.Calls);
        trial.Settle(150);
        Assert.Equal(["open a", "open a", "open a"], trial.Stream.Calls);
        trial.Fail(ProxyError.ServerConnectFailed);
        Assert.Equal("failed ServerConnectFailed", trial.User.Last);
    }

    [Fact]
    public void AnotherServer_IsAskedAtOnce_WhateverTheBackoff()
    {
        using var trial = new PathTrial("[upstream.retry]\nbackoff = \"1m\"");
        trial.Ask();
        trial.Fail(ProxyError.ServerConnectFailed);

        Assert.Equal(["open a", "open b"], trial.Stream.Calls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ClientThatLeavesInThePause_IsNotServed(bool isHeard)
    {
        using var trial = new PathTrial("[upstream.retry]\nbackoff = \"100ms\"", servers: 1);
        trial.Ask();
        trial.Fail(ProxyError.ServerConnectFailed);
        trial.User.ClientHasLeft = true;
        if (isHeard)
            trial.Run(trial.Path.Release);
        trial.Settle(200);

        Assert.Equal(["open a"], trial.Stream.Calls);
        Assert.Equal(isHeard ? [] : ["left"], trial.User.Events);
    }

    [Theory]
    [InlineData("on = [\"junk_response\"]", HttpMethod.Get, "open b")]
    [InlineData("on = [\"junk_response\"]", HttpMethod.Post, "")]
    [InlineData("on = [\"empty_response\"]", HttpMethod.Get, "")]
    [InlineData("on = [\"junk_response\"]\nattempts = 1", HttpMethod.Get, "")]
    [InlineData("on = [\"junk_response\"]\nbudget = 0\nbudget_min = 0", HttpMethod.Get, "")]
    public void WhatIsNoHeadOfAnAnswer_SendsItElsewhereWhereThatIsWanted(string lines, object method, string expected)
    {
        using var trial = new PathTrial("[upstream.retry]\n" + lines);
        trial.AskReused((HttpMethod)method);
        trial.Run(trial.Stream.User.OnServerAnswers);
        trial.Run(() => trial.Stream.User.OnServerFailed(
            new ServerFailure { Error = ProxyError.ServerBadResponse, AnswerHasBegun = true, HeadIsBad = true }));

        Assert.Equal(expected.Length > 0, trial.Stream.Calls.Contains(expected));
        Assert.Equal(expected.Length > 0 ? 1 : 0, trial.Count(CounterId.RetriesJunkResponse));
        if (expected.Length == 0)
            Assert.Equal("failed ServerBadResponse", trial.User.Last);
    }

    [Fact]
    public void BadBytesBehindAHead_AreNeverReplaced()
    {
        using var trial = new PathTrial("[upstream.retry]\non = [\"junk_response\"]");
        trial.AskReused(HttpMethod.Get);
        trial.Run(trial.Stream.User.OnServerAnswers);
        trial.Run(() => trial.Stream.User.OnServerResponse("x"u8, new ResponseHead(1) { StatusCode = 200 }, default));
        trial.Fail(ProxyError.ServerBadResponse, answerHasBegun: true);

        Assert.Equal("failed ServerBadResponse", trial.User.Last);
        Assert.Equal(0, trial.Count(CounterId.RetriesJunkResponse));
    }

    [Theory]
    [InlineData(HttpMethod.Get, SendProof.Unknown, "", RetryCause.StaleReuse)]
    [InlineData(HttpMethod.Put, SendProof.Unknown, "", RetryCause.StaleReuse)]
    [InlineData(HttpMethod.Post, SendProof.Unknown, "", RetryCause.None)]
    [InlineData(HttpMethod.Post, SendProof.NothingSent, "", RetryCause.StaleReuse)]
    [InlineData(HttpMethod.Post, SendProof.Unacknowledged, "", RetryCause.None)]
    [InlineData(HttpMethod.Post, SendProof.Unacknowledged, Unacknowledged, RetryCause.Unacknowledged)]
    [InlineData(HttpMethod.Post, SendProof.Unknown, Unacknowledged, RetryCause.None)]
    [InlineData(HttpMethod.Get, SendProof.Unacknowledged, Unacknowledged, RetryCause.StaleReuse)]
    public void StaleConnection_IsReplacedByAFreshOneToTheSameServer_ByMethodAndProof(object method, object proof, string settings, object cause)
    {
        using var trial = new PathTrial(settings);
        trial.AskReused((HttpMethod)method);
        string start = $"start {method.ToString()!.ToUpperInvariant()} /t Host: a (none) end";
        Assert.Equal(["open a", start], trial.Stream.Calls);

        trial.Fail(ProxyError.ServerClosedBeforeResponse, (SendProof)proof);

        Assert.Equal((RetryCause)cause, trial.Path.Link.Tries.Cause);
        if ((RetryCause)cause == RetryCause.None)
        {
            Assert.Equal(["open a", start], trial.Stream.Calls);
            Assert.Equal("failed ServerClosedBeforeResponse", trial.User.Last);
            return;
        }
        trial.Run(trial.Stream.Connect);
        Assert.Equal(["open a", start, "release ServerFin", "open a fresh", start], trial.Stream.Calls);
        bool isUnacknowledged = (RetryCause)cause == RetryCause.Unacknowledged;
        Assert.Equal((isUnacknowledged ? 1L : 0L, isUnacknowledged ? 0L : 1L),
            (trial.Count(CounterId.RetriesUnacknowledged), trial.Count(CounterId.RetriesStaleReuse)));
    }

    [Theory]
    [InlineData(HttpMethod.Get, true)]
    [InlineData(HttpMethod.Delete, true)]
    [InlineData(HttpMethod.Post, false)]
    [InlineData(HttpMethod.Patch, false)]
    public void FreshConnectionWithoutAnAnswer_IsLeftForAnotherServer_ByMethod(object method, bool isRetried)
    {
        using var trial = new PathTrial();
        trial.AskFresh((HttpMethod)method);

        trial.Fail(ProxyError.ServerClosedBeforeResponse);

        Assert.Equal(isRetried ? "open b" : "failed ServerClosedBeforeResponse", isRetried ? trial.Stream.Last : trial.User.Last);
        Assert.Equal(isRetried ? 1 : 0, trial.Count(CounterId.RetriesEmptyResponse));
    }

    [Fact]
    public void WithoutAnotherServer_AFreshConnectionIsTheLast()
    {
        using var trial = new PathTrial(servers: 1);
        trial.AskFresh(HttpMethod.Get);

        trial.Fail(ProxyError.ServerClosedBeforeResponse);

        Assert.Equal("failed ServerClosedBeforeResponse", trial.User.Last);
    }

    [Theory]
    [InlineData(HttpMethod.Get, AfterSilence, true)]
    [InlineData(HttpMethod.Get, "", false)]
    [InlineData(HttpMethod.Post, AfterSilence, false)]
    public void SilentServer_IsLeftWithAReset_WhereThatIsWanted_ByMethod(object method, string settings, bool isRetried)
    {
        using var trial = new PathTrial(settings);
        trial.AskFresh((HttpMethod)method);

        trial.Fail(ProxyError.ServerResponseTimeout);

        if (isRetried)
            Assert.Equal(["release Timeout reset", "open b"], trial.Stream.Calls[^2..]);
        else
            Assert.Equal("failed ServerResponseTimeout", trial.User.Last);
        Assert.Equal(isRetried ? 1 : 0, trial.Count(CounterId.RetriesResponseTimeout));
    }

    [Fact]
    public void SecondTriesThatCost_AreBounded()
    {
        using var trial = new PathTrial("[upstream.retry]\nbudget = 0\nbudget_min = 0");
        trial.AskFresh(HttpMethod.Get);

        trial.Fail(ProxyError.ServerClosedBeforeResponse);

        Assert.Equal("failed ServerClosedBeforeResponse", trial.User.Last);
        Assert.Equal(1, trial.Count(CounterId.RetriesOverBudget));
    }

    [Fact]
    public void AnswerThatHasBegun_IsNeverReplaced()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Get);
        trial.Run(trial.Stream.User.OnServerAnswers);
        Assert.Equal(0, trial.LentBlocks);

        trial.Fail(ProxyError.ServerBadResponse, answerHasBegun: true);

        Assert.Equal("failed ServerBadResponse", trial.User.Last);
    }

    [Theory]
    [InlineData(ProxyError.ServerBadResponse)]
    [InlineData(ProxyError.ServerTruncatedResponse)]
    [InlineData(ProxyError.ServerBadBody)]
    [InlineData(ProxyError.BuffersExhausted)]
    public void OtherFailures_AreNotRetried(object error)
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Get);

        trial.Fail((ProxyError)error);

        Assert.Equal($"failed {error}", trial.User.Last);
    }

    [Fact]
    public void StaleConnectionOfAServerThatIsDown_IsReplacedByOneToAnother()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Get);
        trial.Run(() => trial.Servers[0].ChangeAddresses([]));

        trial.Fail(ProxyError.ServerClosedBeforeResponse);

        Assert.StartsWith("open b", trial.Stream.Calls[^2], System.StringComparison.Ordinal);
    }

    [Fact]
    public void SecondStaleConnection_IsLeftForAnotherServer()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Get);
        trial.Fail(ProxyError.ServerClosedBeforeResponse);
        trial.Run(trial.Stream.Connect);
        Assert.Equal("open a fresh", trial.Stream.Calls[^2]);

        trial.Stream.HasIdle = false;
        trial.Fail(ProxyError.ServerClosedBeforeResponse);

        Assert.Equal("open b", trial.Stream.Last);
        Assert.Equal((1L, 1L), (trial.Count(CounterId.RetriesStaleReuse), trial.Count(CounterId.RetriesEmptyResponse)));
    }
}
