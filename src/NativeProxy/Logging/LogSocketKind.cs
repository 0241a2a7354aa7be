namespace NativeProxy.Logging;

/// <summary>What is spoken on the socket of a log.</summary>
internal enum LogSocketKind : byte
{
    /// <summary>RFC 5424, a message in each datagram.</summary>
    SyslogUdp,

    /// <summary>RFC 5424, each message behind its length (RFC 6587, octet counting).</summary>
    SyslogTcp,

    /// <summary>RFC 5424 on a Unix socket: datagrams, or a stream where each message ends with a line end, whichever the socket takes.</summary>
    SyslogUnix,

    /// <summary>Fields of the systemd journal in datagrams.</summary>
    Journal,
}
