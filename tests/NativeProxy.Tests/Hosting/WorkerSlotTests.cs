using System;
using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Hosting;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public class WorkerSlotTests
{
    [Fact]
    public void CrashAfterCrash_DoublesTheDelayUpToTenSeconds()
    {
        using WorkerSlot slot = NewSlot();
        var delaysMs = new List<double>();
        for (int crash = 0; crash < 10; crash++)
            delaysMs.Add(slot.PlanRestart().TotalMilliseconds);

        Assert.Equal([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000], delaysMs);
    }

    [Fact]
    public void Restart_IsDueOneDelayAfterTheCrash()
    {
        using WorkerSlot slot = NewSlot();
        DateTime before = DateTime.UtcNow;

        TimeSpan delay = slot.PlanRestart();

        Assert.InRange(slot.RestartAt, before + delay, DateTime.UtcNow + delay);
    }

    [Fact]
    public void SlotWithoutAProcess_IsNotRunningAndCanBeTold()
    {
        using WorkerSlot slot = NewSlot();

        slot.Tell(ControlCommand.Drain);
        slot.Kill();

        Assert.False(slot.IsRunning);
    }

    [Fact]
    public void CloseSockets_ClosesThoseOfTheSlot()
    {
        Socket listening = Peers.Listen();
        using var slot = new WorkerSlot(0, 1, [new ListeningSocket("127.0.0.1:1", listening)], Boards.CreatePrivate(1), NoSettings);

        slot.CloseSockets();

        Assert.True(listening.SafeHandle.IsClosed);
    }

    private static WorkerSlot NewSlot() => new(0, 1, [], Boards.CreatePrivate(1), NoSettings);

    private static SettingsMessage NoSettings => new("proxy.toml", [], "", []);
}
