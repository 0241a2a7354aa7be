using System;
using System.Net;

namespace NativeProxy.Transport.Sockets;

/// <summary>
/// Binds a descriptor that is about to connect to where it is to come from. A port that is left to the system is chosen at the connect
/// (IP_BIND_ADDRESS_NO_PORT), one that is not may be that of another connection, too (SO_REUSEADDR): so two connections to different servers may
/// have the same, as with HAProxy and nginx. Stateless. Linux.
/// </summary>
internal static unsafe class SourceBinding
{
    /// <summary>SOL_IP; the option is heard by IPv6 sockets, too.</summary>
    private const int IpLevel = 0;
    private const int BindAddressNoPortOption = 24;
    private const int ReuseAddressOption = 2;

    /// <summary>False: the error is that of the last system call.</summary>
    /// <param name="descriptor">Of the server's family.</param>
    /// <param name="source">An address of that family.</param>
    /// <param name="port">0 = the system chooses.</param>
    public static bool TryBind(int descriptor, IPAddress source, int port)
    {
        int one = 1;
        if (port == 0)
            EpollCalls.SetOption(descriptor, IpLevel, BindAddressNoPortOption, &one, sizeof(int));
        else
            EpollCalls.SetOption(descriptor, EpollCalls.SocketLevel, ReuseAddressOption, &one, sizeof(int));
        byte* address = stackalloc byte[SocketAddresses.BytesMax];
        int addressBytes = SocketAddresses.Write(source, port, new Span<byte>(address, SocketAddresses.BytesMax));
        return EpollCalls.Bind(descriptor, address, (uint)addressBytes) == 0;
    }
}
