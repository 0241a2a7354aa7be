using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Clients;

/// <summary>
/// The end of a client connection once it is decided: sends what is queued, then FIN, and reads until the client has closed too, since an
/// RST would destroy the response (RFC 9112 9.6; nginx's lingering_close); or closes or resets at once. Each wait has a deadline. Owner:
/// one <see cref="ClientConnection"/> at a time, lent by its frontend; thread: the loop. Throws away whatever still comes.
/// </summary>
internal sealed class ClientFarewell : IConnectionOwner, ITimerOwner
{
    private readonly Frontend _frontend;
    private readonly EventLoop _loop;
    private readonly SessionTimer _timer;
    private ClientConnection? _connection;
    private TcpConnection? _client;
    private SendWatch _send;

    public ClientFarewell(Frontend frontend)
    {
        _frontend = frontend;
        _loop = frontend.Loop;
        _timer = new SessionTimer(this);
    }

    /// <summary>The client has not closed yet and is waited for.</summary>
    public bool IsLingering { get; private set; }

    /// <summary>Says what it waits for.</summary>
    public void Describe(SessionFacts facts, long decidedMs)
    {
        facts.Is(IsLingering ? SessionState.Lingering : SessionState.Closing, decidedMs);
        _timer.Tell(facts);
    }

    /// <summary>Next unused object of the frontend.</summary>
    internal ClientFarewell? NextFree { get; set; }

    /// <summary>Sends the rest and FIN, and waits for the client's.</summary>
    public void Linger(ClientConnection connection)
    {
        Take(connection);
        IsLingering = true;
        if (_client!.HasQueuedBytes)
            WaitForClientToTake();
        else
            SendFin();
    }

    /// <summary>Sends the rest and closes.</summary>
    public void Close(ClientConnection connection)
    {
        Take(connection);
        BeginClose();
    }

    /// <summary>Closes with RST.</summary>
    public void Abort(ClientConnection connection)
    {
        Take(connection);
        _client!.Abort();
    }

    /// <summary>Waits for nothing any more: what the kernel does not take at once is lost, which an RST then says.</summary>
    public void Cut()
    {
        _client!.Close();
        if (_client.HasQueuedBytes)
            _client.Abort();
    }

    public void OnConnected(TcpConnection connection) => Check.That(false, "a client connection does not connect");

    public void OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes) => _frontend.Counters.Add(CounterId.BytesFromClients, bytes.Length);

    public void OnEndOfStream(TcpConnection connection) => ClientGone();

    /// <summary>A timeout runs already.</summary>
    public void OnSendBlocked(TcpConnection connection)
    {
    }

    public void OnSendDrained(TcpConnection connection)
    {
        if (IsLingering)
            SendFin();
    }

    public void OnSendFailed(TcpConnection connection, SocketError error) => ClientGone();

    public void OnFailed(TcpConnection connection, SocketError error) => ClientGone();

    public void OnClosed(TcpConnection connection)
    {
        ClientConnection ended = _connection!;
        _timer.Remove(_loop);
        _connection = null;
        _client = null;
        _frontend.ReturnFarewell(this);
        ended.SocketIsGone();
    }

    public void OnTimer(TimerNode node, long nowMs)
    {
        switch (_timer.Pending)
        {
            case SessionTimeout.Send when _send.HasMoved(_client!):
                _timer.Arm(_loop, SessionTimeout.Send, _frontend.Timeouts.SendMs);
                break;
            case SessionTimeout.Send:
                _frontend.Counters.Add(CounterId.TimeoutsClientSend);
                _client!.Abort();
                break;
            case SessionTimeout.Linger:
                _frontend.Counters.Add(CounterId.TimeoutsLinger);
                BeginClose();
                break;
        }
    }

    private void Take(ClientConnection connection)
    {
        _connection = connection;
        _client = connection.Tcp!;
        _client.SetOwner(this);
        IsLingering = false;
    }

    private void WaitForClientToTake() => _timer.Arm(_loop, SessionTimeout.Send, _send.Begin(_frontend.Timeouts.SendMs));

    private void SendFin()
    {
        if (_client!.EndOfStreamSeen || _frontend.Timeouts.LingerMs == 0)
        {
            BeginClose();
            return;
        }
        _client.ShutdownSend();
        _client.StartReceive();

        // What was corked for it may be more than the kernel takes.
        if (_client.HasQueuedBytes)
            WaitForClientToTake();
        else
            _timer.Arm(_loop, SessionTimeout.Linger, _frontend.Timeouts.LingerMs);
    }

    private void ClientGone()
    {
        if (IsLingering)
            BeginClose();
    }

    /// <summary>Closes once the queued bytes are sent, for as long as the client takes any of them.</summary>
    private void BeginClose()
    {
        IsLingering = false;
        _client!.Close();
        if (_client.HasQueuedBytes)
            WaitForClientToTake();
        else
            _timer.Disarm(_loop);
    }
}
