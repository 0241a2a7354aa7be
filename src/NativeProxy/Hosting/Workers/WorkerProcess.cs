using System;
using System.Net.Sockets;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Workers;

/// <summary>What the supervisor passes to a worker process on its command line.</summary>
/// <param name="Index">0-based number of the worker.</param>
/// <param name="Count">How many workers there are.</param>
/// <param name="Row">Its row on the boards.</param>
/// <param name="Control">Descriptor of the control channel.</param>
/// <param name="Sockets">Descriptor of the channel on which listening sockets come.</param>
/// <param name="Boards">Descriptors of the shared boards (<see cref="Channels.Boards.DescriptorText"/>).</param>
internal sealed record WorkerArguments(int Index, int Count, int Row, int Control, int Sockets, string Boards);

/// <summary>The start of a worker process: signals, name, core; then it does what the supervisor says (<see cref="WorkerDuty"/>).</summary>
internal static class WorkerProcess
{
    /// <summary>Runs until the supervisor ends it. Returns the exit code.</summary>
    public static int Run(WorkerArguments arguments, TrafficSecurity security)
    {
        WorkerSignals.LeaveToSupervisor();
        LinuxProcess.SetName("nativeproxy");
        LinuxProcess.PinToProcessor(arguments.Index % Environment.ProcessorCount);
        using var control = new ControlChannel(OwnedSocket.Of(arguments.Control));
        using var sockets = new DescriptorChannel(OwnedSocket.Of(arguments.Sockets));
        return new WorkerDuty(control, sockets, arguments, security).RunAsync().GetAwaiter().GetResult();
    }
}
