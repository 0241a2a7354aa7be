using System.Net.Sockets;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Tests.Transport;
using Xunit;

namespace NativeProxy.Tests.Hosting;

public sealed class WorkerSlotTests
{
    [Fact]
    public void SlotWithoutAProcess_CanBeToldAndKilled()
    {
        using WorkerSlot slot = NewSlot();

        Assert.False(slot.Send(ControlCommand.Drain));
        slot.Kill();

        Assert.Equal((WorkerState.Absent, 0), (slot.State, slot.ProcessId));
    }

    [Fact]
    public void CloseSockets_ClosesThoseOfTheSlot()
    {
        Socket listening = Peers.Listen();
        using WorkerSlot slot = NewSlot(new ListeningSocket("127.0.0.1:1", listening));

        slot.CloseSockets();

        Assert.True(listening.SafeHandle.IsClosed);
    }

    [Fact]
    public void OtherAddresses_ReplaceTheSocketsThatAreNotWantedAnyMore()
    {
        Socket kept = Peers.Listen();
        Socket removed = Peers.Listen();
        using WorkerSlot slot = NewSlot(new ListeningSocket("127.0.0.1:1", kept), new ListeningSocket("127.0.0.1:2", removed));
        var added = new ListeningSocket("127.0.0.1:3", Peers.Listen());

        slot.ChangeSockets(new System.Collections.Generic.HashSet<string> { "127.0.0.1:1", "127.0.0.1:3" }, [added]);

        Assert.Equal(["127.0.0.1:1", "127.0.0.1:3"], System.Linq.Enumerable.Select(slot.Sockets, static socket => socket.Bind));
        Assert.Equal((false, true), (kept.SafeHandle.IsClosed, removed.SafeHandle.IsClosed));
    }

    /// <summary>Clients of the others must be refused until all can be had, and not be left waiting.</summary>
    [Fact]
    public void WhenOneParkedAddressWasTaken_NoneStaysOpen()
    {
        using Socket free = Peers.RefusingPort();
        string freeBind = free.LocalEndPoint!.ToString()!;
        free.Dispose();
        using Socket taken = Peers.Listen();
        using WorkerSlot slot = NewSlot(new ListeningSocket(freeBind, Peers.Listen()),
            new ListeningSocket(taken.LocalEndPoint!.ToString()!, Peers.Listen()));
        slot.Park();

        Assert.StartsWith("the process could not be started: ", slot.Start(new SettingsMessage("", [], "", [], []), nowMs: 1, readyLimitMs: 1),
            System.StringComparison.Ordinal);

        Assert.True(slot.IsParked);
        Assert.Empty(slot.Sockets);
    }

    private static WorkerSlot NewSlot(params ListeningSocket[] sockets) =>
        new(0, 0, 1, [.. sockets], Boards.CreatePrivate(1), static (_, _, _) => 0, static _ => { }, new SupervisorEvents());
}
