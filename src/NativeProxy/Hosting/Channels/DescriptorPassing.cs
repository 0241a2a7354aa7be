using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NativeProxy.Hosting.Channels;

/// <summary>Hands open descriptors to another process over a Unix socket (SCM_RIGHTS). Never waits. Linux, 64 bit.</summary>
internal static unsafe partial class DescriptorPassing
{
    /// <summary>Most descriptors of one message; the kernel's own limit is 253.</summary>
    public const int CountMax = 64;

    private const int SocketLevel = 1;
    private const int RightsMessage = 1;
    private const int DoNotWait = 0x40;
    private const int NoSignal = 0x4000;

    /// <summary>Sends the descriptors with one byte of data; false when the other side is gone, or too many wait for it.</summary>
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
        return SystemSend((int)line.Handle, &message, DoNotWait | NoSignal) == 1;
    }

    /// <summary>
    /// Receives descriptors, which the caller then owns. Empty when there are none. They are not closed on exec, which nobody here does: of a
    /// socket without that mark the library knows that others may have it too, and does not shut it down when it closes it.
    /// </summary>
    public static int[] Receive(Socket line)
    {
        byte data = 0;
        var part = new IoVector { Base = &data, Length = 1 };
        ControlMessage control = default;
        var message = new Message { Parts = &part, PartCount = 1, Control = &control, ControlLength = (nuint)sizeof(ControlMessage) };
        if (SystemReceive((int)line.Handle, &message, DoNotWait) != 1 || control.Type != RightsMessage)
            return [];
        int count = ((int)control.Length - sizeof(nuint) - (2 * sizeof(int))) / sizeof(int);
        return new Span<int>(control.Descriptors, count).ToArray();
    }

    [LibraryImport("libc", EntryPoint = "sendmsg")]
    private static partial nint SystemSend(int descriptor, Message* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg")]
    private static partial nint SystemReceive(int descriptor, Message* message, int flags);

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>struct msghdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
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
