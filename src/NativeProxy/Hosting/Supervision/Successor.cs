using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using System.Threading.Tasks;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Processes;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// The process that is to take this one's place: starts it, gives it what it goes on with, and hears whether it serves. Owner: who decides about the
/// upgrade; one per try. Any thread, one step at a time.
/// </summary>
internal sealed class Successor : IDisposable
{
    /// <summary>By which the process knows that it comes after another one: the descriptors of its two lines.</summary>
    public const string Variable = "NATIVEPROXY_TAKE_OVER";

    /// <summary>How long it may take to serve. The process that runs serves meanwhile.</summary>
    private static readonly TimeSpan ServingLimit = TimeSpan.FromSeconds(60);

    private readonly ControlChannel _control;
    private readonly DescriptorChannel _descriptors;
    private readonly Action<int> _kill;
    private readonly List<Socket> _lines = [];

    private Successor(ControlChannel control, DescriptorChannel descriptors, int processId, Action<int> kill)
    {
        _kill = kill;
        _control = control;
        _descriptors = descriptors;
        ProcessId = processId;
    }

    public int ProcessId { get; }

    /// <summary>Ends it for certain, unless it has ended.</summary>
    public void Kill() => _kill(ProcessId);

    /// <summary>Per worker of this process: over which its client connections go to the worker that comes after it.</summary>
    public IReadOnlyList<Socket> Lines => _lines;

    /// <summary>
    /// Starts whatever stands where this program was started from, with the same arguments. Throws
    /// <see cref="System.ComponentModel.Win32Exception"/> when the system refuses.
    /// </summary>
    /// <param name="children">Start it, and wait for its end.</param>
    /// <param name="manager">Is the new process's, too.</param>
    public static Successor Start(ChildProcesses children, ServiceManager manager)
    {
        (Socket control, Socket theirControl) = SocketPair.Create();
        using Socket ownedControl = theirControl;
        (Socket descriptors, Socket theirDescriptors) = SocketPair.Create();
        using Socket ownedDescriptors = theirDescriptors;
        int[] inherited = [(int)theirControl.Handle, (int)theirDescriptors.Handle];
        try
        {
            int processId = children.StartAnew([$"{Variable}={inherited[0]},{inherited[1]}", .. manager.Variables], inherited);
            return new Successor(new ControlChannel(control), new DescriptorChannel(descriptors), processId, children.Kill);
        }
        catch
        {
            control.Dispose();
            descriptors.Dispose();
            throw;
        }
    }

    /// <summary>Gives it what it goes on with. Null once it serves; else why it does not.</summary>
    /// <param name="handover">What is said.</param>
    /// <param name="boards">Descriptors of the boards.</param>
    /// <param name="listening">The listening sockets, by worker.</param>
    /// <param name="admin">That of the admin endpoint; nothing without one.</param>
    public async Task<string?> HandOver(Handover handover, int[] boards, IReadOnlyList<IReadOnlyList<ListeningSocket>> listening,
        IEnumerable<ListeningSocket> admin)
    {
        var theirs = new List<Socket>();
        foreach (IReadOnlyList<ListeningSocket> _ in listening)
        {
            (Socket ours, Socket their) = SocketPair.CreateForMessages();
            _lines.Add(ours);
            theirs.Add(their);
        }
        int[] descriptors =
        [
            .. boards, .. listening.SelectMany(static sockets => sockets).Select(static socket => (int)socket.Socket.Handle),
            .. admin.Select(static socket => (int)socket.Socket.Handle), .. theirs.Select(static line => (int)line.Handle),
        ];
        bool isSent = _descriptors.TrySend(descriptors) && _control.TrySend(ControlCommand.TakeOver, handover.Encode());
        theirs.ForEach(static line => line.Dispose());
        if (!isSent)
            return "it did not take what it was given";
        Task<ControlMessage?> answer = _control.ReceiveAsync();

        // This process may have been stopped for so long that both are there.
        if (await Task.WhenAny(answer, Task.Delay(ServingLimit)) != answer && !answer.IsCompleted)
            return $"it did not serve within {ServingLimit.TotalSeconds} s";
        return await answer switch
        {
            { Command: ControlCommand.Ready } => null,
            { Command: ControlCommand.Refused } refused => AnswerMessage.Decode(refused.Payload).Problem,
            _ => "it ended before it served; what it said stands above",
        };
    }

    /// <summary>This process does no more: it is all the other one's.</summary>
    public void SayYours() => _control.TrySend(ControlCommand.Yours);

    public void Dispose()
    {
        _lines.ForEach(static line => line.Dispose());
        _control.Dispose();
        _descriptors.Dispose();
    }
}
