using System;
using System.Collections.Generic;
using System.Net.Sockets;

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
        for (int sent = 0; sent < sockets.Count; sent += DescriptorPassing.CountMax)
        {
            int[] descriptors = new int[Math.Min(DescriptorPassing.CountMax, sockets.Count - sent)];
            for (int i = 0; i < descriptors.Length; i++)
                descriptors[i] = (int)sockets[sent + i].Socket.Handle;
            if (!DescriptorPassing.Send(socket, descriptors))
                return false;
        }
        return true;
    }

    /// <summary>
    /// Takes the sockets for these addresses, which the caller then owns; null when not all of them have come, and none is left open. Takes as many
    /// messages as were sent for them in any case: who has no descriptor free gets them empty, and what was left would pass for the next one's.
    /// </summary>
    public List<ListeningSocket>? TryReceive(IReadOnlyList<string> binds)
    {
        var sockets = new List<ListeningSocket>();
        for (int asked = 0; asked < binds.Count; asked += DescriptorPassing.CountMax)
        {
            foreach (int descriptor in DescriptorPassing.Receive(socket))
            {
                sockets.Add(new ListeningSocket(sockets.Count < binds.Count ? binds[sockets.Count] : "",
                    new Socket(new SafeSocketHandle(descriptor, ownsHandle: true))));
            }
        }
        if (sockets.Count == binds.Count)
            return sockets;
        ListeningSockets.Close(sockets);
        return null;
    }

    public void Dispose() => socket.Dispose();
}
