using System;
using System.Buffers.Binary;
using System.Net.Sockets;

namespace NativeProxy.Hosting;

/// <summary>What the supervisor tells a worker.</summary>
internal enum ControlCommand : byte
{
    /// <summary>Payload: the file name, a line feed, the text of the settings file as the supervisor checked it.</summary>
    Settings = 1,

    /// <summary>Finish running exchanges, then exit.</summary>
    Drain = 2,

    /// <summary>Open the access log anew.</summary>
    ReopenLogs = 3,
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
