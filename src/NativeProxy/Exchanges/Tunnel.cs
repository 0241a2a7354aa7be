using System;
using System.Net.Sockets;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges;

/// <summary>
/// Bytes both ways between a client and a server that no longer speak HTTP (101, CONNECT): passes them on, stops one side while the other
/// does not keep up, passes FIN on, and ends when both sides have ended, one breaks, or none says or takes anything for <c>timeouts.tunnel</c>.
/// It has both connections for that time and then gives them back. Owner: one <see cref="ClientSession"/>; thread: the loop. Never reads
/// what the bytes mean.
/// </summary>
internal sealed class Tunnel : IConnectionOwner, IServerConnectionUser, ITimerOwner
{
    private readonly EventLoop _loop;
    private readonly Listener _listener;
    private readonly ClientSession _session;
    private readonly Exchange _exchange;
    private readonly TcpConnection _client;
    private readonly UpstreamConnection _server;
    private readonly TimerNode _idle;
    private SendWatch _clientTakes;
    private SendWatch _serverTakes;

    /// <summary>Takes over the client's connection and the one to the server.</summary>
    public Tunnel(Listener listener, ClientSession session, Exchange exchange, UpstreamConnection server)
    {
        _listener = listener;
        _loop = listener.Loop;
        _session = session;
        _exchange = exchange;
        _client = session.Client;
        _server = server;
        _idle = new TimerNode(this);
    }

    /// <summary>Begins with what the client has sent already.</summary>
    public void Begin(ReadOnlySpan<byte> bytes)
    {
        _listener.Counters.Add(CounterId.TunnelsStarted);
        _listener.Counters.Add(CounterId.TunnelsOpen);
        _client.SetOwner(this);
        _server.PassTo(this);
        _server.ArmResponseTimeout(0);
        Touch();
        _exchange.CountReceived(bytes.Length);
        if (!bytes.IsEmpty)
            _server.Send(bytes);
        if (_client.EndOfStreamSeen)
            _server.Tcp!.ShutdownSend();
        Steer();
    }

    /// <summary>Has nothing to do with its connections any more; the session and the exchange, to which they return, end them.</summary>
    public void GiveBack()
    {
        _loop.Wheel.Remove(_idle);
        _listener.Counters.Add(CounterId.TunnelsOpen, -1);
        _server.PassTo(_exchange.ServerSide);
    }

    public void OnConnected(TcpConnection connection) => Check.That(false, "a client connection does not connect");

    public void OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        _listener.Counters.Add(CounterId.BytesFromClients, bytes.Length);
        _exchange.CountReceived(bytes.Length);
        Touch();
        _server.Send(bytes);
        Steer();
    }

    public void OnEndOfStream(TcpConnection connection)
    {
        if (_server.Tcp!.EndOfStreamSeen)
            End(CloseReason.TunnelEnded);
        else
            _server.Tcp.ShutdownSend();
    }

    public void OnSendBlocked(TcpConnection connection) => Steer();

    public void OnSendDrained(TcpConnection connection) => Steer();

    public void OnSendFailed(TcpConnection connection, SocketError error) => End(CloseReason.TunnelEnded);

    public void OnFailed(TcpConnection connection, SocketError error) => End(CloseReason.TunnelEnded);

    public void OnClosed(TcpConnection connection) => Check.That(false, "a tunnel gives its connections back before they close");

    public void OnServerConnected(UpstreamConnection connection) => Check.That(false, "a tunnel is connected");

    public void OnServerConnectFailed(UpstreamConnection connection, SocketError error) => Check.That(false, "a tunnel is connected");

    public void OnServerTurn(UpstreamConnection connection) => Check.That(false, "nothing is pipelined in a tunnel");

    public void OnServerTurnLost(UpstreamConnection connection) => Check.That(false, "nothing is pipelined in a tunnel");

    public void OnServerReceived(UpstreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        Touch();
        _exchange.CountTunnelBytes(bytes.Length);
        _client.Send(bytes);
        Steer();
    }

    public void OnServerEndOfStream(UpstreamConnection connection)
    {
        if (_client.EndOfStreamSeen)
            End(CloseReason.TunnelEnded);
        else
            _client.ShutdownSend();
    }

    public void OnServerSendDrained(UpstreamConnection connection)
    {
        Touch();
        Steer();
    }

    public void OnServerSendFailed(UpstreamConnection connection, SocketError error) => End(CloseReason.TunnelEnded);

    public void OnServerFailed(UpstreamConnection connection, SocketError error) => End(CloseReason.TunnelEnded);

    public void OnServerTimeout(UpstreamConnection connection) => Check.That(false, "a tunnel owes no answer");

    /// <summary>Nothing came from either side for too long, unless one still takes what the other has said.</summary>
    public void OnTimer(TimerNode node, long nowMs)
    {
        if (_clientTakes.HasMoved(_client) | _serverTakes.HasMoved(_server.Tcp!))
        {
            Await(_listener.Timeouts.TunnelMs);
            return;
        }
        _listener.Counters.Add(CounterId.TimeoutsTunnel);
        End(CloseReason.TunnelTimeout);
    }

    private void Touch()
    {
        _serverTakes.Begin(_listener.Timeouts.TunnelMs);
        Await(_clientTakes.Begin(_listener.Timeouts.TunnelMs));
    }

    private void Await(long timeoutMs)
    {
        if (timeoutMs > 0)
            _loop.Wheel.Arm(_idle, _loop.Clock.NowMs + timeoutMs);
    }

    /// <summary>Each side is read while the other one takes what it is sent.</summary>
    private void Steer()
    {
        if (_server.Tcp!.HasQueuedBytes)
            _client.PauseReceive();
        else
            _client.StartReceive();
        if (_client.HasQueuedBytes)
            _server.Tcp.PauseReceive();
        else
            _server.Tcp.StartReceive();
    }

    private void End(CloseReason reason)
    {
        GiveBack();
        _session.TunnelEnded(reason);
    }
}
