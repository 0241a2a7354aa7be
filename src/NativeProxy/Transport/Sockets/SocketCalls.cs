using System;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NativeProxy.Transport.Sockets;

/// <summary>
/// send and recv as bare system calls, for sockets that never block. The C library's functions of these names are cancellation points: in a
/// process of several threads each call pays for two locked writes that nobody here needs (glibc before 2.41; 1 % of the processor time of a
/// small GET). Without the runtime's bookkeeping for blocking calls (SuppressGCTransition), so that errno is still the call's own afterwards: read
/// it with <see cref="Marshal.GetLastSystemError"/> at once. Linux, 64 bit.
/// </summary>
internal static unsafe partial class SocketCalls
{
    // Of the kernel's table for x86-64, and of the one that all later architectures share (asm-generic/unistd.h).
    private const int SendToX64 = 44;
    private const int ReceiveFromX64 = 45;
    private const int SendToGeneric = 206;
    private const int ReceiveFromGeneric = 207;

    private const int NoSignal = 0x4000;
    private const int More = 0x8000;

    private static bool IsX64 => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>send(2), without SIGPIPE: how many bytes the kernel took.</summary>
    public static int Send(int descriptor, ReadOnlySpan<byte> bytes, out SocketError error) => Send(descriptor, bytes, NoSignal, out error);

    /// <summary>send(2) of bytes behind which FIN follows at once: the kernel waits for it (MSG_MORE).</summary>
    public static int SendLast(int descriptor, ReadOnlySpan<byte> bytes, out SocketError error) =>
        Send(descriptor, bytes, NoSignal | More, out error);

    /// <summary>recv(2): how many bytes were received; 0 and Success at the end.</summary>
    public static int Receive(int descriptor, Span<byte> target, out SocketError error)
    {
        fixed (byte* start = target)
        {
            nint received = Receive(descriptor, start, (nuint)target.Length, flags: 0);
            error = received >= 0 ? SocketError.Success : ErrorNumbers.ToSocketError(Marshal.GetLastSystemError());
            return received >= 0 ? (int)received : 0;
        }
    }

    /// <summary>recv(2): bytes received, 0 at the end, or -1.</summary>
    public static nint Receive(int descriptor, byte* bytes, nuint count, int flags) =>
        Call(IsX64 ? ReceiveFromX64 : ReceiveFromGeneric, descriptor, bytes, count, flags, address: 0, addressBytes: 0);

    /// <summary>
    /// Somebody else has this socket, too: the library, which goes by the mark "close on exec", then does not shut it down when it closes it.
    /// </summary>
    public static void MarkShared(int descriptor)
    {
        const int SetDescriptorFlags = 2;
        CallFcntl(descriptor, SetDescriptorFlags, 0);
    }

    private static int Send(int descriptor, ReadOnlySpan<byte> bytes, int flags, out SocketError error)
    {
        fixed (byte* start = bytes)
        {
            nint sent = Call(IsX64 ? SendToX64 : SendToGeneric, descriptor, start, (nuint)bytes.Length, flags, address: 0, addressBytes: 0);
            error = sent >= 0 ? SocketError.Success : ErrorNumbers.ToSocketError(Marshal.GetLastSystemError());
            return sent >= 0 ? (int)sent : 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int CallFcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "syscall"), SuppressGCTransition]
    private static partial nint Call(nint number, nint descriptor, byte* bytes, nuint count, nint flags, nint address, nint addressBytes);
}
