using System;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Sockets;

/// <summary>Makes two Unix stream sockets that are connected to each other: a loop's wake-up line, a worker's control channel.</summary>
internal static partial class SocketPair
{
    private const int AddressFamilyUnix = 1;
    private const int StreamCloseOnExec = 1 | 0x80000;
    private const int MessagesCloseOnExec = 5 | 0x80000;

    /// <summary>Both ends are blocking and closed on exec. Throws <see cref="Win32Exception"/> when descriptors have run out.</summary>
    public static (Socket First, Socket Second) Create()
    {
        (int first, int second) = CreateDescriptors();
        return (new Socket(new SafeSocketHandle(first, ownsHandle: true)), new Socket(new SafeSocketHandle(second, ownsHandle: true)));
    }

    /// <summary>As <see cref="Create"/>, for whole messages in their order (SOCK_SEQPACKET).</summary>
    public static (Socket First, Socket Second) CreateForMessages()
    {
        (int first, int second) = CreateDescriptors(MessagesCloseOnExec);
        return (new Socket(new SafeSocketHandle(first, ownsHandle: true)), new Socket(new SafeSocketHandle(second, ownsHandle: true)));
    }

    private static (int First, int Second) CreateDescriptors(int type = StreamCloseOnExec)
    {
        Span<int> ends = stackalloc int[2];
        if (CallSocketPair(AddressFamilyUnix, type, 0, ends) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        return (ends[0], ends[1]);
    }

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static partial int CallSocketPair(int domain, int type, int protocol, Span<int> ends);
}
