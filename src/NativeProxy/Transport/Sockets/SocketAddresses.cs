using System;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using NativeProxy.Foundation;

namespace NativeProxy.Transport.Sockets;

/// <summary>Turns sockaddr structures into end points and back (Linux layout), and asks for them. Stateless.</summary>
internal static unsafe partial class SocketAddresses
{
    /// <summary>sizeof(struct sockaddr_in6), the larger of those that are read; what does not fit is left away by the kernel.</summary>
    public const int BytesMax = 28;

    /// <summary>sizeof(struct sockaddr_un), the largest of those that are written.</summary>
    public const int ServerBytesMax = 110;

    private const int FamilyUnix = 1;
    private const int FamilyIPv4 = 2;
    private const int FamilyIPv6 = 10;
    private const int IPv4Bytes = 16;

    /// <summary>The number of the address family for socket().</summary>
    public static int FamilyOf(EndPoint endPoint) => endPoint.AddressFamily switch
    {
        AddressFamily.Unix => FamilyUnix,
        AddressFamily.InterNetworkV6 => FamilyIPv6,
        _ => FamilyIPv4,
    };

    /// <summary>None for a family that is neither IPv4 nor IPv6.</summary>
    /// <param name="address">At least <see cref="BytesMax"/>, as the kernel has filled it in.</param>
    public static PeerAddress Read(ReadOnlySpan<byte> address) => BitConverter.ToUInt16(address) switch
    {
        FamilyIPv4 => new PeerAddress(address.Slice(4, 4), BinaryPrimitives.ReadUInt16BigEndian(address[2..])),
        FamilyIPv6 => new PeerAddress(address.Slice(8, 16), BinaryPrimitives.ReadUInt16BigEndian(address[2..])),
        _ => default,
    };

    /// <summary>Our side of a connected socket; none when the system does not tell. A system call.</summary>
    public static PeerAddress LocalOf(int descriptor)
    {
        byte* address = stackalloc byte[BytesMax];
        uint bytes = BytesMax;
        return GetLocal(descriptor, address, &bytes) == 0 ? Read(new ReadOnlySpan<byte>(address, BytesMax)) : default;
    }

    /// <summary>Returns the length written.</summary>
    /// <param name="server">An IP address, or a Unix socket with a path of at most 107 bytes.</param>
    /// <param name="address">At least <see cref="BytesMax"/>, or <see cref="ServerBytesMax"/> where it may be a Unix socket.</param>
    public static int Write(EndPoint server, Span<byte> address)
    {
        if (server is IPEndPoint endPoint)
            return Write(endPoint.Address, endPoint.Port, address);
        address.Clear();
        BitConverter.TryWriteBytes(address, (ushort)FamilyUnix);
        return sizeof(ushort) + Encoding.UTF8.GetBytes(server.ToString()!, address[sizeof(ushort)..]) + 1;
    }

    /// <summary>The same of an IP address and a port; allocates nothing.</summary>
    /// <param name="ip">IPv4 or IPv6.</param>
    /// <param name="port">The port.</param>
    /// <param name="address">At least <see cref="BytesMax"/>.</param>
    public static int Write(IPAddress ip, int port, Span<byte> address)
    {
        address.Clear();
        bool isIPv6 = ip.AddressFamily == AddressFamily.InterNetworkV6;
        BitConverter.TryWriteBytes(address, (ushort)(isIPv6 ? FamilyIPv6 : FamilyIPv4));
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)port);
        if (!isIPv6)
        {
            ip.TryWriteBytes(address[4..], out _);
            return IPv4Bytes;
        }
        ip.TryWriteBytes(address[8..], out _);
        BinaryPrimitives.WriteUInt32LittleEndian(address[24..], (uint)ip.ScopeId);
        return BytesMax;
    }

    [LibraryImport("libc", EntryPoint = "getsockname"), SuppressGCTransition]
    private static partial int GetLocal(int descriptor, byte* address, uint* addressBytes);
}
