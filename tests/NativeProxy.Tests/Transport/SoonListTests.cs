using System.Collections.Generic;
using NativeProxy.Transport;
using Xunit;

namespace NativeProxy.Tests.Transport;

/// <summary>What the loop puts off for the end of its turn.</summary>
public sealed class SoonListTests
{
    private readonly List<string> _ran = [];
    private SoonList _list;

    [Fact]
    public void Work_RunsOnceInTheOrderInWhichItCame()
    {
        var first = new Noted(this, "first");
        var second = new Noted(this, "second");
        _list.Add(first);
        _list.Add(second);
        _list.Add(first);

        _list.RunAll();

        Assert.Equal(["first", "second"], _ran);
        Assert.True(_list.IsEmpty);
    }

    [Fact]
    public void WorkThatIsAddedMeanwhile_WaitsForTheNextTurn()
    {
        Noted? again = null;
        again = new Noted(this, "again", () => _list.Add(again!));
        _list.Add(again);
        _list.Add(new Noted(this, "other"));

        _list.RunAll();
        Assert.Equal(["again", "other"], _ran);
        Assert.False(_list.IsEmpty);

        _list.RunAll();
        Assert.Equal(["again", "other", "again"], _ran);
    }

    [Fact]
    public void WorkThatWaitsStill_IsInTheListOnce_WhoeverAddsIt()
    {
        var late = new Noted(this, "late");
        _list.Add(new Noted(this, "early", () => _list.Add(late)));
        _list.Add(late);

        _list.RunAll();

        Assert.Equal(["early", "late"], _ran);
        Assert.True(_list.IsEmpty);
    }

    private sealed class Noted(SoonListTests test, string name, System.Action? then = null) : LoopWork
    {
        public override void Run()
        {
            test._ran.Add(name);
            then?.Invoke();
        }
    }
}
