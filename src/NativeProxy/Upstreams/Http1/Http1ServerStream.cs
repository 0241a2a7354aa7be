using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Http1;

/// <summary>
/// The server's face on an HTTP/1 connection: the whole connection while this request's answer is due, or a place in line on one that is pipelined
/// on. Sends head and body in that version's framing, lets the server's deadline run while the server must act, and has an
/// <see cref="AnswerReader"/> for what comes back. Thread: the loop.
/// </summary>
/// <param name="user">Who hears of the answer.</param>
/// <param name="loop">The loop.</param>
/// <param name="scratch">Where messages are put together.</param>
internal sealed class Http1ServerStream(IServerStreamUser user, EventLoop loop, WireScratch scratch) : ServerStream, IServerConnectionUser
{
    private readonly AnswerReader _answer = new(user, loop.Pools, scratch);
    private UpstreamConnection? _connection;
    private AnswerTerms _terms;
    private BodyWriter _writer;
    private AnswerDeadline _deadline;
    private long _requestBodyBytes;
    private bool _isStarted;
    private bool _isWhole;
    private bool _isRefused;
    private bool _isPaused;
    private bool _nothingWasSent;
    private bool _wasReused;

    public override UpstreamConnection? HeldConnection => _connection;

    public override bool IsReady => _connection is { State: UpstreamConnectionState.Busy } connection && connection.IsLentTo(this);

    public override bool IsReused => _connection?.IsReused ?? _wasReused;

    public override bool IsPinned => _connection is { IsPinned: true };

    public override bool IsBlocked => _connection is { Tcp.HasQueuedBytes: true };

    public override bool IsRefused => _isRefused;

    public override bool PinEnds =>
        _connection is { IsPinned: true } connection && !(_answer.ServerKeepsAlive && !_answer.IsDoubtful && _terms.Upgrade is null
            && connection.Server.JudgeKeeping(connection) == ServerCloseReason.None);

    /// <summary>How long the server may be silent now; 0 = without a limit.</summary>
    private long TimeoutMs => TryTimeoutMs > 0 && !_answer.HasBytes && (_terms.TimeoutMs == 0 || TryTimeoutMs < _terms.TimeoutMs)
        ? TryTimeoutMs : _terms.TimeoutMs;

    long IServerConnectionUser.ConnectTimeoutMs => _terms.ConnectTimeoutMs;
    bool IServerConnectionUser.IsOpaque => _terms.Method == HttpMethod.Connect;

    /// <summary>True once the whole request was given to the connection.</summary>
    private bool RequestIsSent => _isWhole && !_isRefused;

    public override void Begin(in AnswerTerms terms)
    {
        _terms = terms;
        Facts = default;
        TryTimeoutMs = 0;
        _isPaused = _isStarted = _isWhole = _isRefused = _nothingWasSent = _wasReused = false;
    }

    public override bool TryOpen(UpstreamServer server, bool mayReuse)
    {
        BeginTry();
        ConnectionIdentity? identity = ConnectionIdentity.For(server, Client, Host);
        _connection = (mayReuse ? server.TakeIdle(this, identity) : null) ?? server.TryConnect(this, identity);
        return _connection is not null;
    }

    public override bool TryFollow(ServerStream ahead, UpstreamServer? wanted, int pipeliningMax, out UpstreamServer? server)
    {
        server = null;
        if (ahead is not Http1ServerStream { _isStarted: true, _isRefused: false, _connection: { } connection }
            || (wanted ?? connection.Server) != connection.Server
            || !connection.MayFollow(pipeliningMax, ConnectionIdentity.For(connection.Server, Client, Host)))
        {
            return false;
        }
        BeginTry();
        server = connection.Server;
        server.Follow(connection, this);
        _connection = connection;
        return true;
    }

    public override bool TryTakePinned(UpstreamConnection connection)
    {
        BeginTry();
        if (!connection.Server.TakePinned(connection, this, ConnectionIdentity.For(connection.Server, Client, Host)))
            return false;
        _connection = connection;
        return true;
    }

    public override void PinTo(IPinOwner owner) => _connection!.PinTo(owner);

