using System;
using System.Collections.Generic;
using System.Net.Sockets;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// One end of the line on which the supervisor hands listening sockets to a worker: beside the control channel, because only recvmsg takes
/// descriptors. They go ahead of the message that names them, so that whoever reads the message finds them there. Never waits.
/// </summary>
internal sealed class DescriptorChannel(Socket socket) : IDisposable
{
    /// <summary>Hands sockets over, in order; false when the other side is gone or does not take them.</summary>
    public bool TrySend(IReadOnlyList<ListeningSocket> sockets)
    {
        int[] descriptors = new int[sockets.Count];
        for (int i = 0; i < descriptors.Length; i++)
            descriptors[i] = (int)sockets[i].Socket.Handle;
        return TrySend(descriptors);
    }

    /// <summary>Hands descriptors over, in order; false as above.</summary>
    public bool TrySend(ReadOnlySpan<int> descriptors)
    {
        for (int sent = 0; sent < descriptors.Length; sent += DescriptorPassing.CountMax)
        {
            if (!DescriptorPassing.Send(socket, descriptors.Slice(sent, Math.Min(DescriptorPassing.CountMax, descriptors.Length - sent))))
                return false;
        }
        return true;
    }

    /// <summary>Takes as many descriptors, which the caller then owns; null when not all of them have come, and none is left open.</summary>
    public int[]? TryReceive(int count)
    {
        var descriptors = new List<int>();
        for (int asked = 0; asked < count; asked += DescriptorPassing.CountMax)
            descriptors.AddRange(DescriptorPassing.Receive(socket));
        if (descriptors.Count == count)
            return [.. descriptors];
        foreach (int descriptor in descriptors)
            LinuxProcess.Close(descriptor);
        return null;
    }

    /// <summary>
    /// Takes the sockets for these addresses, which the caller then owns; null when not all of them have come, and none is left open. Takes as many
    /// messages as were sent for them in any case: who has no descriptor free gets them empty, and what was left would pass for the next one's.
    /// </summary>
    public List<ListeningSocket>? TryReceive(IReadOnlyList<string> binds)
    {
        if (TryReceive(binds.Count) is not { } descriptors)
            return null;
        var sockets = new List<ListeningSocket>();
        for (int i = 0; i < descriptors.Length; i++)
        {
            Socket socket = OwnedSocket.Of(descriptors[i]);
            sockets.Add(new ListeningSocket(binds[i], socket) { IsAlone = !ListeningSockets.SharesPort(socket) });
        }
        return sockets;
    }

    public void Dispose() => socket.Dispose();
}
