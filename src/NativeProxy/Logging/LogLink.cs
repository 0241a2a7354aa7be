using System;
using System.Net;
using System.Net.Sockets;

namespace NativeProxy.Logging;

/// <summary>What became of a message.</summary>
internal enum LogSendOutcome : byte
{
    /// <summary>The kernel has it.</summary>
    Sent,

    /// <summary>There is no room now; the same message comes again.</summary>
    Full,

    /// <summary>It will never fit.</summary>
    TooLong,

    /// <summary>The connection is of no use any more.</summary>
    Failed,
}

/// <summary>
/// One socket to a syslog or journal, and how far the message in the middle of which it stopped was sent. Never waits; what goes wrong is a value.
/// Owner: a <see cref="LogSocket"/>.
/// </summary>
internal sealed class LogLink : IDisposable
{
    private readonly Socket _socket;
    private readonly LogSocketKind _kind;
    private readonly bool _isStream;

    /// <summary>Bytes of the message under way that were sent, and of its end.</summary>
    private int _sent;

    private LogLink(Socket socket, LogSocketKind kind, bool isStream, bool isConnected, long nowMs)
    {
        (_socket, _kind, _isStream) = (socket, kind, isStream);
        (IsConnected, BegunMs) = (isConnected, nowMs);
    }

    public bool IsConnected { get; private set; }

    /// <summary>A message was sent in part.</summary>
    public bool IsInside => _sent > 0;

    /// <summary>When the connection was asked for.</summary>
    public long BegunMs { get; }

    /// <summary>A socket that is connected or on the way to it; null with what was wrong.</summary>
    public static LogLink? Begin(EndPoint endPoint, LogSocketKind kind, long nowMs, out string problem)
    {
        bool isTcp = kind == LogSocketKind.SyslogTcp;
        LogLink? link = TryConnect(endPoint, kind, isTcp, nowMs, out SocketError error);

        // As the C library does for /dev/log: some syslogs listen for streams there.
        if (error == SocketError.ProtocolType && kind == LogSocketKind.SyslogUnix)
            link = TryConnect(endPoint, kind, isStream: true, nowMs, out error);

        // What the library says of a path that is not there is about addresses.
        bool isAbsent = endPoint is UnixDomainSocketEndPoint && error == SocketError.AddressNotAvailable;
        problem = link is not null ? "" : isAbsent ? "there is no such socket" : TextOf(error);
        return link;
    }

    /// <summary>Looks whether the connection has come; null, or why it will not.</summary>
    public string? LookForConnection()
    {
        try
        {
            if (!_socket.Poll(0, SelectMode.SelectWrite))
                return null;
            int error = (int)_socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
            IsConnected = error == 0;
            return IsConnected ? null : TextOf((SocketError)error);
        }
        catch (SocketException e)
        {
            return TextOf(e.SocketErrorCode);
        }
    }

    /// <summary>What the other end has said by its silence being over: null, or that it has gone. What else it says is not for us.</summary>
    public string? FailureHeard(Span<byte> room)
    {
        if (!IsConnected)
            return null;
        int bytes = _socket.Receive(room, SocketFlags.None, out SocketError error);
        if (error == SocketError.WouldBlock || (error == SocketError.Success && (bytes > 0 || !_isStream)))
            return null;
        return error == SocketError.Success ? "it has closed the connection" : TextOf(error);
    }

    /// <summary>Sends a message, or goes on with it.</summary>
    public LogSendOutcome Send(ReadOnlySpan<byte> message, out string problem)
    {
        problem = "";
        if (!_isStream)
            return SendPiece(message, out _, out problem);
        ReadOnlySpan<byte> end = _kind == LogSocketKind.SyslogUnix ? "\n"u8 : default;
        while (_sent < message.Length + end.Length)
        {
            ReadOnlySpan<byte> rest = _sent < message.Length ? message[_sent..] : end;
            LogSendOutcome outcome = SendPiece(rest, out int bytes, out problem);
            if (outcome != LogSendOutcome.Sent)
                return outcome;
            _sent += bytes;
        }
        _sent = 0;
        return LogSendOutcome.Sent;
    }

    public void Dispose() => _socket.Dispose();

    private LogSendOutcome SendPiece(ReadOnlySpan<byte> piece, out int bytes, out string problem)
    {
        bytes = _socket.Send(piece, SocketFlags.None, out SocketError error);
        problem = "";
        switch (error)
        {
            case SocketError.Success:
                return LogSendOutcome.Sent;
            case SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable or SocketError.IOPending:
                return LogSendOutcome.Full;
            case SocketError.MessageSize when !_isStream:
                return LogSendOutcome.TooLong;
            default:
                problem = TextOf(error);
                return LogSendOutcome.Failed;
        }
    }

    private static LogLink? TryConnect(EndPoint endPoint, LogSocketKind kind, bool isStream, long nowMs, out SocketError error)
    {
        Socket? socket = null;
        try
        {
            ProtocolType protocol = kind switch
            {
                LogSocketKind.SyslogTcp => ProtocolType.Tcp,
                LogSocketKind.SyslogUdp => ProtocolType.Udp,
                _ => ProtocolType.Unspecified,
            };
            socket = new Socket(endPoint.AddressFamily, isStream ? SocketType.Stream : SocketType.Dgram, protocol) { Blocking = false };
            error = SocketError.Success;
            socket.Connect(endPoint);
            return new LogLink(socket, kind, isStream, isConnected: true, nowMs);
        }
        catch (SocketException e) when (socket is not null && kind == LogSocketKind.SyslogTcp
            && e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            error = SocketError.Success;
            return new LogLink(socket!, kind, isStream, isConnected: false, nowMs);
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            error = e.SocketErrorCode;
            return null;
        }
    }

    private static string TextOf(SocketError error) => new SocketException((int)error).Message;
}
