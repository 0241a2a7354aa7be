using System;
using System.Collections.Generic;
using NativeProxy.Buffers;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Tests.Simulation.Engine;

namespace NativeProxy.Tests.Simulation.Verdict;

/// <summary>
/// The books of the proxy: what is open, waiting and lent must be explained at any time, and be nothing when nothing is left to do; every
/// connection that closed was counted with a reason.
/// </summary>
internal sealed class Accounts(SimulatedEventLoop loop, LoopCounters counters)
{
    /// <summary>Most bytes that wait for one connection: what one receive turns into, and an answer or a head beside it.</summary>
    private const int QueuedBytesMax = 256 * 1024;

    /// <summary>Requests of one client that run at once, at most.</summary>
    private const int PipeliningMax = 16;

    /// <summary>
    /// Blocks that one connection may hold: its queue and, of a client, what was read ahead, and of each of its requests a copy with its body
    /// and an answer that waits.
    /// </summary>
    private const int BlocksPerConnectionMax = (QueuedBytesMax / BufferPools.SmallBlockBytes) + (PipeliningMax * 64);

    private static readonly (CounterId First, CounterId Last) ClientCloses = (CounterId.ClientCloses, CounterId.ClientClosesLast);
    private static readonly (CounterId First, CounterId Last) ServerCloses = (CounterId.ServerCloses, CounterId.ServerClosesLast);

    private static readonly (CounterId First, CounterId Last) ClientClosedBy = (CounterId.ClientClosedByProxy, CounterId.ClientClosedByPeerReset);
    private static readonly (CounterId First, CounterId Last) ServerClosedBy = (CounterId.ServerClosedByProxy, CounterId.ServerClosedByPeerReset);

    /// <summary>After each turn: nothing grows without a bound.</summary>
    public void CheckStep()
    {
        foreach (SimulatedConnection connection in loop.Live)
            Evidence.Require(connection.QueuedBytes <= QueuedBytesMax, $"{connection.QueuedBytes} bytes wait for connection {connection.SocketId}");
        Evidence.Require(loop.Pools.HeldBytes <= loop.Pools.BytesMax, "the buffer pools hold more than their budget");
        Evidence.Require(loop.Pools.LentCount <= (loop.Live.Count + 1) * BlocksPerConnectionMax,
            $"{loop.Pools.LentCount} blocks are lent for {loop.Live.Count} connections");
    }

    /// <summary>True when no exchange runs and nothing but idle server connections is open.</summary>
    public bool IsQuiet =>
        !loop.HasWork && Read(CounterId.ClientConnectionsOpen) == 0 && loop.Sockets.Count == Read(CounterId.ServerConnectionsIdle);

    /// <summary>Between two rounds and at the end: only idle server connections are left.</summary>
    public void CheckQuiet()
    {
        Require(CounterId.ClientConnectionsOpen, 0);
        Require(CounterId.RequestsInFlight, 0);
        Require(CounterId.QueueWaiting, 0);
        Require(CounterId.ClientsHalfClosed, 0);
        Require(CounterId.TunnelsOpen, 0);
        Require(CounterId.RequestsBehindOthers, 0);
        Require(CounterId.ReplayBytesHeld, 0);
        Require(CounterId.ServerConnectionsPinned, 0);
        Evidence.Require(loop.Sockets.Count == Read(CounterId.ServerConnectionsIdle), Describe());
        Require(CounterId.ServerConnectionsOpen, loop.Sockets.Count);
        Evidence.Require(loop.Pools.DescribeLeaks() is null, "buffers are lent while nothing runs: " + loop.Pools.DescribeLeaks());
        Evidence.Require(Read(CounterId.ClientConnectionsAccepted) == Sum(ClientCloses),
            $"{Read(CounterId.ClientConnectionsAccepted)} clients were accepted and {Sum(ClientCloses)} closed with a reason");
        Require(CloseCounters.Of(CloseReason.None), 0);
        Evidence.Require(
            Read(CounterId.ServerConnects) == Sum(ServerCloses) + loop.Sockets.Count,
            $"{Read(CounterId.ServerConnects)} server connections were opened, {loop.Sockets.Count} are open and {Sum(ServerCloses)} closed "
            + "with a reason");
    }

    /// <summary>After the drain: nothing at all.</summary>
    public void CheckEmpty()
    {
        CheckQuiet();
        Require(CounterId.CacheBytesHeld, 0);
        Evidence.Require(loop.Sockets.Count == 0, $"{loop.Sockets.Count} connections are open at the end");
        Evidence.Require(loop.Live.Count == 0, $"{loop.Live.Count} sockets are in use at the end");
        Evidence.Require(loop.Wheel.LinkedCount == 0, $"{loop.Wheel.LinkedCount} timers live at the end");
    }

    /// <summary>At the end: every connection has its entry in the ledger, which knows who has ended it.</summary>
    public void CheckLedger()
    {
        Evidence.Require(Read(CounterId.ClientConnectionsAccepted) == Sum(ClientClosedBy),
            $"{Read(CounterId.ClientConnectionsAccepted)} clients were accepted and {Sum(ClientClosedBy)} entered");
        Evidence.Require(Read(CounterId.ServerConnects) == Sum(ServerClosedBy),
            $"{Read(CounterId.ServerConnects)} server connections were opened and {Sum(ServerClosedBy)} entered");
    }

    /// <summary>What is open, for a message.</summary>
    public string Describe()
    {
        var lines = new List<string> { $"{loop.Sockets.Count} connections are open, {Read(CounterId.ServerConnectionsIdle)} of them idle, "
            + $"{Read(CounterId.ClientConnectionsOpen)} of clients" };
        foreach (SimulatedConnection connection in loop.Live)
        {
            lines.Add($"  connection {connection.SocketId}: {connection.State}, {connection.QueuedBytes} bytes queued, opened at "
                + $"{connection.OpenedAtMs} ms");
        }

        return string.Join(Environment.NewLine, lines);
    }

    public long Read(CounterId id) => counters.Read(id);

    private void Require(CounterId id, long expected) => Evidence.Require(Read(id) == expected, $"{id} is {Read(id)} instead of {expected}");

    private long Sum((CounterId First, CounterId Last) range)
    {
        long sum = 0;
        for (CounterId id = range.First; id <= range.Last; id++)
            sum += Read(id);
        return sum;
    }
}
