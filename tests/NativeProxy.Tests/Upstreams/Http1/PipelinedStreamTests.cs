using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Http1;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Http1;

/// <summary>Several requests on one connection: turns, what belongs to whom, and what becomes of those whose turn does not come.</summary>
public sealed class PipelinedStreamTests
{
    private const string First = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst";
    private const string Second = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond";

    [Fact]
    public void BytesBehindAnAnswer_AreTheNextOnes_AtEverySplit()
    {
        const string Both = First + Second;
        for (int cut = 0; cut <= Both.Length; cut++)
        {
            using var trial = new StreamTrial();
            (Http1ServerStream first, RecordingStreamUser one) = trial.AskAgain();
            (Http1ServerStream second, RecordingStreamUser two) = Follow(trial, first);
            EndAtTheEnd(first, one);
            EndAtTheEnd(second, two);

            if (cut > 0)
                trial.Write(Both[..cut]);
            if (cut < Both.Length)
                trial.Write(Both[cut..]);

            Assert.Equal(("first", "second"), (one.Body, two.Body));
            Assert.Equal("turn", two.Events[0]);
            Assert.Equal((1, 1, 1), (one.Ends, two.Ends, trial.Server.Idle.Count));
            Assert.Equal((2, 3), (first.Facts.UseCount, second.Facts.UseCount));
            Assert.Null(trial.Leftovers());
        }
    }

