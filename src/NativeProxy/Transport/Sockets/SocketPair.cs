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

    /// <summary>Both ends are blocking and closed on exec. Throws <see cref="Win32Exception"/> when descriptors have run out.</summary>
    public static (Socket First, Socket Second) Create()
    {
        (int first, int second) = CreateDescriptors();
        return (new Socket(new SafeSocketHandle(first, ownsHandle: true)), new Socket(new SafeSocketHandle(second, ownsHandle: true)));
    }

    private static (int First, int Second) CreateDescriptors()
    {
        Span<int> ends = stackalloc int[2];
        if (CallSocketPair(AddressFamilyUnix, StreamCloseOnExec, 0, ends) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        return (ends[0], ends[1]);
    }

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static partial int CallSocketPair(int domain, int type, int protocol, Span<int> ends);
}
