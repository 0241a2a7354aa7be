using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Logging;

public sealed class LineThreadTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void Lines_AreWrittenInOrder()
    {
        var written = new List<string>();
        var thread = new LineThread(line => written.Add(Encoding.UTF8.GetString(line)), static _ => []);
        for (int i = 0; i < 100; i++)
            thread.Put(Encoding.UTF8.GetBytes($"{i}"));

        Assert.True(thread.Finish(Limit));
        Assert.Equal(100, written.Count);
        Assert.Equal(("0", "99"), (written[0], written[99]));
    }

    /// <summary>Would wait for ever if putting a line in waited for the writer.</summary>
    [Fact]
    [Trait("promise", "B17")]
    public void TargetThatBlocks_HoldsNobodyUp_AndTheDroppedLinesAreTold()
    {
        using var isOpen = new ManualResetEventSlim();
        var written = new List<string>();
        var thread = new LineThread(
            line =>
            {
                isOpen.Wait();
                written.Add(Encoding.UTF8.GetString(line));
            },
            static dropped => Encoding.UTF8.GetBytes($"dropped {dropped}"));
        for (int i = 0; i < 5000; i++)
            thread.Put("line"u8.ToArray());

        Assert.False(thread.Finish(TimeSpan.Zero));
        isOpen.Set();
        Assert.True(thread.Finish(Limit));
        Assert.Equal($"dropped {5000 - (written.Count - 1)}", written[^1]);
        Assert.InRange(written.Count, 1001, 1002);
    }

    [Fact]
    public void ThreadWithoutLines_IsFinished() => Assert.True(new LineThread(static _ => { }, static _ => []).Finish(TimeSpan.Zero));
}
