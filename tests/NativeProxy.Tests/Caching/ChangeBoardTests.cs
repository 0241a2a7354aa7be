using NativeProxy.Caching;
using Xunit;

namespace NativeProxy.Tests.Caching;

/// <summary>What one worker changed, no worker serves; a response that was under way meanwhile is not kept.</summary>
public sealed class ChangeBoardTests
{
    [Fact]
    public void ChangeOverOneWorker_EndsWhatTheOthersHave()
    {
        using ChangeBoard made = ChangeBoard.CreateShared();
        using ChangeBoard attached = ChangeBoard.Attach(made.Descriptor);
        var here = new CacheTrial(changes: made);
        var there = new CacheTrial(changes: attached);
        here.Store("a /");
        there.Store("a /");
        there.Store("a /other");
        CacheFill underWay = there.BeginFill("a /new");
        here.Change("a /");
        here.Change("a /new");
        Assert.Null(here.Find("a /"));
        Assert.Null(there.Find("a /"));
        underWay.Commit();
        Assert.Null(there.Find("a /new"));
        Assert.NotNull(there.Find("a /other"));
        Assert.Equal(1, there.Cache.Count);
    }

    [Fact]
    public void WhatIsAskedForAfterTheChange_IsKeptAgain_EvenWhereAnOlderOneLies()
    {
        using ChangeBoard changes = ChangeBoard.CreatePrivate();
        var here = new CacheTrial(changes: changes);
        var there = new CacheTrial(changes: changes);
        here.Store("a /", CacheTrial.Fresh + "11");
        there.Change("a /");
        here.Store("a /", CacheTrial.Fresh + "22");
        Assert.EndsWith("22", here.Find("a /"));
    }

    [Fact]
    public void WorkersAgreeOnThePlaceOfAKey_AndKeysHaveManyPlaces()
    {
        using ChangeBoard made = ChangeBoard.CreateShared();
        using ChangeBoard attached = ChangeBoard.Attach(made.Descriptor);
        made.Note(made.Hash.Of("a /"u8));
        Assert.Equal(1, attached.StampOf(attached.Hash.Of("a /"u8)));
        int moved = 0;
        for (byte i = 0; i < 100; i++)
            moved += attached.StampOf(attached.Hash.Of([i])) > 0 ? 1 : 0;
        Assert.InRange(moved, 0, 1);
    }

    [Fact]
    public void MemoryThatIsNoBoard_IsRefused()
    {
        using var memory = NativeProxy.Metrics.SharedMemory.CreateShared("test", 4096);
        Assert.Throws<System.IO.InvalidDataException>(() => ChangeBoard.Attach(memory.Descriptor));
    }
}
