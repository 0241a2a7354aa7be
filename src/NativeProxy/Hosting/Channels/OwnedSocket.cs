using System;
using System.ComponentModel;
using System.IO;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// Sockets of descriptors that came from elsewhere: who gets one closes it, and no process that this one starts has it. Stateless. Linux.
/// </summary>
internal static partial class OwnedSocket
{
    private const int DuplicateCloseOnExec = 1030;

    /// <summary>
    /// The socket of a descriptor. Throws <see cref="Win32Exception"/> when there is no such descriptor, <see cref="SocketException"/> when it is of
    /// something else.
    /// </summary>
    public static Socket Of(int descriptor)
    {
        LinuxProcess.SetInherited(descriptor, false);
        return new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
    }

    /// <summary>The same socket once more, by another descriptor. Throws <see cref="IOException"/> when there is none left.</summary>
    public static Socket Again(Socket socket)
    {
        int descriptor = CallFcntl((int)socket.Handle, DuplicateCloseOnExec, 0);
        return descriptor >= 0
            ? new Socket(new SafeSocketHandle(descriptor, ownsHandle: true))
            : throw new IOException("there are too few descriptors for it");
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int CallFcntl(int descriptor, int command, int argument);
}
