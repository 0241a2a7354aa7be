using System;
using System.Globalization;
using System.Linq;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Exchanges;

/// <summary>The cache between two faces: hits piece by piece, fills, and the fetch that goes on alone.</summary>
public sealed class CachedExchangeTests
{
    private const string Cache = "[upstream.cache]\nbytes = \"4MiB\"\nobject_bytes = \"2MiB\"";
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Fresh = "Cache-Control: max-age=60\r\nETag: \"x\"\r\n";

    [Fact]
    public void Hit_ComesWithoutAServer_AtTheEndOfTheTurn()
    {
        using var trial = Filled("hello");
        trial.Begin();
        Assert.Equal(0, trial.EventsWithinBegin);
        trial.Settle(3000);
        Assert.Equal(["respond 200 (5 bytes) \"hello\" end, age 0", "over None"], trial.News());
        trial.Begin();
        Assert.Equal(["respond 200 (5 bytes) \"hello\" end, age 3", "over None"], trial.News());
        Assert.Equal(2, trial.Count(CounterId.CacheHits));
    }

    [Fact]
    public void HitToHead_HasNoBody_AndAConditionIsAnswered304()
    {
        using var trial = Filled("hello");
        trial.Begin("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        trial.Begin("GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"x\"\r\n\r\n");
        Assert.Equal(["respond 200 (none) end, age 0", "over None", "respond 304 (none) end, age 0", "over None"], trial.News());
    }

    [Fact]
    public void HitWhoseTurnHasNotCome_WaitsForIt()
    {
        using var trial = Filled("hello");
        trial.Begin(Get, ahead: trial.Exchange);
        Assert.Empty(trial.News());
        trial.Run(trial.Exchange.OnClientDrained);
        Assert.Equal(["respond 200 (5 bytes) \"hello\" end, age 0", "over None"], trial.News());
    }

    [Fact]
    public void HitOfManyPieces_LetsOthersHaveTheirTurns_AndIsWhole()
    {
        using var trial = Filled(new string('x', 1_000_000));
        trial.Begin();
        string[] news = trial.News();
        Assert.StartsWith("respond 200 (1000000 bytes) ", news[0], StringComparison.Ordinal);
        int[] pieces = [.. news[..^1].Select(static text => LengthOf(text.Replace(",", "", StringComparison.Ordinal).Split(' ')))];
        Assert.Equal(1_000_000, pieces.Sum());
        Assert.True(pieces.Length > 16);
        Assert.EndsWith(" end", news[^2], StringComparison.Ordinal);
        Assert.Equal("over None", news[^1]);
    }

    [Fact]
    public void HitForABlockedClient_WaitsAndGoesOn()
    {
        using var trial = Filled(new string('x', 100_000));
        trial.Client.BlocksNext = true;
        trial.Begin();
        Assert.Equal(2, trial.Events.Count);
        trial.Settle(1000);
        Assert.StartsWith("respond 200 ", trial.Events[0], StringComparison.Ordinal);
        Assert.Equal(["pause"], trial.News()[1..]);
        trial.Client.BlocksNext = true;
        trial.Run(trial.Exchange.OnClientDrained);
        trial.Settle(1000);
        Assert.Equal(2, trial.Events.Count);
        trial.Run(trial.Exchange.OnClientDrained);
        trial.Settle();
        Assert.Equal("over None", trial.News()[^1]);
    }

    /// <summary>The object serves the next request of its stream, which may come within the end of this one.</summary>
    [Fact]
    public void HitWithinTheEndOfAHit_BeginsWithItsHead()
    {
        using var trial = Filled("hello");
        trial.Begin();
        trial.Begin();
        trial.Client.BlocksNext = true;
        trial.Begin();
        Assert.Equal(3, trial.News().Count(static text => text == "respond 200 (5 bytes) \"hello\" end, age 0"));
    }

    [Fact]
    public void ClientThatLeavesAHit_StopsIt()
    {
        using var trial = Filled(new string('x', 100_000));
        trial.Client.BlocksNext = true;
        trial.Begin();
        trial.Run(() => trial.Client.Leave(ProxyError.ClientAborted, CloseReason.ClientAborted));
        trial.News();
        trial.Settle(1000);
        Assert.Empty(trial.News());
        trial.Begin();
        Assert.Equal("over None", trial.News()[^1]);
    }

