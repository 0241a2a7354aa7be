using System;
using System.Collections.Generic;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Channels;

/// <summary>
/// Takes listening sockets off their addresses and puts them back, so that another process can have the addresses meanwhile (SIGTTOU and SIGTTIN, as
/// HAProxy). In two steps, so that nobody who has connected is lost: first new handshakes get no answer, so that clients ask again a second later,
/// while those that have begun end and are accepted; then the sockets stop to listen. They stay bound, so that the way back needs no right to a port
/// below 1024. Whoever accepts on such a socket meanwhile gets EINVAL and looks again later. A Unix socket goes on; its file is out of the way.
/// Stateless; called by the thread of the supervisor. Linux.
/// </summary>
internal static unsafe partial class ListeningRest
{
    /// <summary>Longer than a handshake takes over any network, and shorter than the second after which a client asks again.</summary>
    public const long HandshakeMs = 500;

    /// <summary>
    /// With TCP_DEFER_ACCEPT the kernel keeps a client that says nothing until it has asked it once more, after its first retransmission timeout
    /// (RFC 6298: one second); then it can be accepted.
    /// </summary>
    public const long SilentClientMs = 1000;

    private const int TcpLevel = 6;
    private const int DeferAccept = 9;
    private const int SocketLevel = 1;
    private const int AttachFilter = 26;
    private const int DetachFilter = 27;

    /// <summary>What a first packet of a connection has set of these two flags, and no other packet has.</summary>
    private const int SynAndAck = 0x12;
    private const int Syn = 0x02;

    /// <summary>Where the flags are in a TCP header (RFC 9293, 3.1).</summary>
    private const int FlagsOffset = 13;

    /// <summary>connect(2) with this family takes a socket off its peer, or ends that it listens.</summary>
    private const ushort Unspecified = 0;

    private const int AddressBytes = 16;

    /// <summary>
    /// First step: handshakes that begin from now on get no answer. Where the system cannot do that, a handshake that ends in the very moment of the
    /// second step is lost. Returns how long the second step must wait, in ms.
    /// </summary>
    public static long TurnAway(in ListeningSocket listening)
    {
        if (listening.IsUnix)
            return 0;

        // A classic BPF program: drop what has SYN and not ACK, let everything else pass.
        FilterStep* steps = stackalloc FilterStep[]
        {
            new FilterStep(0x30, 0, 0, FlagsOffset), // load the byte of the flags
            new FilterStep(0x54, 0, 0, SynAndAck), // and
            new FilterStep(0x15, 0, 1, Syn), // if equal, go on; else skip one
            new FilterStep(0x06, 0, 0, 0), // drop
            new FilterStep(0x06, 0, 0, uint.MaxValue), // pass
        };
        var filter = new FilterProgram { Count = 5, Steps = steps };
        CallSetOption(DescriptorOf(listening), SocketLevel, AttachFilter, &filter, (uint)sizeof(FilterProgram));
        return HandshakeMs + (Defers(listening.Socket) ? SilentClientMs : 0);
    }

    /// <summary>Second step: the addresses are free. What waits to be accepted is reset.</summary>
    public static void Begin(in ListeningSocket listening)
    {
        if (listening.IsUnix)
        {
            listening.File?.StepAside();
            return;
        }
        byte* nowhere = stackalloc byte[AddressBytes];
        new Span<byte>(nowhere, AddressBytes).Clear();
        *(ushort*)nowhere = Unspecified;
        CallConnect(DescriptorOf(listening), nowhere, AddressBytes);
    }

    /// <summary>Back, after either step. Null, or why it does not listen: somebody else does.</summary>
    public static string? End(in ListeningSocket listening)
    {
        if (listening.IsUnix)
            return listening.File is null || UnixListening.StepBack(listening.File) ? null : "another program listens there";
        int none = 0;
        CallSetOption(DescriptorOf(listening), SocketLevel, DetachFilter, &none, sizeof(int));
        try
        {
            listening.Socket.Listen(ListeningSockets.Backlog);
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.AddressAlreadyInUse ? "another program listens there" : e.Message;
        }
    }

    private static bool Defers(Socket socket)
    {
        int seconds = 0;
        return socket.GetRawSocketOption(TcpLevel, DeferAccept, MemoryMarshal.AsBytes(new Span<int>(ref seconds))) > 0 && seconds > 0;
    }

    private static int DescriptorOf(in ListeningSocket listening) => (int)listening.Socket.Handle;

    [LibraryImport("libc", EntryPoint = "connect")]
    private static partial int CallConnect(int descriptor, byte* address, uint addressBytes);

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    private static partial int CallSetOption(int descriptor, int level, int option, void* value, uint valueBytes);

    /// <summary>struct sock_filter.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct FilterStep(ushort code, byte ifTrue, byte ifFalse, uint operand)
    {
        public readonly ushort Code = code;
        public readonly byte IfTrue = ifTrue;
        public readonly byte IfFalse = ifFalse;
        public readonly uint Operand = operand;
    }

    /// <summary>struct sock_fprog.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FilterProgram
    {
        public ushort Count;
        public FilterStep* Steps;
    }
}
