using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Net.Sockets;

namespace NativeProxy.Hosting;

/// <summary>What the supervisor tells a worker.</summary>
internal enum ControlCommand : byte
{
    /// <summary>Payload: <see cref="SettingsMessage"/>; its sockets follow (<see cref="ControlLine.SendSockets"/>).</summary>
    Settings = 1,

    /// <summary>Finish running exchanges, then exit.</summary>
    Drain = 2,

    /// <summary>Open the access log anew.</summary>
    ReopenLogs = 3,

    /// <summary>Servers have gone up or down; the shared board says which.</summary>
    FollowHealth = 4,

    /// <summary>After <see cref="Drain"/>: cut what is left, then exit.</summary>
    Cut = 5,

    /// <summary>Servers have other addresses. Payload: a line of <see cref="Upstreams.Naming.ServerEndPoints"/> for the settings sent last.</summary>
    Addresses = 6,
}

/// <summary>
/// One end of the line between supervisor and worker: frames of one command byte, four length bytes and a payload. The end of the
/// stream means that the other side is gone. Blocking; used by one thread per direction.
/// </summary>
internal sealed class ControlLine(Socket socket) : IDisposable
{
    private const int HeadBytes = 5;
    private const int PayloadBytesMax = 16 * 1024 * 1024;

    /// <summary>Sends one command; false when the other side is gone or this one is closed.</summary>
    public bool Send(ControlCommand command, ReadOnlySpan<byte> payload = default)
    {
        byte[] frame = new byte[HeadBytes + payload.Length];
        frame[0] = (byte)command;
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(1), payload.Length);
        payload.CopyTo(frame.AsSpan(HeadBytes));
        try
        {
            for (int sent = 0; sent < frame.Length;)
                sent += socket.Send(frame.AsSpan(sent));
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed: the supervisor tells all workers something while a crashed one waits for its restart.
            return false;
        }
    }

    /// <summary>Waits for one command; false when the other side is gone or sends what is no frame.</summary>
    public bool TryReceive(out ControlCommand command, out byte[] payload)
    {
        command = default;
        payload = [];
        byte[] head = new byte[HeadBytes];
        if (!TryFill(head))
            return false;
        int length = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(1));
        if (length is < 0 or > PayloadBytesMax)
            return false;
        command = (ControlCommand)head[0];
        payload = new byte[length];
        return TryFill(payload);
    }

    /// <summary>Hands sockets over, in order; the other side must receive as many.</summary>
    public bool SendSockets(IReadOnlyList<ListeningSocket> sockets)
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

    /// <summary>Receives the sockets for these addresses; fewer when the other side is gone.</summary>
    public List<ListeningSocket> ReceiveSockets(IReadOnlyList<string> binds)
    {
        var sockets = new List<ListeningSocket>();
        while (sockets.Count < binds.Count)
        {
            int[] descriptors = DescriptorPassing.Receive(socket);
            foreach (int descriptor in descriptors)
                sockets.Add(new ListeningSocket(binds[sockets.Count], new Socket(new SafeSocketHandle(descriptor, ownsHandle: true))));
            if (descriptors.Length == 0)
                break;
        }
        return sockets;
    }

    public void Dispose() => socket.Dispose();

    private bool TryFill(Span<byte> target)
    {
        try
        {
            while (!target.IsEmpty)
            {
                int received = socket.Receive(target);
                if (received == 0)
                    return false;
                target = target[received..];
            }
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
