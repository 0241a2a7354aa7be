using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Sockets;

/// <summary>
/// Looks at what a read of a socket would give, and leaves it there: one system call, as cheap as can be, because it stands in the way of every
/// request that a kept server connection carries. Linux, 64 bit.
/// </summary>
internal static unsafe class SocketPeek
{
    private const int Peek = 0x2;
    private const int DoNotWait = 0x40;
    private const int WouldBlock = 11;

    /// <param name="descriptor">An open, connected socket of this process.</param>
    public static UnreadInput Look(int descriptor)
    {
        byte first;
        nint received = SocketCalls.Receive(descriptor, &first, 1, Peek | DoNotWait);
        if (received > 0)
            return UnreadInput.Bytes;
        return received < 0 && Marshal.GetLastSystemError() == WouldBlock ? UnreadInput.None : UnreadInput.End;
    }
}