    [Fact]
    public void OnlyIfCached_IsAnsweredWhenThereIsNothing()
    {
        using var trial = new ExchangeTrial(upstream: Cache);
        trial.Begin("GET / HTTP/1.1\r\nHost: a\r\nCache-Control: only-if-cached\r\n\r\n");
        Assert.Equal(["answer NotCached"], trial.News());
    }

    [Theory]
    [InlineData(ServerCloseReason.None, true)]
    [InlineData(ServerCloseReason.ServerSaid, true)]
    [InlineData(ServerCloseReason.SurplusBytes, false)]
    [InlineData(ServerCloseReason.Ambiguous, false)]
    public void Answer_IsKeptOnlyWhenNothingAboutItIsDoubtful(object verdict, bool isKept)
    {
        using var trial = new ExchangeTrial(upstream: Cache);
        trial.Begin();
        trial.Server.Verdict = (ServerCloseReason)verdict;
        trial.Respond(Fresh + "Content-Length: 5\r\n", "he", isLast: false);
        Assert.True(trial.Exchange.IsWorthFinishing);
        trial.Pass("llo", isLast: true);
        Assert.Equal(isKept ? 1 : 0, trial.Count(CounterId.CacheStores));
        trial.News();
        trial.Begin();
        Assert.Equal(isKept, trial.News()[0].StartsWith("respond", StringComparison.Ordinal));
    }

    [Fact]
    public void ClientThatLeavesAFill_LeavesAFetchThatFinishesIt()
    {
        using var trial = new ExchangeTrial("half_close = \"finish\"", Cache);
        trial.Begin();
        trial.Respond(Fresh + "Content-Length: 5\r\n", "he", isLast: false);
        trial.Server.PassesOn = true;
        trial.Run(() => trial.Client.Leave(ProxyError.ClientAborted, CloseReason.ClientAborted));
        Assert.Equal(["leave line", "pass on"], trial.News()[3..]);
        Assert.Equal(1, trial.Count(CounterId.CacheFetchesAlone));
        trial.Begin("GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
        trial.Respond("HTTP/1.1 204 None\r\n");
        trial.News();
        trial.Pass("llo", isLast: true, stream: trial.Streams[^1]);
        Assert.Equal(["end None"], trial.News());
        trial.Begin();
        Assert.Equal(["respond 200 (5 bytes) \"hello\" end, age 0", "over None"], trial.News());
    }

    [Theory]
    [InlineData("half_close = \"abort\"", CloseReason.ClientAborted, true)]
    [InlineData("half_close = \"finish\"", CloseReason.SendTimeout, true)]
    [InlineData("half_close = \"finish\"", CloseReason.ClientAborted, false)]
    public void FetchDoesNotGoOnAlone_WhereNobodyWouldFinishIt(string listener, object reason, bool passesOn)
    {
        using var trial = new ExchangeTrial(listener, Cache);
        trial.Begin();
        trial.Respond(Fresh + "Content-Length: 5\r\n", "he", isLast: false);
        trial.Server.PassesOn = passesOn;
        trial.Run(() => trial.Client.Leave(ProxyError.ClientAborted, (CloseReason)reason));
        Assert.Equal("release ClientAborted reset", trial.News()[^1]);
        Assert.Equal((0, 0), (trial.Count(CounterId.CacheFetchesAlone), trial.Count(CounterId.CacheBytesHeld)));
    }

    /// <summary>Of a piece, with or without a head before it.</summary>
    private static int LengthOf(string[] words) => int.Parse(words[words[0] == "pass" ? 1 : 4], CultureInfo.InvariantCulture);

    private static ExchangeTrial Filled(string body)
    {
        var trial = new ExchangeTrial(upstream: Cache);
        trial.Begin();
        trial.Respond(Fresh + $"Content-Length: {body.Length}\r\n", body);
        Assert.Equal(1, trial.Count(CounterId.CacheStores));
        trial.News();
        return trial;
    }
}
