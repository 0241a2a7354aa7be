using System;

namespace NativeProxy.Transport.Sockets;

/// <summary>The one figure of Linux' struct tcp_info that is of interest (linux/tcp.h; kernel 4.1 and later). Stateless.</summary>
internal static class TcpInfo
{
    /// <summary>TCP_INFO, at the level of TCP.</summary>
    public const int Option = 11;

    /// <summary>As much of the structure as is asked for.</summary>
    public const int BytesMax = AckedOffset + sizeof(long);

    /// <summary>tcpi_bytes_acked.</summary>
    private const int AckedOffset = 120;

    /// <summary>Bytes that the peer has acknowledged on a connection that this side has opened; -1 when the kernel is too old to tell.</summary>
    public static long AcknowledgedBytes(ReadOnlySpan<byte> info)
    {
        if (info.Length < BytesMax)
            return -1;

        // The SYN counts as one.
        return Math.Max(0, BitConverter.ToInt64(info[AckedOffset..]) - 1);
    }
}
