using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;
using NativeProxy.Upstreams.Http1;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Http1;

/// <summary>What becomes of a connection behind its exchange: it goes to the pool, waits for its client, or is read on by another user.</summary>
public sealed class KeptServerConnectionTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private readonly RecordingPinOwner _pin = new();

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
        (Http1ServerStream stream, _) = trial.Open(new AnswerTerms { Method = HttpMethod.Post });
        trial.Start(stream, "a", isLast: false, BodyLength.Of(2));
        trial.Write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
        (Http1ServerStream other, _) = trial.Begin();

        trial.Run(() => Assert.False(stream.TryPassTo(other)));
    }
}
