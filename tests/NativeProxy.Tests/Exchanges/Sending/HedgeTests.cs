using System;
using System.Collections.Generic;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Logging;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Exchanges.Sending;

/// <summary>A second server is asked when the first one is slow; who answers first is passed on.</summary>
public sealed class HedgeTests : IDisposable
{
    private const string After100Ms = "[upstream.hedge]\nafter = \"100ms\"\n";
    private const string Start = "start GET /t Host: a (none) end";

    private readonly List<RequestPath> _wentOn = [];
    private PathTrial _trial = new(After100Ms);
    private RequestPath? _spare;
    private ScriptedStream? _second;
    private Hedge? _hedge;

    [Fact]
    public void SlowServer_HasASecondOneAskedBesides_WhichIsPassedOnWhenItAnswersFirst()
    {
        Ask();
        _trial.Settle(90);
        Assert.Empty(_second!.Calls);

        _trial.Settle(100);
        Assert.Equal(["open b"], _second.Calls);
        _trial.Run(_second.Connect);
        Assert.Equal(["open b", Start], _second.Calls);
        Answer(_second);

        Assert.Equal(["open a", Start, "release HedgeLost reset"], _trial.Stream.Calls);
        Assert.Equal("response 200", _trial.User.Last);
        Assert.Equal([_spare!], _wentOn);
        Assert.Equal((2, RetryCause.Hedge), (_spare!.Link.Tries.Count, _spare.Link.Tries.Cause));
        Assert.Equal((1L, 1L), (_trial.Count(CounterId.RetriesHedge), _trial.Count(CounterId.HedgesWon)));
        End(_spare);
    }

    [Fact]
    public void FirstServerThatAnswersAfterAll_IsPassedOn_AndTheSecondIsCut()
    {
        Ask();
        _trial.Settle(200);
        _trial.Run(_second!.Connect);

        Answer(_trial.Stream);

        Assert.Equal(["open b", Start, "release HedgeLost reset"], _second.Calls);
        Assert.Equal(["response 200"], _trial.User.Events.FindAll(static text => text.StartsWith("resp", StringComparison.Ordinal)));
        Assert.Empty(_wentOn);
        Assert.Equal((1, RetryCause.None), (_trial.Path.Link.Tries.Count, _trial.Path.Link.Tries.Cause));
        Assert.Equal((1L, 0L), (_trial.Count(CounterId.RetriesHedge), _trial.Count(CounterId.HedgesWon)));
        End(_trial.Path);
    }

    [Fact]
    public void AnswerInTime_AsksNobodyElse()
    {
        Ask();
        _trial.Settle(50);
        Answer(_trial.Stream);
        _trial.Settle(500);

        Assert.Empty(_second!.Calls);
        End(_trial.Path);
    }

    [Fact]
    public void InterimResponse_IsAnAnswer()
    {
        Ask();
        _trial.Settle(200);
        _trial.Run(_second!.Connect);
        _trial.Run(() => _second.User.OnServerInterim("x"u8, new ResponseHead(1) { StatusCode = 103 }));

        Assert.Equal("release HedgeLost reset", _trial.Stream.Last);
        Assert.Equal("interim 103", _trial.User.Last);
        Answer(_second);
        End(_spare!);
    }

    [Theory]
    [InlineData(ProxyError.ServerBadResponse, "release BadResponse reset")]
    [InlineData(ProxyError.ServerTruncatedResponse, "release ServerFin reset")]
    public void OneThatFails_DropsOut_AndTheOtherIsWaitedFor(object error, string released)
    {
        Ask();
        _trial.Settle(200);
        _trial.Run(_second!.Connect);
        _trial.Fail((ProxyError)error, answerHasBegun: true);

        Assert.Equal(released, _trial.Stream.Last);
        Assert.DoesNotContain(_trial.User.Events, static text => text.StartsWith("failed", StringComparison.Ordinal));
        Assert.Equal([_spare!], _wentOn);
        Answer(_second);
        Assert.Equal("response 200", _trial.User.Last);
        End(_spare!);
    }

    [Fact]
    public void BothFail_AndTheClientIsToldOnce()
    {
        Ask();
        _trial.Settle(200);
        _trial.Run(_second!.Connect);
        _trial.Run(() => _second.Fail(ProxyError.ServerBadResponse, answerHasBegun: true));
        Assert.DoesNotContain(_trial.User.Events, static text => text.StartsWith("failed", StringComparison.Ordinal));

        _trial.Fail(ProxyError.ServerBadResponse, answerHasBegun: true);

        Assert.Equal("failed ServerBadResponse", _trial.User.Last);
        End(_trial.Path);
    }

    [Fact]
    public void WithoutAPlaceInTheBudget_NobodyElseIsAsked()
    {
        Use(After100Ms + "[upstream.retry]\nbudget = 0\nbudget_min = 0");
        Ask();
        _trial.Settle(500);

        Assert.Empty(_second!.Calls);
        Assert.Equal((1L, 0L), (_trial.Count(CounterId.RetriesOverBudget), _trial.Count(CounterId.RetriesHedge)));
        Answer(_trial.Stream);
        End(_trial.Path);
    }

