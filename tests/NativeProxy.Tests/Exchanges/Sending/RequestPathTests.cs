using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Exchanges.Sending;

/// <summary>The way of one request: connections, lines, pieces of its body, and its ends.</summary>
public sealed class RequestPathTests
{
    [Fact]
    public void RequestWithoutABody_IsSaidAtOnceOnAPooledConnection()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Get);

        Assert.Equal(["open a", "start GET /t Host: a (none) end"], trial.Stream.Calls);
        Assert.Empty(trial.User.Events);
        Assert.Equal((0, 0), trial.Times);
        Assert.Equal((true, false, "a"), (trial.Path.IsComplete, trial.Path.WantsBody, trial.Path.Link.Server!.Name));
    }

    [Fact]
    public void Body_IsWantedOnceAConnectionIsThere_AndStartsTheRequest()
    {
        using var trial = new PathTrial();
        trial.Ask(HttpMethod.Put, BodyLength.Of(6));
        Assert.False(trial.Path.WantsBody);

        trial.Run(trial.Stream.Connect);
        Assert.Equal((true, true, "wants body"), (trial.Path.WantsBody, trial.Path.CanStart, trial.User.Last));
        Assert.Equal("open a", trial.Stream.Last);
        trial.Send("");
        Assert.Equal("start PUT /t Host: a (6 bytes)", trial.Stream.Last);
        Assert.False(trial.Path.CanStart);
        trial.Send("abc");
        trial.Send("");
        Assert.Equal("send \"abc\"", trial.Stream.Last);
        trial.Send("def", isLast: true);

        Assert.Equal("send \"def\" end", trial.Stream.Last);
        Assert.Equal((true, false, 6L), (trial.Path.IsComplete, trial.Path.WantsBody, trial.Path.BodyBytes));
    }

    [Fact]
    public void EmptyBody_NeedsNoPiece()
    {
        using var trial = new PathTrial();

        trial.AskReused(HttpMethod.Post, BodyLength.Of(0));

        Assert.Equal("start POST /t Host: a (0 bytes) end", trial.Stream.Last);
        Assert.True(trial.Path.IsComplete);
    }

    [Fact]
    public void BlockedServer_HoldsTheBodyBack()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Put, BodyLength.Of(6));
        trial.Stream.BlocksAfterEach = true;
        trial.Send("abc");
        Assert.False(trial.Path.WantsBody);
        trial.User.Events.Clear();

        trial.Run(trial.Stream.Drain);

        Assert.Equal(["wants body"], trial.User.Events);
        Assert.True(trial.Path.WantsBody);
    }

    [Fact]
    public void ServerThatTakesNoMore_GetsNoMore_AndTheRestIsReadNevertheless()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Post, BodyLength.Of(9));
        trial.Stream.RefusesAfter = "send";
        trial.Send("abc");
        trial.Send("def");
        Assert.Equal("send \"def\"", trial.Stream.Last);

        Assert.True(trial.Path.WantsBody);
        trial.Send("ghi", isLast: true);

        Assert.Equal("send \"def\"", trial.Stream.Last);
        Assert.Equal((true, 9L), (trial.Path.IsComplete, trial.Path.BodyBytes));
    }

    [Fact]
    public void RefusalThatIsFoundOutLater_AsksForTheRestOfTheBody()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Post, BodyLength.Of(6));
        trial.Send("abc");
        trial.User.Events.Clear();

        trial.Run(trial.Stream.Refuse);

        Assert.Equal(["wants body"], trial.User.Events);
        trial.Send("def", isLast: true);
        Assert.Equal("start POST /t Host: a (6 bytes) \"abc\"", trial.Stream.Last);
        trial.Run(() => trial.Stream.User.OnServerResponse("x"u8, new ResponseHead(1) { StatusCode = 413 }, BodyPiece.End));
        Assert.Equal("response 413", trial.User.Last);
    }

    [Theory]
    [InlineData("abcde", false)]
    [InlineData("abcdef", true)]
    public void BodyThatTurnsOutTooLong_IsRefusedBeforeItGoesOut(string body, bool isRefused)
    {
        using var trial = new PathTrial();
        trial.Stream.HasIdle = true;
        trial.Ask(body: BodyLength.Unknown, terms: new RequestTerms { Method = HttpMethod.Put, BodyBytesMax = 5 });

        trial.Send(body);

        Assert.Equal(isRefused ? ["failed RequestBodyTooLarge"] : [], trial.User.Events);
        Assert.Equal(isRefused ? "open a" : "start PUT /t Host: a (unknown) \"abcde\"", trial.Stream.Last);
    }

    [Fact]
    public void BodyThatTurnsOutTooLongLater_IsRefused()
    {
        using var trial = new PathTrial();
        trial.Stream.HasIdle = true;
        trial.Ask(body: BodyLength.Unknown, terms: new RequestTerms { Method = HttpMethod.Put, BodyBytesMax = 5 });
        trial.Send("abc");

        trial.Send("def");

        Assert.Equal("failed RequestBodyTooLarge", trial.User.Last);
        Assert.Equal("start PUT /t Host: a (unknown) \"abc\"", trial.Stream.Last);
    }

    [Fact]
    public void Connect_GetsAFreshConnection_AndSaysNothing()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Connect);
        Assert.Equal(["open a fresh"], trial.Stream.Calls);

        trial.Run(trial.Stream.Connect);

        Assert.Equal(["open a fresh"], trial.Stream.Calls);
        Assert.Equal(["tunnel"], trial.User.Events);
        Assert.Equal((0, 0), trial.Times);
    }

    [Fact]
    public void ConnectThatFails_GoesElsewhere()
    {
        using var trial = new PathTrial();
        trial.Ask(HttpMethod.Connect);

        trial.Fail(ProxyError.ServerConnectFailed);
        trial.Run(trial.Stream.Connect);

        Assert.Equal(["open a fresh", "open b fresh"], trial.Stream.Calls);
        Assert.Equal("tunnel", trial.User.Last);
    }

    [Fact]
    public void LostPinnedConnection_IsReplacedByNoOther()
    {
        using var trial = new PathTrial();
        trial.User.Pin = new PinnedServer(null!);
        trial.User.Pin.Keep(null!, trial.Group);

        trial.AskReused(HttpMethod.Get);

        Assert.Equal(["failed ServerClosedBeforeResponse"], trial.User.Events);
        Assert.Equal(((0, -1), false), (trial.Times, trial.Path.Link.HasBeenOut));
        Assert.Empty(trial.Stream.Calls);
        Assert.Equal((true, true), (trial.Path.Link.IsOnPin, trial.Path.Link.PinEnds));
    }

    [Fact]
    public void PinOfAnotherGroup_DoesNotCount()
    {
        using var trial = new PathTrial();
        using var other = new PathTrial();
        trial.User.Pin = new PinnedServer(null!);
        trial.User.Pin.Keep(null!, other.Group);

        trial.AskReused(HttpMethod.Get);

        Assert.Equal("start GET /t Host: a (none) end", trial.Stream.Last);
    }

    [Fact]
    public void CredentialsOfTheConnection_AreToldBeforeTheyGoOut()
    {
        using var trial = new PathTrial();
        trial.Stream.HasIdle = true;
        int callsBefore = -1;
        trial.User.Then = text => callsBefore = text == "authenticates" ? trial.Stream.Calls.Count : callsBefore;

        trial.Ask(terms: new RequestTerms { Method = HttpMethod.Get, AuthenticatesConnection = true });

        Assert.Equal((1, 2), (callsBefore, trial.Stream.Calls.Count));
    }

    [Fact]
    public void PipelinableRequests_FollowOnTheSameConnection_OthersDoNot()
    {
        using var trial = new PathTrial("keepalive.pipelining = 4");
        RequestTerms terms = new() { Method = HttpMethod.Get, IsPipelinable = true };
        trial.Stream.HasIdle = true;
        trial.Run(() =>
        {
            trial.TryBegin(trial.Path, terms, BodyLength.None);
            trial.Path.Open(ahead: null, moreFollows: true);
        });
        Assert.Equal("start GET /t Host: a (none) end more", trial.Stream.Last);

        foreach (bool isPipelinable in (bool[])[true, false])
        {
            (RequestPath path, ScriptedStream stream) = trial.MakePath(new RecordingPathUser());
            stream.HasIdle = stream.LetsFollow = true;
            trial.Run(() =>
            {
                trial.TryBegin(path, terms with { IsPipelinable = isPipelinable }, BodyLength.None);
                path.Open(trial.Path, moreFollows: false);
            });
            Assert.Equal(isPipelinable ? "follow 4" : "open a", stream.Calls[0]);
            Assert.Equal("start GET /t Host: a (none) end", stream.Last);
            Assert.Equal(isPipelinable ? "start GET /t Host: a (none) end more" : "flush", trial.Stream.Last);
        }
    }

    [Fact]
    public void FollowerWhoseTurnIsLost_GoesAloneToAnotherConnection()
    {
        using var trial = new PathTrial("keepalive.pipelining = 4");
        RequestTerms terms = new() { Method = HttpMethod.Get, IsPipelinable = true };
        trial.Stream.HasIdle = true;
        trial.Ask(terms: terms);
        var user = new RecordingPathUser();
        (RequestPath path, ScriptedStream stream) = trial.MakePath(user);
        stream.LetsFollow = true;
        trial.Run(() =>
        {
            trial.TryBegin(path, terms, BodyLength.None);
            path.Open(trial.Path, moreFollows: false);
        });

        trial.Settle(5);
        trial.Run(() => stream.Fail(ProxyError.ServerClosedBeforeResponse));
        Assert.Equal((5, -1), trial.TimesOf(path));
        trial.Run(stream.Connect);

        Assert.Equal(
            ["follow 4", "start GET /t Host: a (none) end", "release ServerFin", "open a fresh", "start GET /t Host: a (none) end"], stream.Calls);
        Assert.Equal(["wants body"], user.Events);
        Assert.Equal(((5, 5), true), (trial.TimesOf(path), path.Link.HasBeenOut));
    }

    [Theory]
    [InlineData(ProxyError.ServerBadResponse, CounterId.BadResponses, "release BadResponse reset")]
    [InlineData(ProxyError.ServerBadBody, CounterId.BadResponses, "release BadResponse reset")]
    [InlineData(ProxyError.ServerTruncatedResponse, CounterId.ShortBodies, "release ServerFin reset")]
    [InlineData(ProxyError.ServerClosedBeforeResponse, CounterId.StaleReusesFailed, "release ServerFin reset")]
    [InlineData(ProxyError.RequestBodyTimeout, CounterId.BadResponses, "release RequestUnsent reset")]
    public void Failure_CountsWhatTheServerDidWrong_AndGivesItsConnectionUp(object error, object counter, string release)
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Post);

        trial.Run(() => trial.Path.Fail((ProxyError)error));

        Assert.Equal(release, trial.Stream.Last);
        Assert.Equal((ProxyError)error == ProxyError.RequestBodyTimeout ? 0 : 1, trial.Count((CounterId)counter));
    }

    [Fact]
    public void Release_ReturnsEverything_AndAnotherRequestCanBegin()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Put, BodyLength.Of(6));
        trial.Send("abc");

        trial.Run(trial.Path.Release);

        Assert.Equal(0, trial.LentBlocks);
        Assert.Equal("release Ambiguous", trial.Stream.Last);
        trial.Ask();
        Assert.Equal("start GET /t Host: a (none) end", trial.Stream.Last);
        Assert.Equal((0L, true), (trial.Path.BodyBytes, trial.Path.IsComplete));
    }

    [Fact]
    public void Answer_IsPassedToTheUser_AndTheCopyGoes()
    {
        using var trial = new PathTrial();
        trial.AskReused(HttpMethod.Get);
        Assert.Equal(1, trial.LentBlocks);
        trial.User.Events.Clear();
        var head = new ResponseHead(1) { StatusCode = 103 };
        IServerStreamUser face = trial.Stream.User;

        trial.Run(() =>
        {
            face.OnServerAnswers();
            face.OnServerInterim("x"u8, head);
            head.StatusCode = 200;
            face.OnServerResponse("x"u8, head, default);
            face.OnServerBody(new BodyPiece { Data = "abc"u8, IsLast = true });
        });

        Assert.Equal(["interim 103", "response 200", "body \"abc\" end"], trial.User.Events);
        Assert.Equal(0, trial.LentBlocks);
    }
}
