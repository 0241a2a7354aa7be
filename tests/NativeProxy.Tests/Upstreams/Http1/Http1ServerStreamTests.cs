using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Tests.Simulation.Network;
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

    private readonly RecordingPinOwner _pin = new();

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

    [Theory]
    [InlineData("", "failed ServerClosedBeforeResponse")]
    [InlineData("HTTP/1.1 200", "failed ServerBadResponse IncompleteHead begun")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "failed ServerTruncatedResponse begun")]
    public void EndAndResetOfTheServer_AreFailures(string answer, string expected)
    {
        foreach (bool reset in (bool[])[false, true])
        {
            using var trial = new StreamTrial();
            (Http1ServerStream stream, RecordingStreamUser user) = trial.Ask();
            if (answer.Length > 0)
                trial.Write(answer);

            trial.Peer.Close(reset);
            trial.Settle(10);

            Assert.Equal(expected, user.Last);
            Assert.True(stream.HasConnection);
            trial.Run(() => stream.Release(ServerCloseReason.ServerFin, reset: true));
            Assert.Null(trial.Leftovers());
        }
    }

    [Fact]
    public void BodyWithoutAnEndOfItsOwn_EndsWithTheServersFin_AndNotWithItsReset()
    {
        foreach (bool reset in (bool[])[false, true])
        {
            using var trial = new StreamTrial();
            (_, RecordingStreamUser user) = trial.Ask();
            trial.Write("HTTP/1.1 200 OK\r\n\r\nab");

            trial.Peer.Close(reset);
            trial.Settle(10);

            Assert.Equal(["response 200 (unknown) \"ab\"", reset ? "failed ServerTruncatedResponse begun" : "body end"], user.Told);
        }
    }

    [Theory]
    [InlineData(ConnectAnswer.Refuse, "failed ServerConnectFailed")]
    [InlineData(ConnectAnswer.Silence, "failed ServerConnectTimeout")]
    public void ConnectThatFails_IsTold_AndNothingIsHeld(object answer, string expected)
    {
        using var trial = new StreamTrial("timeouts.connect = \"2s\"") { Answer = (ConnectAnswer)answer };
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Begin();
        trial.Run(() => stream.TryOpen(trial.Server, mayReuse: false));
        trial.Settle(2100);

        Assert.Equal([expected], user.Events);
        Assert.False(stream.HasConnection);
        Assert.Equal(9001, stream.Facts.Address.Port);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void NothingIsProved_OfARequestThatTheKernelTook()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, _) = trial.Ask();

        Assert.Equal((SendProof.Unknown, SendProof.Unknown), (stream.Prove(asksKernel: false), stream.Prove(asksKernel: true)));
    }

    [Fact]
    public void RequestWhoseFirstByteWasRefused_WasNotSent()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Open();
        trial.Peer.Other.BreaksAtNextSend = true;

        trial.Start(stream);

        Assert.True(stream.IsRefused);
        Assert.Equal("failed ServerClosedBeforeResponse", user.Last);
        Assert.Equal(SendProof.NothingSent, stream.Prove(asksKernel: false));
        trial.Run(() => stream.Release(ServerCloseReason.ServerFin, reset: true));
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void RequestThatCameAfterTheServersFin_IsUnacknowledged()
    {
        using var trial = new StreamTrial();
        trial.Reuse();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Open(Post, mayReuse: true);
        SendProof[] proofs = [];
        user.Then = text => proofs = [stream.Prove(asksKernel: false), stream.Prove(asksKernel: true)];

        trial.Peer.ShutdownSend();
        trial.Start(stream, "x", isLast: true, BodyLength.Of(1));

        Assert.Equal(["failed ServerClosedBeforeResponse"], user.Events);
        Assert.Equal([SendProof.Unknown, SendProof.Unacknowledged], proofs);
        Assert.True(stream.IsReused);
    }

    [Fact]
    public void RequestThatCameBeforeTheServersFin_IsNot()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.AskAgain(Post);

        trial.Peer.ShutdownSend();
        trial.Settle(10);

        Assert.Equal("failed ServerClosedBeforeResponse", user.Last);
        Assert.Equal(SendProof.Unknown, stream.Prove(asksKernel: true));
    }

    [Fact]
    public void IdleConnection_IsReused_AndOneThatHasEndedIsNot()
    {
        using var trial = new StreamTrial();
        trial.Reuse();
        trial.Settle(70);
        (Http1ServerStream again, _) = trial.Ask(mayReuse: true);
        Assert.Equal((true, 1), (again.IsReused, trial.Peers.Count));
        trial.Write(Ok);
        trial.Run(() => again.End(again.Judge(), clientGoesOn: true, out _));
        Assert.Equal((2, 70L), (again.Facts.UseCount, again.Facts.IdleAgeMs));
        Assert.True(again.IsReused);

        trial.Peer.ShutdownSend();
        (Http1ServerStream fresh, _) = trial.Ask(mayReuse: true);

        Assert.Equal((false, 2), (fresh.IsReused, trial.Peers.Count));
    }

    [Fact]
    public void ServerThatTakesNoMore_MayStillAnswer()
    {
        using var trial = new StreamTrial { WindowBytes = 4096 };
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Open(Post);
        trial.Start(stream, new string('x', 60_000), isLast: false, BodyLength.Of(90_000));
        UpstreamConnection connection = trial.ConnectionOf(trial.Peer);

        trial.Run(() => ((IConnectionOwner)connection).OnSendFailed(connection.Tcp!, SocketError.ConnectionReset));
        Assert.Equal(["refuses"], user.Events);
        Assert.True(stream.IsRefused);
        trial.Send(stream, new string('x', 30_000), isLast: true);
        trial.Write("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal(["refuses", "answers", "response 413 (0 bytes) end"], user.Events);
        Assert.Equal(ServerCloseReason.RequestUnsent, stream.Judge());
        trial.Run(() => stream.End(stream.Judge(), clientGoesOn: true, out _));
        Assert.Null(trial.Leftovers());
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

    [Fact]
    public void PinnedConnection_WaitsForItsClient_IfThatGoesOn()
    {
        foreach (bool goesOn in (bool[])[true, false])
        {
            using var trial = new StreamTrial();
            (Http1ServerStream stream, _) = trial.Ask();
            trial.Run(() => stream.PinTo(_pin));
            Assert.True(stream.IsPinned);
            trial.Write(Ok);
            Assert.False(stream.PinEnds);

            UpstreamConnection? pinned = null;
            bool lasts = false;
            trial.Run(() => lasts = stream.End(stream.Judge(), goesOn, out pinned));

            Assert.Equal((goesOn, goesOn), (lasts, pinned is not null));
            if (goesOn)
            {
                (Http1ServerStream next, _) = trial.Begin();
                trial.Run(() => Assert.True(next.TryTakePinned(pinned!)));
                Assert.Equal((true, true), (next.IsReady, next.IsPinned));
                trial.Run(() => next.Release(ServerCloseReason.ClientAborted, reset: true));
            }
            else
            {
                Assert.True(trial.WasClosedFor(ServerCloseReason.PinnedClientLeft));
            }
            Assert.Null(trial.Leftovers());
        }
    }

    [Fact]
    public void PinnedConnectionThatWillNotLast_IsKnownWithTheHead()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Ask();
        bool ends = false;
        user.Then = _ => ends = stream.PinEnds;
        trial.Run(() => stream.PinTo(_pin));

        trial.Write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");

        Assert.True(ends);
        trial.Write("ok");
        trial.Run(() => Assert.False(stream.End(stream.Judge(), clientGoesOn: true, out _)));
    }

    [Fact]
    public void BodyThatIsBeingRead_GoesOnForAnotherUser()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, RecordingStreamUser user) = trial.Ask();
        (Http1ServerStream other, RecordingStreamUser reader) = trial.Begin();
        trial.Run(() => Assert.False(stream.TryPassTo(other)));
        trial.Write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
        trial.Run(stream.Pause);

        trial.Run(() => Assert.True(stream.TryPassTo(other)));

        Assert.Equal((false, true), (stream.HasConnection, other.IsReady));
        trial.Peer.Send("cd"u8, out _);
        trial.Settle(10);
        Assert.Equal(("ab", "cd", 1), (user.Body, reader.Body, reader.Ends));
        trial.Run(() => other.End(other.Judge(), clientGoesOn: true, out _));
        Assert.Equal(1, trial.Server.Idle.Count);
        Assert.Null(trial.Leftovers());
    }

    [Fact]
    public void RequestThatIsNotWhole_IsNotReadOnForAnother()
    {
        using var trial = new StreamTrial();
        (Http1ServerStream stream, _) = trial.Open(Post);
        trial.Start(stream, "a", isLast: false, BodyLength.Of(2));
        trial.Write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
        (Http1ServerStream other, _) = trial.Begin();

        trial.Run(() => Assert.False(stream.TryPassTo(other)));
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
