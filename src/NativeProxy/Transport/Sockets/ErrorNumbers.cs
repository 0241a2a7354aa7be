using System.Net.Sockets;

namespace NativeProxy.Transport.Sockets;

/// <summary>Linux error numbers, and what they are called above the engines.</summary>
internal static class ErrorNumbers
{
    public const int Interrupted = 4;
    public const int WouldBlock = 11;
    public const int InvalidArgument = 22;
    public const int AddressInUse = 98;
    public const int AddressNotAvailable = 99;
    public const int InProgress = 115;

    public static SocketError ToSocketError(int number) => number switch
    {
        0 => SocketError.Success,

        // A Unix socket of which there is no file: nobody listens there.
        2 => SocketError.ConnectionRefused,
        WouldBlock => SocketError.WouldBlock,
        12 or 105 => SocketError.NoBufferSpaceAvailable,
        13 or 1 => SocketError.AccessDenied,
        23 or 24 => SocketError.TooManyOpenSockets,
        32 => SocketError.Shutdown,
        AddressInUse => SocketError.AddressAlreadyInUse,
        AddressNotAvailable => SocketError.AddressNotAvailable,
        100 => SocketError.NetworkDown,
        101 => SocketError.NetworkUnreachable,
        103 => SocketError.ConnectionAborted,
        104 => SocketError.ConnectionReset,
        107 => SocketError.NotConnected,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        112 => SocketError.HostDown,
        113 => SocketError.HostUnreachable,
        _ => SocketError.SocketError,
    };
}
