using System;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NativeProxy.Config;

namespace NativeProxy.Transport;

/// <summary>
/// TCP options of one side, in one place. Accepted sockets inherit those of the listening socket (Linux), so nothing is set per accept.
/// </summary>
/// <param name="NoDelay">Sends small segments at once (TCP_NODELAY); a proxy writes whole messages and gains nothing from Nagle's delay.</param>
internal sealed record SocketTuning(bool NoDelay)
{
    private const int TcpLevel = 6;
    private const int DeferAcceptOption = 9;

    /// <summary>
    /// Seconds that the kernel waits for a client's first bytes: it then repeats its half of the handshake, and hands the connection over
    /// without bytes when the client answers (tcp(7), TCP_DEFER_ACCEPT).
    /// </summary>
    private const int DeferAcceptSeconds = 1;

    /// <summary>What every connection gets unless configured otherwise.</summary>
    public static SocketTuning Default { get; } = new(NoDelay: true);

    /// <summary>
    /// Of a listening socket: connections are accepted when their first bytes are there, so that they are read at once, without a
    /// wake-up and a registration of their own. HAProxy's <c>defer-accept</c>, nginx's <c>deferred</c>. Linux; elsewhere nothing.
    /// </summary>
    public bool DefersAccept { get; init; }

    /// <summary>Of a socket that connects: where it comes from, if the server's address is of its family; null = the system's choice.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>Ports of <see cref="Source"/>; null = the system's choice.</summary>
    public SourcePorts? SourcePorts { get; init; }

    /// <summary>Probes on silent connections.</summary>
    public TcpKeepaliveSettings Keepalive { get; init; }

    /// <summary>Seconds of silence before the first probe; 0 = the kernel's default. At least one second, as the kernel counts.</summary>
    public int KeepaliveIdleSeconds => SecondsOf(Keepalive.IdleMs);

    /// <summary>Seconds between probes; 0 = the kernel's default.</summary>
    public int KeepaliveIntervalSeconds => SecondsOf(Keepalive.IntervalMs);

    /// <summary>
    /// Applies the options to a socket that listens or is about to connect; once more to one that listens already. A Unix socket has none of them.
    /// </summary>
    public void ApplyTo(Socket socket)
    {
        if (socket.AddressFamily == AddressFamily.Unix)
            return;
        socket.NoDelay = NoDelay;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, Keepalive.Enabled);
        if (Keepalive.Enabled)
            ApplyKeepaliveTo(socket);
        if (OperatingSystem.IsLinux() && socket.IsBound && socket.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6)
            SetNumber(socket, DeferAcceptOption, DefersAccept ? DeferAcceptSeconds : 0);
    }

    /// <summary>Where a socket to a server comes from; null = the system's choice, as it is for a server of another family.</summary>
    public IPAddress? SourceFor(EndPoint server) => Source is not null && Source.AddressFamily == server.AddressFamily ? Source : null;

    /// <summary>Ports to be tried for a connection to a server, at most; 1 where the system chooses.</summary>
    public int PortTriesFor(EndPoint server) => SourcePorts is not null && SourceFor(server) is not null ? SourcePorts.Tries : 1;

    private void ApplyKeepaliveTo(Socket socket)
    {
        if (KeepaliveIdleSeconds > 0)
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepaliveIdleSeconds);
        if (KeepaliveIntervalSeconds > 0)
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepaliveIntervalSeconds);
        if (Keepalive.Count > 0)
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Keepalive.Count);
    }

    private static int SecondsOf(long timeMs) => (int)((timeMs + 999) / 1000);

    private static void SetNumber(Socket socket, int option, int value) =>
        socket.SetRawSocketOption(TcpLevel, option, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(in value)));
}
