using System;
using System.Net.Sockets;
using System.Text;
using NativeProxy.Buffers;
using NativeProxy.Foundation;
using NativeProxy.Http1;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Admin;

/// <summary>
/// One connection to a <see cref="SmallHttpServer"/>: reads bodyless requests one after another and answers each. A request with a body
/// or a malformed one is refused and ends the connection. Thread: the loop. It allocates per answer; nothing on the data path uses it.
/// </summary>
internal sealed class SmallHttpSession : IConnectionOwner, ITimerOwner
{
    private const int IdleTimeoutMs = 60_000;

    /// <summary>Requests that wait while the client does not read: two lent pieces, since one may still come after the pause.</summary>
    private const int WaitingBytesMax = 160 * 1024;

    private readonly SmallHttpServer _server;
    private readonly TcpConnection _connection;
    private readonly TimerNode _timer;
    private ByteTail _tail;
    private bool _isEnding;

    public SmallHttpSession(SmallHttpServer server, TcpConnection connection)
    {
        _server = server;
        _connection = connection;
        _timer = new TimerNode(this);
    }

    public void Begin()
    {
        _connection.SetOwner(this);
        _connection.StartReceive();
        Touch();
    }

    public void OnConnected(TcpConnection connection) => Check.That(false, "an accepted connection does not connect");

    public void OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        if (_isEnding)
            return;
        Touch();
        if (_tail.TryAppend(_server.Loop.Pools, bytes, WaitingBytesMax))
            AnswerWaiting();
        else
            End();
    }

    public void OnEndOfStream(TcpConnection connection) => connection.Close();

    public void OnSendBlocked(TcpConnection connection) => Check.That(false, "answers of this session are not held back");

    public void OnSendDrained(TcpConnection connection)
    {
        if (_isEnding)
            return;
        AnswerWaiting();
        if (!connection.HasQueuedBytes)
            connection.StartReceive();
    }

    public void OnSendFailed(TcpConnection connection, SocketError error) => connection.Close();

    public void OnFailed(TcpConnection connection, SocketError error) => connection.Close();

    public void OnClosed(TcpConnection connection)
    {
        _server.Loop.Wheel.Remove(_timer);
        _tail.Release(_server.Loop.Pools);
        _server.SessionEnded();
    }

    public void OnTimer(TimerNode node, long nowMs) => _connection.Abort();

    /// <summary>Answers what has come, as long as the client takes the answers.</summary>
    private void AnswerWaiting()
    {
        while (!_isEnding && !_tail.IsEmpty && !_connection.HasQueuedBytes && Answer(_tail.Bytes) is > 0 and int used)
            _tail.Consume(_server.Loop.Pools, used);
    }

    /// <summary>Answers the request at the start of the bytes; 0 when it is incomplete.</summary>
    private int Answer(ReadOnlySpan<byte> bytes)
    {
        RequestHead head = _server.Request;
        ParseOutcome outcome = RequestHeadParser.Parse(bytes, _server.Limits, head);
        if (outcome.Status == ParseStatus.NeedMore)
            return 0;
        if (outcome.Status == ParseStatus.Rejected || MessageFraming.OfRequest(bytes, head) is not { Reason: RejectReason.None, Kind: BodyKind.None or BodyKind.Length, LengthBytes: 0 })
        {
            Send(new SmallResponse(400, "text/plain", Encoding.ASCII.GetBytes("only well-formed requests without a body are served here\n")), closes: true, hasBody: true);
            return bytes.Length;
        }
        ConnectionOptions options = ConnectionHeader.Apply(bytes, head.Fields);
        bool closes = options.Close || (head.MinorVersion == 0 && !options.KeepAlive);
        Send(_server.Responder.Respond(head.MethodKind, head.Target.Of(bytes)), closes, hasBody: head.MethodKind != HttpMethod.Head);
        return outcome.ConsumedBytes;
    }

    private void Send(in SmallResponse response, bool closes, bool hasBody)
    {
        if (_connection.Send(SmallHttpServer.Render(response, closes, hasBody)) == SendResult.Queued)
            _connection.PauseReceive();
        if (closes)
            End();
    }

    private void End()
    {
        _isEnding = true;
        _connection.ShutdownSend();
        _connection.StartReceive();
    }

    private void Touch() => _server.Loop.Wheel.Arm(_timer, _server.Loop.Clock.NowMs + IdleTimeoutMs);
}
