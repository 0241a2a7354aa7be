using NativeProxy.Transport;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Http1;
using NativeProxy.Upstreams.Connections;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Http1;

/// <summary>The deadline of a server runs exactly while the server must act. In virtual time.</summary>
public sealed class ServerDeadlineTests
{
    private const string TimedOut = "failed ServerResponseTimeout";

    private static AnswerTerms Get => new() { Method = HttpMethod.Get, TimeoutMs = 1000 };

    private static AnswerTerms Post => new() { Method = HttpMethod.Post, TimeoutMs = 1000 };

    [Fact]
    public void SilentServer_IsGivenItsTime_AndNoMore()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Ask(Get);
        trial.Settle(950);
        Assert.Empty(user.Events);

        trial.Settle(150);

        Assert.Equal([TimedOut], user.Events);
        Assert.Equal(1, trial.Count(CounterId.TimeoutsResponse));
        trial.Run(() => stream.Release(ServerCloseReason.Timeout, reset: true));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void EverySign_PutsItOff()
    {
        using var trial = new StreamTrial();
        (_, RecordingStreamUser user) = trial.Ask(Get);
        foreach (string piece in (string[])["HTTP/1.1 103 E", "arly\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", "a", "b"])
        {
            trial.Settle(900);
            trial.Write(piece);
        }
        Assert.Equal("body \"b\"", user.Last);

        trial.Settle(1100);

        Assert.Equal(TimedOut + " begun", user.Last);
    }

    [Fact]
    public void WithoutALimit_AServerMayTakeForEver()
    {
        using var trial = new StreamTrial();
        (_, RecordingStreamUser user) = trial.Ask();

        trial.Settle(1_000_000);

        Assert.Empty(user.Events);
    }

    [Fact]
    public void WhileTheClientMustSend_TheServerIsNotLate()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Open(Post);
        trial.Start(stream, "a", isLast: false, BodyLength.Of(2));
        trial.Settle(10_000);
        Assert.Empty(user.Events);

        trial.Send(stream, "b", isLast: true);
        trial.Settle(900);
        Assert.Empty(user.Events);
        trial.Settle(1300);

        Assert.Equal([TimedOut], user.Events);
    }

    /// <summary>It was the server's turn while it did not take the body; it is the client's again when it has.</summary>
    [Fact]
    public void ServerThatHasTakenWhatThereIs_IsNotLateWhileTheClientMustSend()
    {
        using var trial = new StreamTrial { WindowBytes = 4096 };
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Open(Post);
        trial.Start(stream, new string('x', 60_000), isLast: false, BodyLength.Of(90_000));
        Assert.True(stream.IsBlocked);
        byte[] some = new byte[4096];
        while (stream.IsBlocked)
        {
            trial.Peer.Receive(some, out _);
            trial.Settle(10);
        }
        trial.Settle(10_000);

        Assert.DoesNotContain(TimedOut, user.Events);
    }

    [Fact]
    public void WhilePaused_TheServerIsNotLate_AndAfterwardsItHasItsWholeTime()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Ask(Get);
        trial.Write("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na");
        trial.Settle(900);
        trial.Run(stream.Pause);
        trial.Settle(10_000);
        Assert.DoesNotContain(TimedOut + " begun", user.Events);

        trial.Run(stream.Resume);
        trial.Settle(950);
        Assert.DoesNotContain(TimedOut + " begun", user.Events);
        trial.Settle(150);

        Assert.Equal(TimedOut + " begun", user.Last);
    }

    [Fact]
    public void ServerThatGoesOnTakingTheBody_IsNotLate_AndOneThatStopsIs()
    {
        using var trial = new StreamTrial { WindowBytes = 4096 };
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Open(Post);
        trial.Start(stream, new string('x', 60_000), isLast: true, BodyLength.Of(60_000));
        byte[] some = new byte[1000];
        for (int i = 0; i < 20; i++)
        {
            trial.Settle(800);
            trial.Peer.Receive(some, out _);
        }
        Assert.DoesNotContain(TimedOut, user.Events);

        trial.Settle(3000);

        Assert.Equal(TimedOut, user.Last);
    }

    [Fact]
    public void ClientThatWaitsForContinue_MakesTheServersTimeRun()
    {
        using var trial = new StreamTrial();
        AnswerTerms terms = new() { Method = HttpMethod.Post, TimeoutMs = 1000, ExpectsContinue = true };
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Open(terms);
        trial.Start(stream, "", isLast: false, BodyLength.Of(2));
        trial.Settle(900);
        trial.Write("HTTP/1.1 100 Continue\r\n\r\n");
        trial.Settle(10_000);
        Assert.Equal(["interim 100"], user.Told);

        using var silent = new StreamTrial();
        (stream, user) = silent.Open(terms);
        silent.Start(stream, "", isLast: false, BodyLength.Of(2));
        silent.Settle(1100);

        Assert.Equal([TimedOut], user.Told);
    }

    [Fact]
    public void ClientThatDoesNotWaitForContinue_MakesItRunNoMore()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Open(
            new AnswerTerms { Method = HttpMethod.Post, TimeoutMs = 1000, ExpectsContinue = true });
        trial.Start(stream, "", isLast: false, BodyLength.Of(2));
        trial.Settle(500);

        trial.Send(stream, "a");
        trial.Settle(10_000);

        Assert.Empty(user.Told);
    }

    [Fact]
    public void ServerThatTakesNoMoreOfTheRequest_MustAnswer()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Open(Get);
        trial.Start(stream, "a", isLast: false, BodyLength.Of(2));
        UpstreamConnection connection = trial.ConnectionOf(trial.Peer);
        trial.Run(() => ((IConnectionOwner)connection).OnSendFailed(connection.Tcp!, System.Net.Sockets.SocketError.ConnectionReset));
        trial.Settle(2500);

        Assert.Equal(["refuses", TimedOut], user.Told);
    }

    /// <summary>Whoever waits behind another request has no deadline of its own yet.</summary>
    [Fact]
    public void Follower_HasItsTimeFromItsTurnOn()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream first, _) = trial.AskAgain();
        (Http1ServerStream second, RecordingStreamUser user) = trial.Begin(Get);
        trial.Run(() => Assert.True(second.TryFollow(first, null, 4, out _)));
        trial.Start(second);
        trial.Settle(10_000);
        Assert.Empty(user.Events);

        trial.Write("HTTP/1.1 204 None\r\n\r\n");
        trial.Run(() => first.End(first.Judge(), clientGoesOn: true, out _));
        trial.Settle(950);
        Assert.Equal(["turn"], user.Events);
        trial.Settle(150);

        Assert.Equal(["turn", TimedOut], user.Events);
    }
}
