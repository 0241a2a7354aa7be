using System;
using System.Net.Sockets;
using NativeProxy.Clients;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges;

/// <summary>
/// The server's side of one exchange: sends the request over the connection that its <see cref="ServerLink"/> gets, takes the events of that
/// connection, lets the server's deadline run while the server must act, and judges afterwards what the connection is worth. Owner: one
/// <see cref="Exchange"/>, to which every end goes; thread: the loop. Never answers the client.
/// </summary>
internal sealed class ServerSide : IServerConnectionUser
{
    private readonly Exchange _exchange;
    private readonly Listener _listener;
    private readonly RequestPump _request;
    private readonly ResponsePump _response;

    /// <summary>A server that is still taking the request's body is not late with its answer.</summary>
    private SendWatch _send;

    public ServerSide(Exchange exchange, Listener listener, RequestPump request, ResponsePump response)
    {
        _exchange = exchange;
        _listener = listener;
        _request = request;
        _response = response;
        Link = new ServerLink(exchange, this, listener.Loop, listener.Counters);
    }

    /// <summary>Which server, on which connection, at which try.</summary>
    public ServerLink Link { get; }

    /// <summary>True when an established connection waits for the request.</summary>
    public bool CanStart => _request.State == RequestPumpState.Holding && Link.IsEstablished;

    /// <summary>
    /// Sends the request, whose head stands in the scratch, behind that of the exchange ahead or on a connection of its own, or waits for one.
    /// Returns how many input bytes were used.
    /// </summary>
    public int Begin(Exchange? ahead, ReadOnlySpan<byte> input)
    {
        if (ahead is not null && TryFollow(ahead))
            return Start(headIsInScratch: true, input);
        return Linked(Link.Open(except: null), headIsInScratch: true, input);
    }

    /// <summary>
    /// Sends the head on the established connection, with what has arrived of the body; CONNECT becomes a tunnel instead. Returns the
    /// body bytes used.
    /// </summary>
    public int Start(bool headIsInScratch, ReadOnlySpan<byte> input)
    {
        if (_exchange.Method == HttpMethod.Connect)
        {
            _response.OpenTunnel();
            _exchange.Session!.EnterTunnel(Link.Connection!);
            return 0;
        }
        if (_exchange.Facts.AuthenticatesConnection)
            _exchange.PinServer();
        bool mayBeFollowed = _exchange.Facts.IsPipelinable && !input.IsEmpty && _listener.PipeliningMax > 1 && Link.Group!.Pipelining > 1;
        int used = _request.Start(Link.Connection!, headIsInScratch, _request.HasBodyToKeep && Link.MayBeSentAgain, input, mayBeFollowed);
        AfterRequestBytes();
        return used;
    }

    /// <summary>Bytes of the request body. Returns how many were used.</summary>
    public int Feed(ReadOnlySpan<byte> bytes)
    {
        int used = _request.Feed(bytes);
        AfterRequestBytes();
        return used;
    }

    /// <summary>Sends what is held of the request because more was expected to go with it.</summary>
    public void Flush() => Link.Connection?.FlushHeld();

    /// <summary>More of the response can be taken.</summary>
    public void Resume()
    {
        if (!Link.IsEstablished)
            return;
        Link.Connection!.Tcp!.StartReceive();
        ArmResponseTimeout();
    }

    /// <summary>No more of the response can be taken for the moment.</summary>
    public void Pause()
    {
        if (!Link.IsEstablished)
            return;
        Link.Connection!.Tcp!.PauseReceive();
        Link.Connection.ArmResponseTimeout(0);
    }

    /// <summary>The exchange was first in line and a server has room.</summary>
    public void OnTurnInQueue()
    {
        // The client may have left unheard since the loop last looked: nobody would take the answer.
        if (_exchange.Session!.EndIfClientLeft())
            return;
        Linked(Link.Open(except: null, isItsTurn: true), headIsInScratch: false, default);
        _exchange.Session?.ServerCaughtUp();
    }

    /// <summary>The exchange cannot go on: counts what the server did wrong and gives its connection up.</summary>
    public void Fail(ProxyError error)
    {
        CountFault(error);
        Link.Release(ExchangeFailures.ServerReasonOf(error), reset: true);
    }

    /// <summary>Leaves a connection on which earlier exchanges are being answered.</summary>
    public void LeaveLine()
    {
        if (Link.Connection is { State: UpstreamConnectionState.Busy or UpstreamConnectionState.Closing } && !Link.IsEstablished)
            Link.Release(ServerCloseReason.ClientAborted, reset: true);
    }

