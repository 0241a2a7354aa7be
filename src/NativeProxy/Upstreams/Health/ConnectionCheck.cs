using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NativeProxy.Buffers;
using NativeProxy.Http1;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Health;

/// <summary>What a <see cref="ConnectionCheck"/> does at present.</summary>
internal enum ConnectionCheckState : byte
{
    /// <summary>Nothing; no connection.</summary>
    Idle,

    /// <summary>A connect is in flight.</summary>
    Connecting,

    /// <summary>The request is sent, the response is awaited.</summary>
    Awaiting,

    /// <summary>The result is told; the rest of the response is read and dropped, so that the server is not reset in the middle of it.</summary>
    Emptying,
}

/// <summary>
/// Checks a server over a connection of its own, which is never pooled: that it accepts one, or, with a request to send, that it answers.
/// Owner: a <see cref="HealthProbe"/>; thread: the loop.
/// </summary>
internal sealed class ConnectionCheck : HealthCheck, IConnectionOwner
{
    private const int HeadBytesMax = 16 * 1024;

    /// <summary>A body beyond this is not waited for.</summary>
    private const int EmptiedBytesMax = 64 * 1024;

    private readonly EventLoop _loop;
    private readonly IPEndPoint _endPoint;
    private readonly byte[] _request;
    private readonly ResponseHead _head;
    private readonly HeadLimits _limits;
    private TcpConnection? _connection;
    private ByteTail _tail;
    private ConnectionCheckState _state;
    private int _emptiedBytes;

    /// <param name="loop">The loop.</param>
    /// <param name="head">Parser table, used within one call and shared with other checks.</param>
    /// <param name="endPoint">The server.</param>
    /// <param name="request">What to ask; empty = the connection alone is the check.</param>
    public ConnectionCheck(EventLoop loop, ResponseHead head, IPEndPoint endPoint, byte[] request)
    {
        _loop = loop;
        _endPoint = endPoint;
        _request = request;
        _head = head;
        _limits = new HeadLimits(HeadBytesMax, head.Fields.Capacity, HeadBytesMax);
    }

    /// <summary>The request of an http check; both texts are visible ASCII.</summary>
    public static byte[] RequestFor(string path, string host) =>
        Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: nativeproxy-health\r\nAccept: */*\r\nConnection: close\r\n\r\n");

    public override void Begin()
    {
        GiveUp();
        _emptiedBytes = 0;
        _state = ConnectionCheckState.Connecting;
        _connection = _loop.Connect(_endPoint, this, SocketTuning.Default);
    }

    public override CheckResult GiveUp()
    {
        var result = new CheckResult(_state == ConnectionCheckState.Connecting ? CheckOutcome.ConnectTimeout : CheckOutcome.ResponseTimeout);
        Drop(reset: true);
        return result;
    }

    public void OnConnected(TcpConnection connection)
    {
        if (connection != _connection)
            return;
        if (_request.Length == 0)
        {
            Drop(reset: false);
            Ended!(new CheckResult(CheckOutcome.Connected));
            return;
        }
        _state = ConnectionCheckState.Awaiting;
        connection.StartReceive();
        connection.Send(_request);
    }

    public void OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        if (connection != _connection)
            return;
        if (_state == ConnectionCheckState.Awaiting)
            Judge(bytes);
        else if ((_emptiedBytes += bytes.Length) > EmptiedBytesMax)
            Drop(reset: true);
    }

    public void OnEndOfStream(TcpConnection connection) => OnOver(connection, CheckOutcome.ClosedWithoutResponse);

    public void OnFailed(TcpConnection connection, SocketError error) => OnOver(
        connection,
        error == SocketError.ConnectionRefused ? CheckOutcome.ConnectionRefused
        : _state == ConnectionCheckState.Connecting ? CheckOutcome.ServerUnreachable
        : CheckOutcome.ClosedWithoutResponse);

    /// <summary>A response may have come before the server closed; if none did, the end of the stream follows.</summary>
    public void OnSendFailed(TcpConnection connection, SocketError error)
    {
    }

    public void OnSendBlocked(TcpConnection connection)
    {
    }

    public void OnSendDrained(TcpConnection connection)
    {
    }

    public void OnClosed(TcpConnection connection)
    {
    }

    private void Judge(ReadOnlySpan<byte> bytes)
    {
        if (!_tail.TryAppend(_loop.Pools, bytes, HeadBytesMax + bytes.Length))
        {
            Report(new CheckResult(CheckOutcome.BadResponse));
            return;
        }
        while (_state == ConnectionCheckState.Awaiting)
        {
            ParseOutcome outcome = ResponseHeadParser.Parse(_tail.Bytes, _limits, _head);
            if (outcome.Status == ParseStatus.NeedMore)
                return;
            if (outcome.Status == ParseStatus.Rejected)
                Report(new CheckResult(CheckOutcome.BadResponse));
            else if (_head.StatusCode >= 200)
                Report(new CheckResult(CheckOutcome.Answered, _head.StatusCode));
            else
                _tail.Consume(_loop.Pools, outcome.ConsumedBytes);
        }
    }

    /// <summary>The answer is known. A sound one is read to its end.</summary>
    private void Report(CheckResult result)
    {
        _tail.Release(_loop.Pools);
        if (result.Outcome == CheckOutcome.Answered)
            _state = ConnectionCheckState.Emptying;
        else
            Drop(reset: true);
        Ended!(result);
    }

    private void OnOver(TcpConnection connection, CheckOutcome outcome)
    {
        if (connection != _connection)
            return;
        bool isAwaited = _state != ConnectionCheckState.Emptying;
        Drop(reset: false);
        if (isAwaited)
            Ended!(new CheckResult(outcome));
    }

    private void Drop(bool reset)
    {
        _state = ConnectionCheckState.Idle;
        _tail.Release(_loop.Pools);
        TcpConnection? connection = _connection;
        _connection = null;
        if (reset)
            connection?.Abort();
        else
            connection?.Close();
    }
}
