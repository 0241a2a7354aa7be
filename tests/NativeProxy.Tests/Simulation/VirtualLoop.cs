using System;
using NativeProxy.Buffers;
using NativeProxy.Tests.Simulation.Engine;
using NativeProxy.Tests.Simulation.Network;
using NativeProxy.Transport;

namespace NativeProxy.Tests.Simulation;

/// <summary>
/// A <see cref="SimulatedEventLoop"/> for a test that plays everything around it by hand, in virtual time. What arrives, arrives at once and whole.
/// </summary>
internal sealed class VirtualLoop
{
    /// <param name="bufferBytes">Budget of the buffers.</param>
    /// <param name="isCompletionBased">Which of the two real engines the simulated one is like.</param>
    public VirtualLoop(long bufferBytes = 16 << 20, bool isCompletionBased = false)
    {
        World.Network.DelayMsMax = 0;
        World.Network.WholeArrivals = 1000;
        World.Network.VariesWindows = false;
        Loop = new SimulatedEventLoop(new BufferPools(bufferBytes), World.Time, World.Network, World.Dice, World.Trace, isCompletionBased);
    }

    public ChaosWorld World { get; } = new(1, FaultMix.Calm);

    public SimulatedEventLoop Loop { get; }

    /// <summary>A client connects.</summary>
    /// <param name="windowBytes">Bytes that each side takes ahead of its reader.</param>
    public SimulatedSocket ConnectClient(int windowBytes = 256 * 1024)
    {
        SimulatedSocket client = World.Network.ConnectClient()!;
        client.Incoming.WindowBytes = client.Outgoing.WindowBytes = windowBytes;
        Settle();
        return client;
    }

    /// <summary>Does this inside a turn, and all that follows from it.</summary>
    public void Run(Action action)
    {
        Loop.Post(new ActionWork(action));
        Settle();
    }

    /// <summary>Lets everything happen that is due within this time.</summary>
    public void Settle(int ms = 0)
    {
        bool isOver = false;
        World.Agenda.After(ms, () => isOver = true);
        while (!isOver || Loop.HasWork || Math.Min(World.Agenda.NextAtMs, Loop.WakeAtMs) <= World.Time.NowMs)
            Step();
    }

    /// <summary>One thing happens, outside or in the loop; when nothing is due, time moves.</summary>
    public void Step()
    {
        if (World.Agenda.NextAtMs <= World.Time.NowMs)
            World.Agenda.TryRunOne();
        else if (Loop.HasWork || Loop.WakeAtMs <= World.Time.NowMs)
            Loop.Turn();
        else
            World.Time.MoveTo(Math.Min(World.Agenda.NextAtMs, Loop.WakeAtMs));
    }

    private sealed class ActionWork(Action action) : LoopWork
    {
        public override void Run() => action();
    }
}
