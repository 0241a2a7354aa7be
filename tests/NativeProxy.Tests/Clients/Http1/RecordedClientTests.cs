using NativeProxy.Clients;
using NativeProxy.Recording;
using NativeProxy.Tests.Simulation.Network;
using Xunit;

namespace NativeProxy.Tests.Clients.Http1;

/// <summary>A client's connection that is recorded, and what is left of that when the recording is over.</summary>
public sealed class RecordedClientTests
{
    [Fact]
    public void TapOfARecordingThatIsOver_ComesOff_WithTheNextRequest()
    {
        using RecorderBoard board = RecorderBoard.CreatePrivate(1);
        using var trial = new ClientTrial();
        SimulatedSocket client = trial.Connect();
        trial.Settle();
        trial.Session.Tcp!.Tap = new RecordedTap(
            board.Order, number: 7, board.Taps(0), trial.Loop.Clock, connection: 1, isOfServer: false, isForUse: false);
        Assert.Equal(7, RecordedAsker.On(trial.Session, default).Recording);
        trial.Write(client, "GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.Null(trial.Session.Tcp.Tap);
        Assert.Equal(0, RecordedAsker.On(trial.Session, default).Recording);
    }
}
