using System;
using System.Linq;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Exchanges.Sending;

/// <summary>Bodies that are kept so that they can be sent again: whole, in order, with their trailers, and within their bound.</summary>
public sealed class RequestPathReplayTests
{
    [Fact]
    public void WhatWentOut_GoesOutAgain_AndTheRestFollows()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Put, BodyLength.Unknown);
        Assert.True(trial.Path.CanStart);
        trial.Send("abc");
        trial.Send("def");

        trial.Fail(ProxyError.ServerClosedBeforeResponse);
        Assert.False(trial.Path.WantsBody);
        trial.User.Events.Clear();
        trial.Run(trial.Stream.Connect);

        Assert.Equal(
            ["open a", "start PUT /t Host: a (unknown) \"abc\"", "send \"def\"", "release ServerFin", "open a fresh",
                "start PUT /t Host: a (unknown) \"abcdef\""],
            trial.Stream.Calls);
        Assert.Equal(["wants body"], trial.User.Events);
        trial.Send("ghi", isLast: true, "A: b\r\n");
        Assert.Equal("send \"ghi\" end A: b|", trial.Stream.Last);
        Assert.Equal((true, 9L, 1L), (trial.Path.IsComplete, trial.Path.BodyBytes, trial.Count(CounterId.ReplayedBodies)));
    }

    [Fact]
    public void WholeBodyWithTrailers_IsSaidAgainAsItWas()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Put, BodyLength.Unknown);
        trial.Send("abc");
        trial.Send("def", isLast: true, "A: b\r\n");

        trial.Fail(ProxyError.ServerClosedBeforeResponse);
        trial.Run(trial.Stream.Connect);
        Assert.Equal("start PUT /t Host: a (unknown) \"abcdef\" end A: b|", trial.Stream.Last);

        trial.Stream.HasIdle = false;
        trial.Fail(ProxyError.ServerClosedBeforeResponse);
        trial.Run(trial.Stream.Connect);
        Assert.Equal(["open b", "start PUT /t Host: a (unknown) \"abcdef\" end A: b|"], trial.Stream.Calls[^2..]);
        trial.Run(trial.Path.Release);
        Assert.Equal(0, trial.LentBlocks);
    }

    [Fact]
    public void TrailersAlone_AreSaidAgain()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Put, BodyLength.Unknown);
        trial.Send("", isLast: true, "A: b\r\n");

        trial.Fail(ProxyError.ServerClosedBeforeResponse);
        trial.Run(trial.Stream.Connect);

        Assert.Equal("start PUT /t Host: a (unknown) end A: b|", trial.Stream.Last);
    }

    [Fact]
    public void EmptyBodyOfUnknownLength_IsSaidAgain()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Put, BodyLength.Unknown);
        trial.Send("", isLast: true);

        trial.Fail(ProxyError.ServerClosedBeforeResponse);
        trial.Run(trial.Stream.Connect);

        Assert.Equal("start PUT /t Host: a (unknown) end", trial.Stream.Last);
    }

    [Fact]
    public void Replay_WaitsForAServerThatTakesNoMoreForTheMoment()
    {
        using var trial = new PathTrial();
        string body = string.Concat(Enumerable.Range(0, 5000).Select(static i => $"{i},"));
        trial.AskReused(HttpMethod.Put, BodyLength.Unknown);
        foreach (char[] piece in body.Chunk(1000))
            trial.Send(new string(piece));
        trial.Fail(ProxyError.ServerClosedBeforeResponse);
        int before = trial.Stream.Calls.Count;
        trial.Stream.BlocksAfterEach = true;

        trial.Run(trial.Stream.Connect);
        int rounds = 0;
        for (; trial.Stream.Blocked; rounds++)
        {
            Assert.False(trial.Path.WantsBody);
            Assert.Equal(before + 1 + rounds, trial.Stream.Calls.Count);
            trial.Run(trial.Stream.Drain);
        }

        Assert.InRange(rounds, 2, 50);
        Assert.True(trial.Path.WantsBody);
        string sent = string.Concat(trial.Stream.Calls[before..].Select(static call => call.Split('"')[1]));
        Assert.Equal(body, sent);
        trial.Send("end", isLast: true);
        Assert.Equal("send \"end\" end", trial.Stream.Last);
    }

    [Fact]
    public void LastPieceOfAReplay_IsTheLastOnlyWhenTheBodyIsWhole()
    {
        foreach (bool isWhole in (bool[])[true, false])
        {
            using var trial = new PathTrial();
            trial.AskReused(HttpMethod.Put, BodyLength.Of(20_000));
            trial.Send(new string('x', isWhole ? 20_000 : 19_999), isWhole);
            trial.Fail(ProxyError.ServerClosedBeforeResponse);
            int before = trial.Stream.Calls.Count;

            trial.Run(trial.Stream.Connect);

            string[] calls = [.. trial.Stream.Calls[before..]];
            Assert.True(calls.Length > 1);
            Assert.Equal(isWhole ? 1 : 0, calls.Count(static call => call.EndsWith(" end", StringComparison.Ordinal)));
            Assert.Equal(isWhole, calls[^1].EndsWith(" end", StringComparison.Ordinal));
            Assert.Equal(isWhole ? 20_000 : 19_999, calls.Sum(static call => call.Split('"')[1].Length));
        }
    }

    [Theory]
    [InlineData(1024, true)]
    [InlineData(1025, false)]
    public void Body_IsKeptUpToItsBound_AndGivenUpBeyondIt(int bodyBytes, bool isKept)
    {
        foreach (BodyLength length in (BodyLength[])[BodyLength.Unknown, BodyLength.Of(bodyBytes)])
        {
            using var trial = new PathTrial("[upstream.retry]\nbody_bytes = 1024");
            trial.AskReused(HttpMethod.Put, length);
            trial.Send(new string('x', 1000));
            trial.Send(new string('y', bodyBytes - 1000), isLast: true);
            Assert.Equal(isKept, trial.LentBlocks > 0);

            trial.Fail(ProxyError.ServerClosedBeforeResponse);

            Assert.Equal(isKept ? "open a fresh" : $"send \"{new string('y', bodyBytes - 1000)}\" end", trial.Stream.Last);
            Assert.Equal(isKept ? [] : ["failed ServerClosedBeforeResponse"], trial.User.Events);
        }
    }

    [Fact]
    public void BodyThatCouldNotBeSentAgain_IsNotKept()
    {
        using var post = new PathTrial();
        post.AskFresh(HttpMethod.Post, BodyLength.Of(6));
        Assert.Equal(1, post.LentBlocks);
        post.Send("abc");
        Assert.Equal(0, post.LentBlocks);
        post.Send("def", isLast: true);
        Assert.Equal("send \"def\" end", post.Stream.Last);

        using var alone = new PathTrial(servers: 1);
        alone.AskFresh(HttpMethod.Put, BodyLength.Of(3));
        alone.Send("abc", isLast: true);
        Assert.Equal(0, alone.LentBlocks);
    }

    [Fact]
    public void PostOfWhichNothingWasSent_IsKept_AndSentAgainWithItsBody()
    {
        using var trial = new PathTrial();
        trial.Stream.RefusesAfter = "start";
        trial.Stream.HasIdle = true;
        trial.Ask(HttpMethod.Post, BodyLength.Of(6));
        trial.Run(() => trial.Stream.Proof = SendProof.NothingSent);
        trial.Send("abc");
        Assert.True(trial.Path.WantsBody);
        trial.Send("def", isLast: true);
        Assert.Equal("start POST /t Host: a (6 bytes) \"abc\"", trial.Stream.Last);

        trial.Stream.RefusesAfter = "none";
        trial.Fail(ProxyError.ServerClosedBeforeResponse, SendProof.NothingSent);
        trial.Run(trial.Stream.Connect);

        Assert.Equal(["release ServerFin", "open a fresh", "start POST /t Host: a (6 bytes) \"abcdef\" end"], trial.Stream.Calls[^3..]);
    }

    [Fact]
    public void ServerThatRefusesInTheMiddleOfAReplay_GetsNoMoreOfIt()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Put, BodyLength.Of(40_000));
        trial.Send(new string('x', 40_000), isLast: true);
        trial.Fail(ProxyError.ServerClosedBeforeResponse);
        trial.Stream.RefusesAfter = "start";
        int before = trial.Stream.Calls.Count;

        trial.Run(trial.Stream.Connect);

        Assert.Equal(before + 1, trial.Stream.Calls.Count);
    }

    [Fact]
    public void AnswerInTheMiddleOfAReplay_EndsTheKeepingOnly()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Put, BodyLength.Unknown);
        trial.Send(new string('x', 20_000));
        trial.Fail(ProxyError.ServerClosedBeforeResponse);
        trial.Stream.BlocksAfterEach = true;
        trial.Run(trial.Stream.Connect);
        Assert.True(trial.Stream.Blocked);

        trial.Run(trial.Stream.User.OnServerAnswers);
        Assert.True(trial.LentBlocks > 0);
        trial.Stream.BlocksAfterEach = false;
        trial.Run(trial.Stream.Drain);

        string[] calls = [.. trial.Stream.Calls.SkipWhile(static call => call != "open a fresh").Skip(1)];
        Assert.Equal(20_000, calls.Sum(static call => call.Split('"')[1].Length));
        Assert.Equal(0, trial.LentBlocks);
        trial.Send("end", isLast: true);
        Assert.Equal("send \"end\" end", trial.Stream.Last);
    }
}
