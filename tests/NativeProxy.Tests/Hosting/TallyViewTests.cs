using NativeProxy.Hosting.Workers;
using NativeProxy.Listeners;
using NativeProxy.Metrics;
using NativeProxy.Tests.Listeners;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>Which rows a worker writes what it has into.</summary>
public sealed class TallyViewTests
{
    /// <summary>Two publications after its name was dropped, its row is another's.</summary>
    [Fact]
    public void RowOfAListenerThatHasLeft_IsItsNewOwners()
    {
        using var trial = new ListenerTrial();
        using LatencyBoard board = LatencyBoard.CreatePrivate(1);
        board.Publish([TallyNames.OfListener("web")]);
        Listener left = trial.Make(trial.Listener.Settings, board.Find(TallyNames.OfListener("web"), 0));
        board.Publish([]);
        board.Publish([TallyNames.OfServer("app", "a")]);
        LatencyRow row = board.Find(TallyNames.OfServer("app", "a"), 0)!;
        row.Show(Tally.Active, 7);
        TallyView.Show([], [], [left]);
        Assert.Equal(7, row.Read(Tally.Active));
    }

    [Fact]
    public void ConnectionsOfTheListenerBefore_CountWithTheOneOfItsName()
    {
        using var trial = new ListenerTrial();
        using LatencyBoard board = LatencyBoard.CreatePrivate(1);
        board.Publish([TallyNames.OfListener("web")]);
        LatencyRow row = board.Find(TallyNames.OfListener("web"), 0)!;
        Listener next = trial.Make(trial.Listener.Settings, row);
        trial.Connect();
        trial.Settle();
        TallyView.Show([], [next], [trial.Listener]);
        Assert.Equal(1, row.Read(Tally.Active));
        TallyView.Show([], [next], []);
        Assert.Equal(0, row.Read(Tally.Active));
    }
}
