using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Http1;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Http1;

/// <summary>One request on a connection of its own: what is said, what is heard, and what the connection is worth afterwards.</summary>
public sealed class Http1ServerStreamTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private static readonly byte[] Echo = "echo"u8.ToArray();

    private static AnswerTerms Post => new() { Method = HttpMethod.Post };

    [Fact]
    public void FreshConnection_IsTold_AndTheRequestIsSaidInOneGo()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Begin();
        trial.Run(() => Assert.True(stream.TryOpen(trial.Server, mayReuse: true)));
        Assert.Equal(["ready"], user.Events);
        Assert.Equal((true, true, false, false, false), (stream.HasConnection, stream.IsReady, stream.IsReused, stream.IsPinned, stream.IsRefused));

        trial.Start(stream, lines: "Host: a\r\nX: y\r\n");

        Assert.Equal("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n", trial.Read());
        trial.Write(Ok);
        Assert.Equal(["ready", "answers", "response 200 (2 bytes) \"ok\" end"], user.Events);
        trial.Run(() => Assert.True(stream.End(stream.Judge(), clientGoesOn: true, out _)));
        Assert.Equal((1, false), (trial.Server.Idle.Count, stream.HasConnection));
        Assert.Equal((1, 0L), (stream.Facts.UseCount, stream.Facts.IdleAgeMs));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void Body_LeavesInTheFramingOfItsLength()
    {
        Assert.Equal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", Sent(BodyLength.Of(5), "he", "llo"));
        Assert.Equal("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", Sent(BodyLength.Of(0), ""));
        Assert.Equal("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n",
            Sent(BodyLength.Unknown, "he", "llo"));
        Assert.Equal("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Sent(BodyLength.Unknown, ""));
    }

    [Fact]
    public void OneDelivery_IsInterimsAndHeadAndBody()
    {
        using var trial = new StreamTrial();
        (_, RecordingStreamUser user) = trial.Ask();

        trial.Write("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + Ok);

        Assert.Equal(["answers", "interim 103", "interim 100", "response 200 (2 bytes) \"ok\" end"], user.Events);
    }

    [Fact]
    public void AnswerBeforeTheRequestIsWhole_IsHeard_AndEndsTheConnection()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Open(Post);
        trial.Start(stream, "abc", isLast: false, BodyLength.Of(10));

        trial.Write(Ok);

        Assert.Equal(["response 200 (2 bytes) \"ok\" end"], user.Told);
        Assert.Equal(ServerCloseReason.RequestUnsent, stream.Judge());
        trial.Run(() => stream.End(stream.Judge(), clientGoesOn: true, out _));
        Assert.True(trial.WasClosedFor(ServerCloseReason.RequestUnsent));
        Assert.Null(trial.Leftovers());
    }

    [Theory]
    [InlineData(Ok, ServerCloseReason.None)]
    [InlineData(Ok + "x", ServerCloseReason.SurplusBytes)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", ServerCloseReason.ServerSaid)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", ServerCloseReason.ServerSaid)]
    [InlineData("HTTP/1.1 204 None\r\nContent-Length: 2\r\n\r\n", ServerCloseReason.Ambiguous)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ServerCloseReason.Ambiguous)]
    public void Connection_IsJudgedByTheAnswer(string answer, object reason)
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, _) = trial.Ask();

        trial.Write(answer);

        Assert.Equal((ServerCloseReason)reason, stream.Judge());
        trial.Run(() => stream.End(stream.Judge(), clientGoesOn: true, out _));
        Assert.Equal((ServerCloseReason)reason == ServerCloseReason.None ? 1 : 0, trial.Server.Idle.Count);
        Assert.Equal((ServerCloseReason)reason != ServerCloseReason.None, trial.WasClosedFor((ServerCloseReason)reason));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void ConnectionOnWhichASwitchWasOffered_IsNotUsedAgain()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, _) = trial.Ask(new AnswerTerms { Method = HttpMethod.Get, Upgrade = Echo });

        trial.Write(Ok);

        Assert.Equal(ServerCloseReason.Ambiguous, stream.Judge());
    }

    [Fact]
    public void ServerThatAnswersWithoutTakingTheWholeRequest_IsJudgedByThat()
    {
        using var trial = new StreamTrial { WindowBytes = 4096 };
        (Http1ServerStream stream, _) = trial.Open(Post);
        trial.Start(stream, new string('x', 60_000), isLast: true, BodyLength.Of(60_000));
        Assert.True(stream.IsBlocked);

        trial.Write(Ok);

        Assert.Equal(ServerCloseReason.RequestUnsent, stream.Judge());
        trial.Run(() => stream.End(stream.Judge(), clientGoesOn: true, out _));
        trial.Settle(10);
        Assert.True(trial.Peer.IsReset);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void Switch_IsTold_AndTheConnectionGoesToTheTunnelAndComesBack()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Ask(new AnswerTerms { Method = HttpMethod.Get, Upgrade = Echo });
        trial.Write("HTTP/1.1 101 Go\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nraw");
        Assert.Equal(["switched 101 \"raw\""], user.Told);

        var tunnel = new RecordingUser();
        trial.Run(() => Assert.Same(trial.ConnectionOf(trial.Peer), stream.HandOver(tunnel)));
        trial.Write("more");
        Assert.Equal("more"u8.ToArray(), tunnel.Received);

        trial.Run(() =>
        {
            stream.TakeBack();
            stream.Release(ServerCloseReason.UpgradeEnded, reset: false);
        });
        Assert.Single(user.Told);
        Assert.True(trial.WasClosedFor(ServerCloseReason.UpgradeEnded));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void SwitchBeforeTheRequestIsWhole_IsRefused()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Open(new AnswerTerms { Method = HttpMethod.Post, Upgrade = Echo });
        trial.Start(stream, "abc", isLast: false, BodyLength.Of(4));

        trial.Write("HTTP/1.1 101 Go\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n");

        Assert.Equal(["failed ServerBadResponse UnexpectedUpgrade begun"], user.Told);
    }

    [Fact]
    public void BlockedServer_TellsWhenItTakesMore()
    {
        using var trial = new StreamTrial { WindowBytes = 4096 };
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Open(Post);
        trial.Start(stream, new string('x', 10_000), isLast: false, BodyLength.Of(10_003));
        Assert.True(stream.IsBlocked);
        Assert.Empty(user.Events);

        string got = trial.Read();
        Assert.Equal(["drained"], user.Events);
        Assert.False(stream.IsBlocked);
        trial.Send(stream, "end", isLast: true);

        Assert.EndsWith("\r\n\r\n" + new string('x', 10_000) + "end", got + trial.Read(), StringComparison.Ordinal);
    }

    /// <summary>Whatever has just been told, the user may give up: nothing follows, and nothing is left.</summary>
    [Theory]
    [InlineData("ready")]
    [InlineData("answers")]
    [InlineData("interim")]
    [InlineData("response")]
    [InlineData("body")]
    [InlineData("switched")]
    [InlineData("drained")]
    [InlineData("failed")]
    public void UserThatReleasesInsideAnEvent_HearsNothingMore(string within)
    {
        using var trial = new StreamTrial { WindowBytes = 4096 };
        byte[]? upgrade = within == "switched" ? Echo : null;
        int bodyBytes = within == "drained" ? 20_000 : 0;
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Begin(
            new AnswerTerms { Method = HttpMethod.Get, Upgrade = upgrade, TimeoutMs = 500 });
        user.Then = text =>
        {
            if (text.StartsWith(within, StringComparison.Ordinal))
                stream.Release(ServerCloseReason.ClientAborted, reset: true);
        };
        trial.Run(() => stream.TryOpen(trial.Server, mayReuse: false));
        if (stream.HasConnection)
            trial.Start(stream, new string('x', bodyBytes), isLast: true, bodyBytes > 0 ? BodyLength.Of(bodyBytes) : BodyLength.None);
        if (within == "drained")
            trial.Read();
        string tail = within == "switched" ? "HTTP/1.1 101 Go\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nraw"
            : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        string[] pieces = within == "failed" ? ["HTTP/1.1 x\r\n\r\n"] : ["HTTP/1.1 103 Early\r\n\r\n", tail, "1\r\na\r\n1\r\nb\r\n", "0\r\n\r\n"];
        foreach (string piece in pieces)
        {
            if (stream.HasConnection)
                trial.Write(piece);
        }
        trial.Settle(2000);

        Assert.StartsWith(within, user.Last, StringComparison.Ordinal);
        Assert.Single(user.Events, text => text.StartsWith(within, StringComparison.Ordinal));
        Assert.False(stream.HasConnection);
        Assert.True(trial.WasClosedFor(ServerCloseReason.ClientAborted));
        Assert.Null(trial.Leftovers());
    }

    /// <summary>The same when all of the answer comes at once.</summary>
    [Theory]
    [InlineData("answers")]
    [InlineData("interim")]
    [InlineData("response")]
    public void UserThatReleasesInsideAnEventOfALongDelivery_HearsNothingMore(string within)
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Ask();
        user.Then = text =>
        {
            if (text.StartsWith(within, StringComparison.Ordinal))
                stream.Release(ServerCloseReason.ClientAborted, reset: true);
        };

        trial.Write("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 103 Early\r\n\r\n" + Ok + Ok);

        Assert.StartsWith(within, user.Last, StringComparison.Ordinal);
        Assert.Single(user.Events, text => text.StartsWith(within, StringComparison.Ordinal));
        Assert.Null(trial.Leftovers());
    }

    private static string Sent(BodyLength body, params string[] pieces)
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, _) = trial.Open(Post);
        trial.Start(stream, pieces[0], isLast: pieces.Length == 1, body);
        for (int i = 1; i < pieces.Length; i++)
            trial.Send(stream, pieces[i], isLast: i == pieces.Length - 1, i == pieces.Length - 1 ? "A: b\r\n" : "");
        return trial.Read();
    }
}
