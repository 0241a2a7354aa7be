using System;
using System.Net.Sockets;
using NativeProxy.Clients;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Tunnels;

/// <summary>
/// Bytes both ways between a client and a server that no longer speak HTTP (101, CONNECT): passes them on, stops one side while the other
/// does not keep up, passes FIN on, and ends when both sides have ended, one breaks, or none says or takes anything for <c>timeouts.tunnel</c>.
/// It has both connections for that time and then gives them back. Owner: an exchange; thread: the loop. Never reads what the bytes mean.
/// </summary>
internal sealed class Tunnel : IClientTunnel, IServerConnectionUser, ITimerOwner
{
    private readonly EventLoop _loop;
    private readonly LoopCounters _counters;
    private readonly ITunnelOwner _owner;
    private readonly ServerStream _stream;
    private readonly UpstreamConnection _server;
    private readonly TimerNode _idle;
    private readonly long _timeoutMs;
    private TcpConnection _client = null!;
    private SendWatch _clientTakes;
    private SendWatch _serverTakes;

    /// <summary>Takes over the connection to the server; the client's follows.</summary>
    /// <param name="loop">The loop.</param>
    /// <param name="counters">Of the worker.</param>
    /// <param name="owner">Who begins it.</param>
    /// <param name="stream">Has the connection to the server.</param>
    /// <param name="timeoutMs">Longest time without a byte; 0 = no limit.</param>
    public Tunnel(EventLoop loop, LoopCounters counters, ITunnelOwner owner, ServerStream stream, long timeoutMs)
    {
        _loop = loop;
        _counters = counters;
        _owner = owner;
        _stream = stream;
        _timeoutMs = timeoutMs;
        _idle = new TimerNode(this);
        _server = stream.HandOver(this);
    }

    /// <summary>Takes over the client's connection, and begins with what the client has sent already.</summary>
    public void Begin(TcpConnection client, ReadOnlySpan<byte> waiting)
    {
        _client = client;
        _counters.Add(CounterId.TunnelsStarted);
        _counters.Add(CounterId.TunnelsOpen);
        Touch();
        _owner.OnTunnelBytes(waiting.Length, toClient: 0);
        if (!waiting.IsEmpty)
            _server.Send(waiting);
        if (_client.EndOfStreamSeen)
            _server.Tcp!.ShutdownSend();
        Steer();
    }

    /// <summary>What the server has said.</summary>
    public void PassFromServer(ReadOnlySpan<byte> bytes)
    {
        Touch();
        _owner.OnTunnelBytes(fromClient: 0, bytes.Length);
        _client.Send(bytes);
        Steer();
    }

    /// <summary>Has nothing to do with its connections any more; those to whom they return end them.</summary>
    public void GiveBack()
    {
        _loop.Wheel.Remove(_idle);
        _counters.Add(CounterId.TunnelsOpen, -1);
        _stream.TakeBack();
    }

    public void OnConnected(TcpConnection connection) => Check.That(false, "a client connection does not connect");

    public void OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        _counters.Add(CounterId.BytesFromClients, bytes.Length);
        _owner.OnTunnelBytes(bytes.Length, toClient: 0);
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

    public void OnServerReceived(UpstreamConnection connection, ReadOnlySpan<byte> bytes) => PassFromServer(bytes);

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
            Await(_timeoutMs);
            return;
        }
        _counters.Add(CounterId.TimeoutsTunnel);
        End(CloseReason.TunnelTimeout);
    }

    private void Touch()
    {
        _serverTakes.Begin(_timeoutMs);
        Await(_clientTakes.Begin(_timeoutMs));
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
        _owner.OnTunnelEnded(reason);
    }
}
