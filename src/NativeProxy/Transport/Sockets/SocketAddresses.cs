using System;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NativeProxy.Foundation;

namespace NativeProxy.Transport.Sockets;

/// <summary>Turns sockaddr structures into end points and back (IPv4 and IPv6, Linux layout), and asks for them. Stateless.</summary>
internal static unsafe partial class SocketAddresses
{
    /// <summary>sizeof(struct sockaddr_in6), the larger of the two.</summary>
    public const int BytesMax = 28;

    private const int FamilyIPv4 = 2;
    private const int FamilyIPv6 = 10;
    private const int IPv4Bytes = 16;

    /// <summary>The number of the address family for socket().</summary>
    public static int FamilyOf(IPEndPoint endPoint) => endPoint.AddressFamily == AddressFamily.InterNetworkV6 ? FamilyIPv6 : FamilyIPv4;

    /// <summary>None for a family that is neither.</summary>
    public static PeerAddress Read(ReadOnlySpan<byte> address)
    {
        int port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return BitConverter.ToUInt16(address) switch
        {
            FamilyIPv4 => new PeerAddress(address.Slice(4, 4), port),
            FamilyIPv6 => new PeerAddress(address.Slice(8, 16), port),
            _ => default,
        };
    }

    /// <summary>Our side of a connected socket; none when the system does not tell. A system call.</summary>
    public static PeerAddress LocalOf(int descriptor)
    {
        byte* address = stackalloc byte[BytesMax];
        uint bytes = BytesMax;
        return GetLocal(descriptor, address, &bytes) == 0 ? Read(new ReadOnlySpan<byte>(address, (int)bytes)) : default;
    }

    /// <summary>Returns the length written.</summary>
    public static int Write(IPEndPoint endPoint, Span<byte> address)
    {
        address.Clear();
        BitConverter.TryWriteBytes(address, (ushort)FamilyOf(endPoint));
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)endPoint.Port);
        if (endPoint.AddressFamily != AddressFamily.InterNetworkV6)
        {
            endPoint.Address.TryWriteBytes(address[4..], out _);
            return IPv4Bytes;
        }
        endPoint.Address.TryWriteBytes(address[8..], out _);
        BinaryPrimitives.WriteUInt32LittleEndian(address[24..], (uint)endPoint.Address.ScopeId);
        return BytesMax;
    }

    [LibraryImport("libc", EntryPoint = "getsockname"), SuppressGCTransition]
    private static partial int GetLocal(int descriptor, byte* address, uint* addressBytes);
}