    /// <summary>
    /// The exchange is given up for what happened on the client's side. What is being kept of a client that has gone is read on without it,
    /// where half-closed clients are answered, too.
    /// </summary>
    public void Abandon(CloseReason reason)
    {
        if (reason != CloseReason.ClientAborted || !TryFetchAlone())
            Link.Release(ExchangeFailures.AbandonedReasonOf(reason), reset: true);
    }

    /// <summary>
    /// The response is complete: gives the connection back, to be used again if nothing about it is doubtful. False when the client's
    /// authentication is lost with it.
    /// </summary>
    public bool End(bool clientGoesOn)
    {
        ServerCloseReason reason = JudgeConnection();
        _exchange.Caching.End(isClean: reason is ServerCloseReason.None or ServerCloseReason.ServerSaid, _response.BodyBytes);

        // A server that has answered and takes no more would have the rest of the request queued for it for ever.
        bool isReset = reason == ServerCloseReason.SurplusBytes || _request.IsBlocked;
        return Link.End(reason, isReset, clientGoesOn, _response.SurplusBytes);
    }

    public void OnServerConnected(UpstreamConnection connection)
    {
        Link.Connected();
        _exchange.ServerConnected();
        _exchange.Session!.ServerIsReady(_exchange);
    }

    public void OnServerTurn(UpstreamConnection connection)
    {
        _exchange.ServerConnected();
        ArmResponseTimeout();
    }

    public void OnServerTurnLost(UpstreamConnection connection)
    {
        Link.TurnLost();
        RetryOrFail(ProxyError.ServerClosedBeforeResponse, connection);
    }

    public void OnServerConnectFailed(UpstreamConnection connection, SocketError error)
    {
        if (error == SocketError.TooManyOpenSockets)
        {
            _request.Detach();
            Linked(Link.WaitForDescriptor(), headIsInScratch: false, default);
            return;
        }
        Link.ConnectFailed();
        RetryOrFail(error == SocketError.TimedOut ? ProxyError.ServerConnectTimeout : ProxyError.ServerConnectFailed, connection);
    }

    public void OnServerReceived(UpstreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        _request.AnswerHasBegun();
        ProxyError error = _response.Feed(bytes);
        if (error != ProxyError.None)
            FailExchange(error);
        else if (_response.IsLost)
            FailExchange(ProxyError.BuffersExhausted);
        else if (_response.State == ResponsePumpState.Complete)
            _exchange.Finish();
        else if (_response.State == ResponsePumpState.Switched)
            _exchange.Session!.EnterTunnel(connection);
        else
            ArmResponseTimeout();
    }

    public void OnServerEndOfStream(UpstreamConnection connection)
    {
        ProxyError error = _response.End();
        if (error != ProxyError.None)
            ServerGone(error);
        else if (_response.IsLost)
            FailExchange(ProxyError.BuffersExhausted);
        else
            _exchange.Finish();
    }

    public void OnServerSendDrained(UpstreamConnection connection)
    {
        _request.ServerCaughtUp();
        _exchange.Session!.ServerCaughtUp();
    }

    public void OnServerSendFailed(UpstreamConnection connection, SocketError error)
    {
        if (_request.NothingWasSent && !_response.HasBytes)
        {
            ServerGone(ProxyError.ServerClosedBeforeResponse);
        }
        else if (connection.Tcp!.RanOutOfBuffers)
        {
            FailExchange(ProxyError.BuffersExhausted);
        }
        else
        {
            // An answer may have come before the server closed; it is still readable.
            _request.Refuse();
            ArmResponseTimeout();
            _exchange.Session!.ServerCaughtUp();
        }
    }

    public void OnServerFailed(UpstreamConnection connection, SocketError error)
    {
        ServerGone(_response.State == ResponsePumpState.AwaitingHead ? _response.HeadIsCut() : ProxyError.ServerTruncatedResponse);
    }

    public void OnServerTimeout(UpstreamConnection connection)
    {
        if (_request.BodyBytes > 0 && _send.HasMoved(connection.Tcp!))
        {
            connection.ArmResponseTimeout(Link.Group!.ResponseTimeoutMs);
            return;
        }
        _listener.Counters.Add(CounterId.TimeoutsResponse);
        if (_response.HasBytes)
            FailExchange(ProxyError.ServerResponseTimeout);
        else
            RetryOrFail(ProxyError.ServerResponseTimeout, connection);
    }

    private bool TryFetchAlone()
    {
        bool isReading = _exchange.Caching.IsFilling && Link.IsEstablished && _request.IsSent && !_request.IsBlocked;
        if (!isReading || !_listener.HalfClosed.MayFetchAlone(_listener.CacheFetches) || !_response.TryCopyBody(out BodyRelay body))
            return false;
        long timeoutMs = Link.Group!.ResponseTimeoutMs;
        _listener.CacheFetches.Begin(Link.Detach(), _exchange.Caching.TakeFill()!, body, _listener.Scratch, _response.ServerKeepsAlive, timeoutMs);
        return true;
    }

