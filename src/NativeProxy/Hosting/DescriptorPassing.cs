using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NativeProxy.Hosting;

/// <summary>Hands open descriptors to another process over a Unix socket (SCM_RIGHTS). Linux, 64 bit; blocking.</summary>
internal static unsafe partial class DescriptorPassing
{
    /// <summary>Most descriptors of one message; the kernel's own limit is 253.</summary>
    public const int CountMax = 64;

    private const int SocketLevel = 1;
    private const int RightsMessage = 1;
    private const int CloseOnExec = 0x40000000;

    /// <summary>Sends the descriptors with one byte of data; false when the other side is gone.</summary>
    public static bool Send(Socket line, ReadOnlySpan<int> descriptors)
    {
        byte data = 0;
        var part = new IoVector { Base = &data, Length = 1 };
        ControlMessage control = default;
        control.Length = (nuint)(sizeof(nuint) + (2 * sizeof(int)) + (descriptors.Length * sizeof(int)));
        control.Level = SocketLevel;
        control.Type = RightsMessage;
        for (int i = 0; i < descriptors.Length; i++)
            control.Descriptors[i] = descriptors[i];
        var message = new Message { Parts = &part, PartCount = 1, Control = &control, ControlLength = control.Length };
        return SystemSend((int)line.Handle, &message, 0) == 1;
    }

    /// <summary>Receives descriptors; they are closed on exec and owned by the caller. Empty when the other side is gone.</summary>
    public static int[] Receive(Socket line)
    {
        byte data = 0;
        var part = new IoVector { Base = &data, Length = 1 };
        ControlMessage control = default;
        var message = new Message { Parts = &part, PartCount = 1, Control = &control, ControlLength = (nuint)sizeof(ControlMessage) };
        if (SystemReceive((int)line.Handle, &message, CloseOnExec) != 1 || control.Type != RightsMessage)
            return [];
        int count = ((int)control.Length - sizeof(nuint) - (2 * sizeof(int))) / sizeof(int);
        return new Span<int>(control.Descriptors, count).ToArray();
    }

    [LibraryImport("libc", EntryPoint = "sendmsg")]
    private static partial nint SystemSend(int descriptor, Message* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg")]
    private static partial nint SystemReceive(int descriptor, Message* message, int flags);

    /// <summary>struct iovec.</summary>
    private struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr.</summary>
    private struct Message
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Parts;
        public nuint PartCount;
        public ControlMessage* Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary>struct cmsghdr with its data.</summary>
    private struct ControlMessage
    {
        public nuint Length;
        public int Level;
        public int Type;
        public fixed int Descriptors[CountMax];
    }
}
