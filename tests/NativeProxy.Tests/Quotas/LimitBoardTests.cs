using System;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Quotas;
using Xunit;

namespace NativeProxy.Tests.Quotas;

public sealed class LimitBoardTests
{
    private const long Now = 50_000_000_000;

    [Fact]
    public void LimitThatDoesNotChange_KeepsItsCounts_WhateverElseDoes()
    {
        using LimitBoard board = LimitBoard.CreatePrivate(workers: 1);
        ulong key = BoardTrial.Keys(board, 1)[0];
        ProxySettings first = Publish(board, "a 5/h 1000", "b 5/h 1000");
        Drain(board, first, "a", key);
        Drain(board, first, "b", key);

        ProxySettings second = Publish(board, "new 1/s 5000", "b 6/h 1000", "a 5/h 1000");

        Assert.False(BoardTrial.Table(board, second, "a").Ask(key, Now, RateUse.Take).Passes);
        Assert.True(BoardTrial.Table(board, second, "b").Ask(key, Now, RateUse.Take).Passes);
    }

    [Fact]
    public void SamePublicationTwice_ChangesNothing()
    {
        using LimitBoard board = LimitBoard.CreatePrivate(workers: 1);
        ulong key = BoardTrial.Keys(board, 1)[0];
        ProxySettings settings = Publish(board, "a 5/h 1000");
        RateTable old = BoardTrial.Table(board, settings, "a");
        Publish(board, "b 5/h 1000");
        for (int i = 0; i < 5; i++)
            Publish(board, "b 5/h 1000");
        Drain(old, key);

        // A worker that has not gone over yet may still count in the old one; nobody else has its memory.
        Assert.True(BoardTrial.Table(board, BoardTrial.SettingsOf("b 5/h 1000"), "b").Ask(key, Now, RateUse.Take).Passes);
    }

    [Fact]
    public void LimitThatComesBack_IsAsNew()
    {
        using LimitBoard board = LimitBoard.CreatePrivate(workers: 1);
        ulong key = BoardTrial.Keys(board, 1)[0];
        ProxySettings settings = Publish(board, "a 5/h 1000");
        Drain(board, settings, "a", key);
        Publish(board, "b 5/h 1000");
        Publish(board, "c 5/h 1000");
        Publish(board, "a 5/h 1000");
        Assert.True(BoardTrial.Table(board, settings, "a").Ask(key, Now, RateUse.Take).Passes);
    }

    [Fact]
    public void FullestSettings_FitAgainAndAgain()
    {
        using LimitBoard board = LimitBoard.CreatePrivate(workers: 1);
        for (int round = 0; round < 5; round++)
        {
            int seed = round;
            string[] limits = [.. Enumerable.Range(0, 8).Select(i => $"l{seed}x{i} 5/h 524288")];
            ProxySettings settings = Publish(board, limits);
            foreach (RateLimitSettings limit in settings.RateLimits)
                Assert.True(BoardTrial.Table(board, settings, limit.Name).Ask(7, Now, RateUse.Take).Passes);
        }
    }

    [Fact]
    public void OtherProcess_SeesTheSameCounts()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using LimitBoard supervisor = LimitBoard.CreateShared(workers: 2);
        ProxySettings settings = Publish(supervisor, "a 5/h 1000");
        using LimitBoard worker = LimitBoard.Attach(supervisor.Descriptor);
        Assert.Equal(supervisor.Hash.Of("x"u8), worker.Hash.Of("x"u8));
        Drain(worker, settings, "a", key: 77);
        Assert.False(BoardTrial.Table(supervisor, settings, "a").Ask(77, Now, RateUse.Take).Passes);
    }

    /// <summary>A process that was to take over published, and then did not come to serve.</summary>
    [Fact]
    public void PublicationOfAnotherProcess_TakesNoCountsAway()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using LimitBoard board = LimitBoard.CreateShared(workers: 1);
        ProxySettings settings = Publish(board, "a 5/h 1000", "b 5/h 1000");
        Drain(board, settings, "a", key: 77);
        using (LimitBoard other = LimitBoard.Attach(board.Descriptor))
            Publish(other, "b 5/h 1000");

        settings = Publish(board, "a 5/h 1000", "b 5/h 1000");

        Assert.False(BoardTrial.Table(board, settings, "a").Ask(77, Now, RateUse.Take).Passes);
    }

    [Fact]
    public void EachStart_HashesUnderASecretOfItsOwn()
    {
        using LimitBoard one = LimitBoard.CreatePrivate(workers: 1);
        using LimitBoard two = LimitBoard.CreatePrivate(workers: 1);
        Assert.NotEqual(one.Hash.Of("127.0.0.1"u8), two.Hash.Of("127.0.0.1"u8));
    }

    private static ProxySettings Publish(LimitBoard board, params string[] limits)
    {
        ProxySettings settings = BoardTrial.SettingsOf(limits);
        board.Publish(settings);
        return settings;
    }

    private static void Drain(LimitBoard board, ProxySettings settings, string name, ulong key) =>
        Drain(BoardTrial.Table(board, settings, name), key);

    private static void Drain(RateTable table, ulong key)
    {
        while (table.Ask(key, Now, RateUse.Take).Passes)
        {
        }
    }
}