    public override void Start(in RequestToServer request, in BodyPiece first, bool moreFollows)
    {
        _isStarted = true;
        _writer = new BodyWriter(request.Body.IsUnknown);
        int headBytes = HeadToServer.Write(scratch.Head, request, _terms.Upgrade, _connection!.Server.Words.HostName);
        ReadOnlySpan<byte> message = _writer.Write(scratch, headBytes, first);
        SendResult result = moreFollows ? _connection.SendSoon(message) : _connection!.Send(message);
        if (result == SendResult.Failed)
        {
            // Nothing has reached the server, unless the connection failed because what it did not take could not be queued.
            _nothingWasSent = !_connection.Tcp!.RanOutOfBuffers;
            _isRefused = true;
        }
        CountRequest(first);
    }

    public override void Send(in BodyPiece piece)
    {
        if (!_isRefused)
        {
            ReadOnlySpan<byte> bytes = _writer.Write(scratch, headBytes: 0, piece);
            if (!bytes.IsEmpty && _connection!.Send(bytes) == SendResult.Failed)
                _isRefused = true;
        }
        CountRequest(piece);
    }

    public override void Flush() => _connection?.Uncork();

    public override void Pause()
    {
        _isPaused = true;
        if (!IsReady)
            return;
        _connection!.Tcp!.PauseReceive();
        _connection.ArmResponseTimeout(0);
    }

    public override void Resume()
    {
        _isPaused = false;
        if (!IsReady)
            return;
        _connection!.Tcp!.StartReceive();
        ArmTimeout();
    }

    public override SendProof Prove(bool asksKernel) =>
        _nothingWasSent ? SendProof.NothingSent
        : asksKernel && _connection is { NothingWasAcknowledged: true } ? SendProof.Unacknowledged : SendProof.Unknown;

    public override ServerCloseReason Judge()
    {
        if (_answer.SurplusBytes > 0 && !_connection!.MayAnswerNext)
            return ServerCloseReason.SurplusBytes;
        if (!RequestIsSent || IsBlocked)
            return ServerCloseReason.RequestUnsent;
        return !_answer.ServerKeepsAlive ? ServerCloseReason.ServerSaid
            : _terms.Upgrade is not null || _answer.IsDoubtful ? ServerCloseReason.Ambiguous : ServerCloseReason.None;
    }

    public override bool End(ServerCloseReason reason, bool clientGoesOn, out UpstreamConnection? pinned)
    {
        UpstreamConnection connection = _connection!;
        bool isPinned = connection.IsPinned;

        // A server that has answered and takes no more would have the rest of the request queued for it for ever.
        bool reset = reason == ServerCloseReason.SurplusBytes || IsBlocked;
        bool isAlone = isPinned && !clientGoesOn && reason == ServerCloseReason.None;
        Leave(isAlone ? ServerCloseReason.PinnedClientLeft : reason, reset, _answer.SurplusBytes);

        // Handed on to the next request of the same client, a pinned one is kept when that one ends.
        pinned = isPinned && connection.State == UpstreamConnectionState.Pinned ? connection : null;
        return !isPinned || connection.State is UpstreamConnectionState.Busy or UpstreamConnectionState.Pinned;
    }

    public override void Release(ServerCloseReason reason, bool reset) => Leave(reason, reset, restBytes: 0);

    public override void LeaveLine()
    {
        if (_connection is { State: UpstreamConnectionState.Busy or UpstreamConnectionState.Closing } && !IsReady)
            Release(ServerCloseReason.ClientAborted, reset: true);
    }

    public override bool TryPassTo(ServerStream other)
    {
        if (!IsReady || !RequestIsSent || IsBlocked || other is not Http1ServerStream to || !_answer.TryPassTo(to._answer))
            return false;
        UpstreamConnection connection = _connection!;
        Forget();
        to.Take(connection, _terms);
        return true;
    }

    public override UpstreamConnection HandOver(IServerConnectionUser tunnel)
    {
        _connection!.PassTo(tunnel);
        _connection.ArmResponseTimeout(0);
        return _connection;
    }

    public override void TakeBack() => _connection!.PassTo(this);

    void IServerConnectionUser.Describe(ref AskerFacts asker) => user.Describe(ref asker);

    void IServerConnectionUser.OnServerConnected(UpstreamConnection connection) => user.OnServerReady();

    void IServerConnectionUser.OnServerConnectFailed(UpstreamConnection connection, SocketError error)
    {
        (Facts, _connection) = (default(ServerConnectionFacts) with { Address = connection.Address.Peer }, null);
        if (error == SocketError.TooManyOpenSockets)
            user.OnServerPutOff();
        else
            Fail(ServerFailure.OfConnect(error));
    }

