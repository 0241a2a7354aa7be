using System;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Upstreams.Board;
using Xunit;

namespace NativeProxy.Tests.Upstreams;

/// <summary>The table of stickiness on the board: bounded, the same for all workers, kept over a reload.</summary>
public sealed class StickTableTests
{
    private const string Stick = "[upstream.stick]\nkey = \"client_ip\"\n";

    [Fact]
    public void KeyGoesWhereItWasKept_ForAllWorkers_UntilItExpires()
    {
        ServerBoard board = Published(Stick, workers: 2);
        StickTable mine = board.FindGroup("app", 0)!.Stick!;
        StickTable its = board.FindGroup("app", 1)!.Stick!;

        Assert.Equal(-1, mine.Find(7, nowSeconds: 100, expireSeconds: 30));
        mine.Keep(7, server: 3, nowSeconds: 100);
        Assert.Equal((3, 3), (its.Find(7, 100, 30), mine.Find(7, 130, 30)));

        // Each use counts: it was used at 130.
        Assert.Equal(3, its.Find(7, 160, 30));
        Assert.Equal(-1, its.Find(7, 191, 30));
        Assert.Equal(-1, mine.Find(8, 160, 30));
    }

    [Fact]
    public void KeyThatMoves_StaysMoved()
    {
        StickTable table = Published(Stick).FindGroup("app")!.Stick!;
        table.Keep(7, server: 0, nowSeconds: 1);
        table.Keep(7, server: 8000, nowSeconds: 2);

        Assert.Equal(8000, table.Find(7, 2, 30));
    }

    [Fact]
    public void ManyKeys_AreAllFound_UntilTheTableIsFull_ThenTheOldestGiveWay()
    {
        StickTable table = Published(Stick + "size = 1000").FindGroup("app")!.Stick!;
        for (ulong key = 1; key <= 1000; key++)
            table.Keep(key, server: (int)(key % 5), nowSeconds: 100);
        int found = Enumerable.Range(1, 1000).Count(key => table.Find((ulong)key, 100, 30) == key % 5);
        Assert.InRange(found, 950, 1000);

        for (ulong key = 10_001; key <= 110_000; key++)
            table.Keep(key, server: 1, nowSeconds: 101);

        Assert.Equal(0, Enumerable.Range(1, 1000).Count(key => table.Find((ulong)key, 101, 30) >= 0));
        Assert.InRange(Enumerable.Range(10_001, 100_000).Count(key => table.Find((ulong)key, 101, 30) >= 0), 1000, 1300);
        Assert.Equal(1, table.Find(110_000, 101, 30));
    }

    [Fact]
    public async Task ManyWritersAtOnce_NeverGiveAKeyTheServerOfAnother()
    {
        ServerBoard board = Published(Stick + "size = 16", workers: 4);

        // Key k goes to server k, whoever writes it, so that any other answer is a mixture.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            StickTable table = board.FindGroup("app", worker)!.Stick!;
            for (int i = 0; i < 200_000; i++)
            {
                int key = 1 + (((i * 7) + worker) % 40);
                table.Keep((ulong)key, key, nowSeconds: 1);
                int other = 1 + ((i + (worker * 31)) % 40);
                Assert.Contains(table.Find((ulong)other, 1, 30), (int[])[-1, other]);
            }
        })));
    }

    [Fact]
    public void TableIsKeptOverAReload_OfTheSameSize_AndBeginsEmptyWithAnother()
    {
        ServerBoard board = Published(Stick);
        board.FindGroup("app")!.Stick!.Keep(7, server: 3, nowSeconds: 1);

        board.Publish(ServersOnBoard.SettingsOf("a1 b1", upstreamLines: Stick));
        Assert.Equal(3, board.FindGroup("app")!.Stick!.Find(7, 1, 30));

        board.Publish(ServersOnBoard.SettingsOf("a1", upstreamLines: Stick + "size = 5000"));
        Assert.Equal(-1, board.FindGroup("app")!.Stick!.Find(7, 1, 30));

        board.Publish(ServersOnBoard.SettingsOf("a1"));
        Assert.Null(board.FindGroup("app")!.Stick);
    }

    [Fact]
    public void LargestTables_FitBesideThoseOfTheSettingsBefore()
    {
        ServerBoard board = Published(Stick + "size = 1000000");
        for (int i = 0; i < 4; i++)
        {
            board.Publish(ServersOnBoard.SettingsOf("a1", upstreamLines: Stick + $"size = {1_000_000 - i}"));
            StickTable table = board.FindGroup("app")!.Stick!;
            for (ulong key = 1; key <= 1000; key++)
                table.Keep(key, server: 1, nowSeconds: 1);
            Assert.Equal(1000, Enumerable.Range(1, 1000).Count(key => table.Find((ulong)key, 1, 30) == 1));
        }
    }

    [Fact]
    public void Uses_AllocateNothing()
    {
        StickTable table = Published(Stick).FindGroup("app")!.Stick!;
        table.Keep(1, 1, 1);
        table.Find(1, 1, 30);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (ulong key = 1; key < 1000; key++)
        {
            table.Keep(key, 1, 1);
            table.Find(key, 2, 30);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static ServerBoard Published(string lines, int workers = 1)
    {
        ProxySettings settings = ServersOnBoard.SettingsOf("a1", upstreamLines: lines);
        ServerBoard board = ServersOnBoard.NewBoard(workers);
        board.Publish(settings);
        return board;
    }
}
