using System.Net.Sockets;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Transport.Epoll;

/// <summary>Options of a bare descriptor, set and asked for. Stateless. Linux.</summary>
internal static unsafe class DescriptorOptions
{
    /// <summary>What <see cref="SocketTuning.ApplyTo"/> does for a socket object.</summary>
    public static void Tune(int descriptor, SocketTuning tuning)
    {
        if (tuning.NoDelay)
            SetOption(descriptor, EpollCalls.TcpLevel, EpollCalls.TcpNoDelay, 1);
        if (!tuning.Keepalive.Enabled)
            return;
        SetOption(descriptor, EpollCalls.SocketLevel, EpollCalls.KeepaliveOption, 1);
        if (tuning.KeepaliveIdleSeconds > 0)
            SetOption(descriptor, EpollCalls.TcpLevel, EpollCalls.TcpKeepaliveIdle, tuning.KeepaliveIdleSeconds);
        if (tuning.KeepaliveIntervalSeconds > 0)
            SetOption(descriptor, EpollCalls.TcpLevel, EpollCalls.TcpKeepaliveInterval, tuning.KeepaliveIntervalSeconds);
        if (tuning.Keepalive.Count > 0)
            SetOption(descriptor, EpollCalls.TcpLevel, EpollCalls.TcpKeepaliveCount, tuning.Keepalive.Count);
    }

    /// <summary>How a connect has ended, or what has broken since; which so is used up.</summary>
    public static SocketError PendingError(int descriptor)
    {
        int error = 0;
        uint bytes = sizeof(int);
        EpollCalls.GetOption(descriptor, EpollCalls.SocketLevel, EpollCalls.SocketErrorOption, &error, &bytes);
        return ErrorNumbers.ToSocketError(error);
    }

    /// <summary>Its close will be an RST.</summary>
    public static void ResetOnClose(int descriptor)
    {
        // struct linger { on, seconds }: on with 0 seconds turns close into RST.
        long linger = 1;
        EpollCalls.SetOption(descriptor, EpollCalls.SocketLevel, EpollCalls.LingerOption, &linger, sizeof(long));
    }

    private static void SetOption(int descriptor, int level, int option, int value) =>
        EpollCalls.SetOption(descriptor, level, option, &value, sizeof(int));
}
