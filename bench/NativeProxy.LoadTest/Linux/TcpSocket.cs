using System;
using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;

namespace NativeProxy.LoadTest.Linux;

/// <summary>
/// Raw non-blocking TCP sockets over IPv4: verbs on a descriptor that somebody else owns. Stateless.
/// </summary>
internal static unsafe class TcpSocket
{
    /// <summary>What <see cref="Receive"/> and <see cref="Send"/> return when the socket has nothing now.</summary>
    public const int Blocked = -1;

    /// <summary>What they return when the connection is broken.</summary>
    public const int Broken = -2;

    private const int FamilyIPv4 = 2;
    private const int Stream = 1;
    private const int AddressBytes = 16;
    private const int SocketLevel = 1;
    private const int ReuseAddress = 2;
    private const int SocketError = 4;
    private const int ReceiveBuffer = 8;
    private const int Linger = 13;
    private const int TcpLevel = 6;
    private const int NoDelay = 1;
    private const int IpLevel = 0;
    private const int BindAddressNoPort = 24;

    /// <summary>A listening socket. Throws when the address cannot be used.</summary>
    public static int Listen(IPEndPoint endPoint, int backlog)
    {
        int descriptor = Checked(Make());
        SetOption(descriptor, SocketLevel, ReuseAddress, 1);
        byte* address = stackalloc byte[AddressBytes];
        WriteAddress(endPoint.Address, endPoint.Port, address);
        Checked(Libc.Bind(descriptor, address, AddressBytes));
        Checked(Libc.Listen(descriptor, backlog));
        return descriptor;
    }

    /// <summary>The next waiting connection with TCP_NODELAY set, or a negative number.</summary>
    public static int Accept(int listening)
    {
        int descriptor = Libc.Accept(listening, null, null, Libc.NonBlocking | Libc.CloseOnExec);
        if (descriptor >= 0)
            SetOption(descriptor, TcpLevel, NoDelay, 1);
        return descriptor;
    }

    /// <summary>
    /// Begins to connect; the socket becomes writable when that has ended. Negative when no descriptor or no port is left.
    /// </summary>
    /// <param name="source">Local address to come from, so that one machine has more than 28,000 ports; null = the kernel chooses.</param>
    public static int Connect(IPEndPoint endPoint, IPAddress? source)
    {
        int descriptor = Make();
        if (descriptor < 0)
            return descriptor;
        SetOption(descriptor, TcpLevel, NoDelay, 1);
        byte* address = stackalloc byte[AddressBytes];
        if (source is not null)
        {
            SetOption(descriptor, IpLevel, BindAddressNoPort, 1);
            WriteAddress(source, 0, address);
            Libc.Bind(descriptor, address, AddressBytes);
        }
        WriteAddress(endPoint.Address, endPoint.Port, address);
        if (Libc.Connect(descriptor, address, AddressBytes) == 0 || Marshal.GetLastSystemError() == Libc.InProgress)
            return descriptor;
        Libc.Close(descriptor);
        return -1;
    }

    /// <summary>The error of a connect that has ended; 0 = connected.</summary>
    public static int ConnectError(int descriptor)
    {
        int error = 0;
        uint bytes = sizeof(int);
        Libc.GetOption(descriptor, SocketLevel, SocketError, &error, &bytes);
        return error;
    }

    /// <summary>Bytes received, 0 at the end of the stream, <see cref="Blocked"/> or <see cref="Broken"/>.</summary>
    public static int Receive(int descriptor, byte* bytes, int countMax)
    {
        nint count = Libc.Receive(descriptor, bytes, (nuint)countMax, 0);
        return count >= 0 ? (int)count : Failure();
    }

    /// <summary>Bytes accepted, <see cref="Blocked"/> or <see cref="Broken"/>.</summary>
    public static int Send(int descriptor, byte* bytes, int count, bool moreFollows = false)
    {
        nint sent = Libc.Send(descriptor, bytes, (nuint)count, Libc.NoSignal | (moreFollows ? Libc.More : 0));
        return sent >= 0 ? (int)sent : Failure();
    }

    /// <summary>A small receive window, so that a slow reader is felt by the sender.</summary>
    public static void SetReceiveBuffer(int descriptor, int bytes) => SetOption(descriptor, SocketLevel, ReceiveBuffer, bytes);

    public static void Close(int descriptor) => Libc.Close(descriptor);

    /// <summary>Closes with a reset, so that no port stays in TIME_WAIT.</summary>
    public static void Abort(int descriptor)
    {
        long onWithZeroSeconds = 1;
        Libc.SetOption(descriptor, SocketLevel, Linger, &onWithZeroSeconds, sizeof(long));
        Libc.Close(descriptor);
    }

    private static int Failure() => Marshal.GetLastSystemError() is Libc.WouldBlock or Libc.Interrupted ? Blocked : Broken;

    private static int Make() => Libc.MakeSocket(FamilyIPv4, Stream | Libc.NonBlocking | Libc.CloseOnExec, 0);

    private static void SetOption(int descriptor, int level, int option, int value) =>
        Libc.SetOption(descriptor, level, option, &value, sizeof(int));

    private static void WriteAddress(IPAddress ip, int port, byte* address)
    {
        var bytes = new Span<byte>(address, AddressBytes);
        bytes.Clear();
        bytes[0] = FamilyIPv4;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)port);
        if (!ip.TryWriteBytes(bytes[4..], out int written) || written != 4)
            throw new ArgumentException($"{ip} is not an IPv4 address");
    }

    private static int Checked(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastSystemError());
}
