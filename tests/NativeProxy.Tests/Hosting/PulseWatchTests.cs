using NativeProxy.Hosting.Supervision;
using NativeProxy.Metrics;
using Xunit;

namespace NativeProxy.Tests.Hosting;

[Trait("promise", "B17")]
public sealed class PulseWatchTests
{
    [Fact]
    public void LooksInVain_AreCountedUntilTheLoopTurns()
    {
        using PulseBoard board = PulseBoard.CreatePrivate(2);
        LoopPulse pulse = board.Pulse(1);
        var watch = new PulseWatch(board.Pulse(1));
        pulse.BeginTurn(7);
        watch.Begin();

        Assert.Equal((1, 2), (watch.Look(), watch.Look()));
        pulse.BeginTurn(8);
        Assert.Equal((0, 1), (watch.Look(), watch.Look()));
        pulse.Enter(LoopPlace.Timers);
        Assert.Equal((LoopPlace.Timers, 8), (watch.LastPlace, watch.Turns));
        Assert.Equal(0, board.Pulse(0).Turns);
    }

    [Fact]
    public void AttachedBoard_SeesWhatTheLoopLeaves()
    {
        using PulseBoard supervisor = PulseBoard.CreateShared(2);
        using PulseBoard worker = PulseBoard.Attach(supervisor.Descriptor);
        worker.Pulse(1).BeginTurn(3);
        worker.Pulse(1).Enter(LoopPlace.Accepting);

        Assert.Equal((3, LoopPlace.Accepting), (supervisor.Pulse(1).Turns, supervisor.Pulse(1).Place));
    }
}