    [Fact]
    public void BudgetIsOfRequestsOfClients()
    {
        Use(After100Ms + "[upstream.retry]\nbudget = 50\nbudget_min = 0");
        for (int i = 0; i < 8; i++)
        {
            RequestPath path = _wentOn.Count % 2 == 0 ? _trial.Path : _spare!;
            Ask();
            _trial.Settle(200);
            Answer(_trial.Stream);
            End(path);
        }

        // Half of the requests so far, rounded down: were hedges requests, there would be more.
        Assert.Equal(4, _trial.Count(CounterId.RetriesHedge));
    }

    [Theory]
    [InlineData(HttpMethod.Get, false, true)]
    [InlineData(HttpMethod.Head, false, true)]
    [InlineData(HttpMethod.Options, false, false)]
    [InlineData(HttpMethod.Post, false, false)]
    [InlineData(HttpMethod.Get, true, false)]
    public void OnlyAGetOrHeadWithoutABody_IsSentTwice(object method, bool hasBody, bool expected)
    {
        Ask(new RequestTerms { Method = (HttpMethod)method }, hasBody ? BodyLength.Of(3) : default);
        _trial.Settle(200);

        Assert.Equal(expected, _second!.Calls.Count == 1);
        _trial.Run(_hedge!.End);
        _trial.Run(_trial.Path.Release);
    }

    [Fact]
    public void RequestThatAuthenticatesItsConnection_IsSentOnce()
    {
        Ask(new RequestTerms { Method = HttpMethod.Get, AuthenticatesConnection = true });
        _trial.Settle(500);

        Assert.Empty(_second!.Calls);
        _trial.Run(_hedge!.End);
        _trial.Run(_trial.Path.Release);
    }

    [Fact]
    public void OneServer_IsNotAskedTwice()
    {
        Use(After100Ms, servers: 1);
        Ask();
        _trial.Settle(500);

        Assert.Empty(_second!.Calls);
        Answer(_trial.Stream);
        End(_trial.Path);
    }

    [Fact]
    public void SecondServerWithoutRoom_IsNotWaitedFor()
    {
        Use(After100Ms, serverLines: "max_connections = 1");
        UpstreamConnection full = _trial.Fill(_trial.Servers[1]);
        Ask();
        _trial.Settle(500);

        Assert.Empty(_second!.Calls);
        Assert.Equal(0, _trial.Count(CounterId.QueueEntered));
        Answer(_trial.Stream);
        End(_trial.Path);
        _trial.Run(() => _trial.Servers[1].Release(full, ServerCloseReason.ClientAborted));
    }

    [Fact]
    public void EndOfTheExchange_CutsBoth()
    {
        Ask();
        _trial.Settle(200);
        _trial.Run(_second!.Connect);

        _trial.Run(_hedge!.End);
        _trial.Run(_trial.Path.Release);

        Assert.Equal("release HedgeLost reset", _second.Last);
        Assert.Equal("release Ambiguous", _trial.Stream.Last);
        Assert.Equal(0, _trial.LentBlocks);
        _trial.Settle(500);
        Assert.Equal(3, _second.Calls.Count);
    }

    [Fact]
    public void ClientThatIsSlowItself_HoldsBothUp()
    {
        Ask();
        _trial.Settle(200);
        _trial.Run(_second!.Connect);
        _trial.Run(_hedge!.Pause);
        _trial.Run(_hedge.Resume);

        Assert.Equal(["open b", Start, "pause", "resume"], _second.Calls);
        _trial.Run(_hedge.End);
        _trial.Run(_trial.Path.Release);
    }

    public void Dispose() => _trial.Dispose();

    private void Use(string settings, string serverLines = "", int servers = 2)
    {
        _trial.Dispose();
        _trial = new PathTrial(settings, serverLines, servers);
        _spare = null;
    }

    /// <summary>A request over a pooled connection to a, with a second path at hand.</summary>
    private void Ask(RequestTerms? terms = null, BodyLength body = default)
    {
        if (_spare is null)
        {
            (_spare, _second) = _trial.MakePath(_trial.User);
            _hedge = _trial.MakeHedge(_trial.Path, _spare, _wentOn.Add);
        }
        RequestTerms known = terms ?? new RequestTerms { Method = HttpMethod.Get };
        _trial.Stream.HasIdle = true;
        _trial.Run(() =>
        {
            Assert.True(_trial.TryBegin(_trial.Path, known, body));
            _hedge!.Begin(known);
            _trial.Path.Open(ahead: null, moreFollows: false);
        });
    }

    private void Answer(ScriptedStream stream) => _trial.Run(() =>
    {
        stream.User.OnServerAnswers();
        stream.User.OnServerResponse("x"u8, new ResponseHead(1) { StatusCode = 200 }, BodyPiece.End);
    });

    /// <summary>The exchange ends; nothing is left of either path.</summary>
    private void End(RequestPath path)
    {
        _trial.Run(_hedge!.End);
        _trial.Run(path.Release);
        Assert.Null(path.Hedge);
        Assert.Equal((0, 0), (_trial.LentBlocks, _trial.Group.Load.Count));
    }
}
