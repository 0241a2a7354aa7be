using System;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// While it exists, what arrives at a socket is lost, as if it were still on its way: a filter drops each segment before the kernel looks at it
/// (SO_ATTACH_FILTER, socket(7)). What the socket itself sends arrives.
/// </summary>
internal sealed class LostSegments : IDisposable
{
    private const int SocketLevel = 1;
    private const int AttachFilter = 26;
    private const int DetachFilter = 27;

    private readonly Socket _socket;

    private LostSegments(Socket socket) => _socket = socket;

    public static LostSegments At(Socket socket)
    {
        // struct sock_filter: one instruction, "return 0" (BPF_RET | BPF_K), keeps no byte of a segment.
        ulong[] program = [BitConverter.IsLittleEndian ? 0x06UL : throw new PlatformNotSupportedException()];
        GCHandle pinned = GCHandle.Alloc(program, GCHandleType.Pinned);
        try
        {
            // struct sock_fprog: number of instructions, then, aligned, where they are.
            byte[] filter = new byte[16];
            BinaryPrimitives.WriteUInt16LittleEndian(filter, 1);
            BinaryPrimitives.WriteInt64LittleEndian(filter.AsSpan(8), pinned.AddrOfPinnedObject());
            socket.SetRawSocketOption(SocketLevel, AttachFilter, filter);
        }
        finally
        {
            pinned.Free();
        }
        return new LostSegments(socket);
    }

    public void Dispose()
    {
        if (!_socket.SafeHandle.IsClosed)
            _socket.SetRawSocketOption(SocketLevel, DetachFilter, [0, 0, 0, 0]);
    }
}