    void IServerConnectionUser.OnServerTurn(UpstreamConnection connection)
    {
        user.OnServerTurn();
        ArmTimeout();
    }

    void IServerConnectionUser.OnServerTurnLost(UpstreamConnection connection)
    {
        Forget();
        Fail(ProxyError.ServerClosedBeforeResponse);
    }

    void IServerConnectionUser.OnServerReceived(UpstreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        if (!_answer.HasBytes)
            user.OnServerAnswers();
        if (_connection != connection)
            return;
        ProxyError error = _answer.Feed(bytes, connection, RequestIsSent);
        if (_connection != connection)
            return;
        if (error != ProxyError.None)
            Fail(error);
        else
            ArmTimeout();
    }

    void IServerConnectionUser.OnServerEndOfStream(UpstreamConnection connection)
    {
        ProxyError error = _answer.End(connection.Tcp!.EndIsClean);
        if (error != ProxyError.None)
            Fail(error);
    }

    void IServerConnectionUser.OnServerSendDrained(UpstreamConnection connection)
    {
        user.OnServerDrained();
        ArmTimeout();
    }

    void IServerConnectionUser.OnServerSendFailed(UpstreamConnection connection, SocketError error)
    {
        if (_nothingWasSent && !_answer.HasBytes)
        {
            Fail(ProxyError.ServerClosedBeforeResponse);
        }
        else if (connection.Tcp!.RanOutOfBuffers)
        {
            Fail(ProxyError.BuffersExhausted);
        }
        else
        {
            // An answer may have come before the server closed; it is still readable.
            _isRefused = true;
            ArmTimeout();
            user.OnServerRefuses();
        }
    }

    void IServerConnectionUser.OnServerFailed(UpstreamConnection connection, SocketError error) => Fail(_answer.BreakOff());

    void IServerConnectionUser.OnServerTimeout(UpstreamConnection connection)
    {
        if (_deadline.IsPutOff(connection, _requestBodyBytes > 0, TimeoutMs))
            return;
        connection.Server.Counters.Add(CounterId.TimeoutsResponse);
        Fail(ProxyError.ServerResponseTimeout);
    }

    private void BeginTry()
    {
        _isStarted = _isWhole = _isRefused = _nothingWasSent = _wasReused = false;
        _requestBodyBytes = 0;
        _answer.Begin(_terms.Method, _terms.Upgrade);
    }

    /// <summary>Goes on with a connection whose answer is being read.</summary>
    private void Take(UpstreamConnection connection, in AnswerTerms terms)
    {
        (_terms, _connection) = (terms, connection);
        _isStarted = _isWhole = true;
        _isRefused = _isPaused = _nothingWasSent = false;
        _requestBodyBytes = 0;
        connection.PassTo(this);
        connection.Tcp!.StartReceive();
        ArmTimeout();
    }

    private void CountRequest(in BodyPiece piece)
    {
        _requestBodyBytes += piece.Data.Length;
        _isWhole |= piece.IsLast;
        ArmTimeout();
    }

    /// <summary>The server must act when it has the whole request or does not take more of it; else the client must.</summary>
    private void ArmTimeout()
    {
        if (!IsReady)
            return;

        // A client that waits for 100 Continue waits for the server, not the other way round (RFC 9110 10.1.1).
        bool awaitsContinue = _terms.ExpectsContinue && !_answer.HasInterim && _requestBodyBytes == 0;
        bool serverMustAct = !_isPaused && (_isWhole || awaitsContinue || IsBlocked || _isRefused);
        _deadline.Arm(_connection!, serverMustAct ? TimeoutMs : 0, _requestBodyBytes > 0);
    }

    private void Fail(ProxyError error) => user.OnServerFailed(_answer.FailureOf(error));

    /// <summary>The connection is no longer this stream's.</summary>
    private void Forget()
    {
        UpstreamConnection connection = _connection!;
        (Facts, _wasReused) = (connection.Facts, connection.IsReused);
        _connection = null;
        _answer.Stop();
    }

    /// <param name="restBytes">How many of the bytes that were delivered last belong to the next exchange on the connection.</param>
    private void Leave(ServerCloseReason reason, bool reset, int restBytes)
    {
        if (_connection is not { } connection)
            return;
        Forget();
        if (connection.State == UpstreamConnectionState.Connecting || connection.IsLentTo(this))
            connection.Server.Release(connection, reason, reset, restBytes);
        else
            connection.Server.Unfollow(connection, this);
    }
}