    [Fact]
    public void BytesBehindTheLastAnswer_AreSurplus()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream first, RecordingStreamUser one) = trial.AskAgain();
        (Http1ServerStream second, RecordingStreamUser two) = Follow(trial, first);
        EndAtTheEnd(first, one);
        EndAtTheEnd(second, two);

        trial.Write(First + Second + "x");

        Assert.Equal(("first", "second"), (one.Body, two.Body));
        Assert.True(trial.WasClosedFor(ServerCloseReason.SurplusBytes));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void BytesBehindAnAnswer_AreSurplusWhileTheNextRequestIsNotOutWhole()
    {
        using var trial = new StreamTrial { WindowBytes = 4096 };
        (Http1ServerStream first, _) = trial.AskAgain();
        (Http1ServerStream second, RecordingStreamUser two) = trial.Begin();
        trial.Run(() => second.TryFollow(first, null, 4, out _));
        trial.Start(second, lines: "Host: a\r\nX: " + new string('x', 10_000) + "\r\n");
        Assert.True(second.IsBlocked);

        trial.Write(First + Second);

        Assert.Equal(ServerCloseReason.SurplusBytes, first.Judge());
        trial.Run(() => first.End(first.Judge(), clientGoesOn: true, out _));
        trial.Settle(10);
        Assert.Equal(["failed ServerClosedBeforeResponse"], two.Events);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void TurnThatDoesNotCome_IsAFailureBeforeAnyAnswer_AndNothingIsHeld()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream first, _) = trial.AskAgain();
        (Http1ServerStream second, RecordingStreamUser two) = Follow(trial, first);
        (Http1ServerStream third, RecordingStreamUser three) = Follow(trial, first);
        trial.Write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nfirst");

        trial.Run(() => first.End(first.Judge(), clientGoesOn: true, out _));
        trial.Settle(10);

        Assert.Equal(["failed ServerClosedBeforeResponse"], two.Events);
        Assert.Equal(["failed ServerClosedBeforeResponse"], three.Events);
        Assert.Equal((false, false, true), (second.HasConnection, third.HasConnection, second.IsReused));
        Assert.NotEqual(0, second.Facts.Id);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void WhoLeavesTheLine_HearsNothing_AndTheConnectionEndsWithThoseBeforeIt()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream first, _) = trial.AskAgain();
        (Http1ServerStream second, RecordingStreamUser two) = Follow(trial, first);

        trial.Run(second.LeaveLine);
        Assert.False(second.HasConnection);
        trial.Run(first.LeaveLine);
        Assert.True(first.IsReady);
        trial.Write(First);
        trial.Run(() => first.End(first.Judge(), clientGoesOn: true, out _));
        trial.Settle(10);

        Assert.Empty(two.Events);
        Assert.Equal(0, trial.Server.Idle.Count);
        Assert.True(trial.WasClosedFor(ServerCloseReason.Ambiguous));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void FollowerThatReleasesInsideItsTurn_HearsNothingMore()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream first, RecordingStreamUser one) = trial.AskAgain();
        (Http1ServerStream second, RecordingStreamUser two) = Follow(trial, first);
        EndAtTheEnd(first, one);
        two.Then = _ => second.Release(ServerCloseReason.ClientAborted, reset: true);

        trial.Write(First + Second);

        Assert.Equal(["turn"], two.Events);
        Assert.True(trial.WasClosedFor(ServerCloseReason.ClientAborted));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void OnlyWhatIsProvedToWork_IsFollowed()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream fresh, _) = trial.Ask();
        Assert.False(CanFollow(trial, fresh));
        trial.Write(First);
        trial.Run(() => fresh.End(fresh.Judge(), clientGoesOn: true, out _));
        Assert.False(CanFollow(trial, fresh));

        (Http1ServerStream first, _) = trial.Open(mayReuse: true);
        Assert.False(CanFollow(trial, first));
        trial.Start(first);
        Assert.True(CanFollow(trial, first));
    }

    [Fact]
    public void Limit_IsForAllRequestsInFlight()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream first, _) = trial.AskAgain();
        Follow(trial, first);

        Assert.False(CanFollow(trial, first, pipeliningMax: 2));
        Assert.True(CanFollow(trial, first, pipeliningMax: 3));
    }

    [Fact]
    public void AnotherServerThanWanted_IsNotFollowed()
    {
        using var trial = new StreamTrial();
        using var other = new StreamTrial();
        (Http1ServerStream first, _) = trial.AskAgain();
        (Http1ServerStream second, _) = trial.Begin();

        trial.Run(() => Assert.False(second.TryFollow(first, other.Server, 4, out _)));
        UpstreamServer? server = null;
        trial.Run(() => Assert.True(second.TryFollow(first, trial.Server, 4, out server)));

        Assert.Same(trial.Server, server);
    }

    [Fact]
    public void PinnedConnection_IsNotFollowed()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream first, _) = trial.AskAgain();
        trial.Run(() => first.PinTo(new RecordingPinOwner()));

        Assert.False(CanFollow(trial, first));
    }

    [Fact]
    public void HeldRequests_GoOutTogetherWithTheLast()
    {
        using var trial = new StreamTrial();
        trial.Reuse();
        (Http1ServerStream first, _) = trial.Open(mayReuse: true);
        (Http1ServerStream second, _) = trial.Begin();
        trial.Run(() =>
        {
            first.Start(
                Asked.Of("GET", "/1", "A: b\r\n"), BodyPiece.End, moreFollows: true);
            Assert.Equal(0, trial.Peer.Incoming.FlyingBytes);
            second.TryFollow(first, null, 4, out _);
            second.Start(
                Asked.Of("GET", "/2", "A: b\r\n"), BodyPiece.End, moreFollows: false);
        });

        Assert.Equal("GET /1 HTTP/1.1\r\nA: b\r\n\r\nGET /2 HTTP/1.1\r\nA: b\r\n\r\n", trial.Read());
    }

    private static void EndAtTheEnd(Http1ServerStream stream, RecordingStreamUser user) => user.Then = text =>
    {
        if (text.EndsWith(" end", System.StringComparison.Ordinal))
            stream.End(stream.Judge(), clientGoesOn: true, out _);
    };

    private static (Http1ServerStream Stream, RecordingStreamUser User) Follow(StreamTrial trial, ServerStream ahead)
    {
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Begin();
        trial.Run(() => Assert.True(stream.TryFollow(ahead, null, 4, out _)));
        trial.Start(stream);
        trial.Read();
        return (stream, user);
    }

    private static bool CanFollow(StreamTrial trial, ServerStream ahead, int pipeliningMax = 4)
    {
        (Http1ServerStream stream, _) = trial.Begin();
        bool follows = false;
        trial.Run(() => follows = stream.TryFollow(ahead, null, pipeliningMax, out _));
        return follows;
    }
}