    /// <summary>Goes over the server connection of the exchange ahead, if it may; else what is held there for this request goes out.</summary>
    private bool TryFollow(Exchange ahead)
    {
        ServerSide server = ahead.ServerSide;
        bool isAlike = _exchange.Facts.IsPipelinable && ahead.Facts.IsPipelinable
            && server.Link.Group == Link.Group && server._request.State == RequestPumpState.Sending;
        if (isAlike && Link.Group!.Pipelining > 1 && Link.TryFollow(server.Link.Connection))
            return true;
        server.Flush();
        return false;
    }

    /// <summary>Goes on after the link was asked for a connection. Returns how many input bytes were used.</summary>
    private int Linked(LinkResult result, bool headIsInScratch, ReadOnlySpan<byte> input)
    {
        switch (result)
        {
            case LinkResult.Ready:
                _exchange.ServerConnected();
                return Start(headIsInScratch, input);
            case LinkResult.NoServer:
                FailExchange(Link.Group!.NoServerError);
                return 0;
            case LinkResult.PinIsLost:
                FailExchange(ProxyError.ServerClosedBeforeResponse);
                return 0;
            default:
                return 0;
        }
    }

    /// <summary>After body bytes went through the pump: a broken body ends the exchange, a complete one starts the wait for the answer.</summary>
    private void AfterRequestBytes()
    {
        if (_request.Fault != RejectReason.None)
        {
            Refuse(ProxyError.BadRequest, _request.Fault);
            return;
        }
        if (_request.IsTooLarge)
            Refuse(ProxyError.RequestBodyTooLarge, RejectReason.None);
        else
            ArmResponseTimeout();
    }

    /// <summary>The request is refused for its body.</summary>
    private void Refuse(ProxyError error, RejectReason detail)
    {
        RequestIntake.CountRefusal(_listener.Counters, error, detail);
        _exchange.Fail(error, detail);
    }

    /// <summary>The server must act when it has the whole request or does not take more of it; else the client must.</summary>
    private void ArmResponseTimeout()
    {
        if (!Link.IsEstablished)
            return;
        bool serverMustAct = _request.IsComplete || _exchange.AwaitsContinue || _request.IsBlocked || _request.State == RequestPumpState.Refused;
        long timeoutMs = serverMustAct && !_exchange.IsOutputBlocked ? Link.Group!.ResponseTimeoutMs : 0;
        Link.Connection!.ArmResponseTimeout(_request.BodyBytes > 0 ? _send.Begin(timeoutMs) : timeoutMs);
    }

    private void ServerGone(ProxyError error) =>
        RetryOrFail(_response.HasBytes ? NotBeforeResponse(error) : error, Link.Connection!);

    private static ProxyError NotBeforeResponse(ProxyError error) =>
        error == ProxyError.ServerClosedBeforeResponse ? ProxyError.ServerBadResponse : error;

    private void RetryOrFail(ProxyError error, UpstreamConnection connection)
    {
        if (Link.Retry(error, connection, _request) is not { } result)
        {
            FailExchange(error);
            return;
        }
        Linked(result, headIsInScratch: false, default);

        // A pooled connection takes the request at once; what has arrived of the body follows.
        _exchange.Session?.ServerCaughtUp();
    }

    /// <summary>
    /// The guard before a connection is pooled: request fully sent, response fully read by a visible end, no surplus bytes, both sides
    /// agree that the connection goes on, nothing ambiguous. It also stands before the next exchange on a connection that is pipelined on.
    /// </summary>
    private ServerCloseReason JudgeConnection()
    {
        if (_response.HasSurplus && !Link.Connection!.MayAnswerNext)
            return ServerCloseReason.SurplusBytes;
        if (!_request.IsSent || _request.IsBlocked)
            return ServerCloseReason.RequestUnsent;
        if (!_response.ServerKeepsAlive)
            return ServerCloseReason.ServerSaid;
        return _exchange.Upgrade is not null || _response.IsDoubtful ? ServerCloseReason.Ambiguous : ServerCloseReason.None;
    }

    private void FailExchange(ProxyError error) => _exchange.Fail(error, RejectReason.None);

    private void CountFault(ProxyError error)
    {
        if (error is ProxyError.ServerBadResponse or ProxyError.ServerBadBody)
            _listener.Counters.Add(CounterId.BadResponses);
        else if (error == ProxyError.ServerTruncatedResponse)
            _listener.Counters.Add(CounterId.ShortBodies);
        else if (error == ProxyError.ServerClosedBeforeResponse && Link.Connection is { IsReused: true })
            _listener.Counters.Add(CounterId.StaleReusesFailed);
    }
}
