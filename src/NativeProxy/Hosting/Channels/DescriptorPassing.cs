using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NativeProxy.Hosting.Channels;

/// <summary>What became of a message with a descriptor.</summary>
internal enum PassResult
{
    /// <summary>It is on its way.</summary>
    Sent,

    /// <summary>Too much is on its way: later it may be taken.</summary>
    Full,

    /// <summary>The other side is gone.</summary>
    Gone,
}

/// <summary>Hands open descriptors to another process over a Unix socket (SCM_RIGHTS). Never waits. Linux, 64 bit.</summary>
internal static unsafe partial class DescriptorPassing
{
    /// <summary>Most descriptors of one message; the kernel's own limit is 253.</summary>
    public const int CountMax = 64;

    private const int SocketLevel = 1;
    private const int RightsMessage = 1;
    private const int DoNotWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int NoMemory = 12;
    private const int NoBuffers = 105;

    /// <summary>ETOOMANYREFS: a user without rights may have only so many descriptors on their way (unix(7)).</summary>
    private const int TooManyInFlight = 109;

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

    /// <summary>Sends one descriptor with a message of bytes, on a line of whole messages.</summary>
    public static PassResult SendWith(int line, ReadOnlySpan<byte> bytes, int descriptor)
    {
        fixed (byte* start = bytes)
        {
            var part = new IoVector { Base = start, Length = (nuint)bytes.Length };
            ControlMessage control = default;
            control.Length = (nuint)(sizeof(nuint) + (3 * sizeof(int)));
            control.Level = SocketLevel;
            control.Type = RightsMessage;
            control.Descriptors[0] = descriptor;
            var message = new Message { Parts = &part, PartCount = 1, Control = &control, ControlLength = control.Length };
            if (SystemSend(line, &message, DoNotWait | NoSignal) >= 0)
                return PassResult.Sent;
        }
        return Marshal.GetLastPInvokeError() is TryAgain or NoMemory or NoBuffers or TooManyInFlight ? PassResult.Full : PassResult.Gone;
    }

    /// <summary>
    /// Waits for a message of <see cref="SendWith"/>. Returns its bytes, 0 at the end of the line or after an error. The descriptor is then the
    /// caller's; -1 when this process had none free for it.
    /// </summary>
    public static int ReceiveWith(int line, Span<byte> bytes, out int descriptor)
    {
        descriptor = -1;
        fixed (byte* start = bytes)
        {
            var part = new IoVector { Base = start, Length = (nuint)bytes.Length };
            nint count;
            do
            {
                ControlMessage control = default;
                var message = new Message
                {
                    Parts = &part, PartCount = 1, Control = &control, ControlLength = (nuint)(sizeof(nuint) + (4 * sizeof(int))),
                };
                count = SystemReceive(line, &message, 0);
                if (count > 0 && control.Type == RightsMessage)
                    descriptor = control.Descriptors[0];
            }
            while (count < 0 && Marshal.GetLastPInvokeError() == Interrupted);
            return (int)Math.Max(0, count);
        }
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SystemSend(int descriptor, Message* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
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
