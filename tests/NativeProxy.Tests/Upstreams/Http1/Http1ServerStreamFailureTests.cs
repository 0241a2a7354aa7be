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

/// <summary>A server that fails under one request: what is told, and what is known of how far the request came.</summary>
public sealed class Http1ServerStreamFailureTests
{
    private static AnswerTerms Post => new() { Method = HttpMethod.Post };

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
}
