using System;
using System.Net.Sockets;
using NativeProxy.Clients;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.Timers;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Tunnels;

/// <summary>
/// Bytes both ways between a client and a server whose bytes are not looked at (101, CONNECT, a listener in mode "tcp"): passes them on, stops one
/// side while the other does not keep up, passes FIN on, and ends when both sides have ended, one breaks, or none says or takes anything for too
/// long. It has both connections for that time and then gives them back. Owner: an exchange, or the session of a client connection, which uses it
/// again; thread: the loop. Never reads what the bytes mean.
/// </summary>
internal sealed class Tunnel : IClientTunnel, IServerConnectionUser, ITimerOwner
{
    /// <summary>Fewer bytes at once are better read: a small copy costs less than the way through a pipe.</summary>
    private const int PipedBytesMin = 32 * 1024;

    private readonly EventLoop _loop;
    private readonly LoopCounters _counters;
    private readonly ITunnelOwner _owner;
    private readonly TimerNode _idle;
    private TunnelTimes _times;
    private UpstreamConnection _server = null!;
    private TcpConnection _client = null!;
    private SendWatch _clientTakes;
    private SendWatch _serverTakes;
    private SplicePolicy _splice;

    /// <summary>The server takes no more; what it had said before may still come.</summary>
    private bool _isServerDeaf;

    /// <summary>Nothing more comes from the server, nor goes to it: the client takes what is left.</summary>
    private bool _isServerBroken;

    /// <param name="loop">The loop.</param>
    /// <param name="counters">Of the worker.</param>
    /// <param name="owner">Who begins it.</param>
    public Tunnel(EventLoop loop, LoopCounters counters, ITunnelOwner owner)
    {
        _loop = loop;
        _counters = counters;
        _owner = owner;
        _idle = new TimerNode(this);
    }

    /// <summary>When both sides have been silent for too long, in loop time; -1 = without a limit.</summary>
    public long DueMs => _idle.DueMs;

    /// <summary>True where one side has ended: then less silence is too long.</summary>
    public bool IsHalfClosed => _client.EndOfStreamSeen || _server.Tcp!.EndOfStreamSeen;

    /// <summary>Takes over the connection to the server, whose user it is already; the client's follows.</summary>
    /// <param name="server">The connection.</param>
    /// <param name="times">How long nothing may move.</param>
    /// <param name="splice">Whether bytes need not be read.</param>
    public void TakeServer(UpstreamConnection server, TunnelTimes times, SplicePolicy splice = SplicePolicy.Auto)
    {
        _server = server;
        _times = times;
        _splice = splice;
        _isServerDeaf = _isServerBroken = false;
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
        if (_splice == SplicePolicy.On)
        {
            _client.TryBeginPiping(_server.Tcp!);
            _server.Tcp!.TryBeginPiping(_client);
        }
        Steer();
    }

    /// <summary>What the server has said.</summary>
    public void PassFromServer(ReadOnlySpan<byte> bytes)
    {
        Touch();
        _owner.OnTunnelBytes(fromClient: 0, bytes.Length);
        _client.Send(bytes);
        Consider(_server.Tcp!, _client, bytes.Length);
        Steer();
    }

    /// <summary>Has nothing to do with its connections any more; those to whom they return end them.</summary>
    public void GiveBack()
    {
        _client.EndPiping();
        _server.Tcp?.EndPiping();
        _loop.Wheel.Remove(_idle);
        _counters.Add(CounterId.TunnelsOpen, -1);
    }

    public void OnConnected(TcpConnection connection) => Check.That(false, "a client connection does not connect");

    public void OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        _counters.Add(CounterId.BytesFromClients, bytes.Length);
        _owner.OnTunnelBytes(bytes.Length, toClient: 0);
        Touch();
        if (!_isServerDeaf)
            _server.Send(bytes);
        Consider(_client, _server.Tcp!, bytes.Length);
        Steer();
    }

    public void OnReceivedInPipe(TcpConnection connection, int bytes)
    {
        _counters.Add(CounterId.BytesFromClients, bytes);
        _counters.Add(CounterId.BytesSpliced, bytes);
        _owner.OnTunnelBytes(bytes, toClient: 0);
        Touch();
        if (!_isServerDeaf)
        {
            _counters.Add(CounterId.BytesToServers, bytes);
            _server.Tcp!.SendPiped(bytes);
        }
        Reconsider(_client, _server.Tcp!, bytes);
        Steer();
    }

    public void OnEndOfStream(TcpConnection connection)
    {
        Touch();
        if (!_isServerDeaf)
            _server.Tcp!.ShutdownSend();
        EndIfOver();
    }

    public void OnSendBlocked(TcpConnection connection) => Steer();

    public void OnSendDrained(TcpConnection connection)
    {
        Touch();
        Steer();
        EndIfOver();
    }

    public void OnSendFailed(TcpConnection connection, SocketError error) => End(TunnelEnd.ClientBroke);

    public void OnFailed(TcpConnection connection, SocketError error) => End(TunnelEnd.ClientBroke);

    public void OnClosed(TcpConnection connection) => Check.That(false, "a tunnel gives its connections back before they close");

    public void OnServerConnected(UpstreamConnection connection) => Check.That(false, "a tunnel is connected");

    public void OnServerConnectFailed(UpstreamConnection connection, SocketError error) => Check.That(false, "a tunnel is connected");

    public void OnServerTurn(UpstreamConnection connection) => Check.That(false, "nothing is pipelined in a tunnel");

    public void OnServerTurnLost(UpstreamConnection connection) => Check.That(false, "nothing is pipelined in a tunnel");

    public void OnServerReceived(UpstreamConnection connection, ReadOnlySpan<byte> bytes) => PassFromServer(bytes);

    public void OnServerReceivedInPipe(UpstreamConnection connection, int bytes)
    {
        _counters.Add(CounterId.BytesSpliced, bytes);
        Touch();
        _owner.OnTunnelBytes(fromClient: 0, bytes);
        _client.SendPiped(bytes);
        Reconsider(_server.Tcp!, _client, bytes);
        Steer();
    }

    public void OnServerEndOfStream(UpstreamConnection connection)
    {
        if (_isServerDeaf)
        {
            ServerBroke();
            return;
        }
        Touch();
        _client.ShutdownSend();
        EndIfOver();
    }

    public void OnServerSendDrained(UpstreamConnection connection)
    {
        Touch();
        Steer();
        EndIfOver();
    }

    /// <summary>A server that has closed has often said why before; reading shows its end.</summary>
    public void OnServerSendFailed(UpstreamConnection connection, SocketError error)
    {
        _isServerDeaf = true;
        if (_server.Tcp!.RanOutOfBuffers || _server.Tcp.EndOfStreamSeen)
            ServerBroke();
        else
            Steer();
    }

    public void OnServerFailed(UpstreamConnection connection, SocketError error) => ServerBroke();

    public void OnServerTimeout(UpstreamConnection connection) => Check.That(false, "a tunnel owes no answer");

    /// <summary>Nothing came from either side for too long, unless one still takes what the other has said.</summary>
    public void OnTimer(TimerNode node, long nowMs)
    {
        if (_clientTakes.HasMoved(_client) | _serverTakes.HasMoved(_server.Tcp!))
        {
            Await(TimeoutMs);
            return;
        }
        _counters.Add(CounterId.TimeoutsTunnel);
        End(TunnelEnd.Silent);
    }

    private long TimeoutMs => IsHalfClosed ? _times.HalfClosedMs : _times.IdleMs;

    private void Touch()
    {
        _serverTakes.Begin(TimeoutMs);
        Await(_clientTakes.Begin(TimeoutMs));
    }

    private void Await(long timeoutMs)
    {
        if (timeoutMs > 0)
            _loop.Wheel.Arm(_idle, _loop.Clock.NowMs + timeoutMs);
        else
            _loop.Wheel.Disarm(_idle);
    }

    /// <summary>
    /// What one side sends is not read any more once it fills the hot buffer and the other one takes all of it: then moving pages costs less than
    /// copying them, and none of them has to be kept.
    /// </summary>
    private void Consider(TcpConnection from, TcpConnection to, int bytes)
    {
        bool paysOff = _splice == SplicePolicy.On || (_splice == SplicePolicy.Auto && bytes == EventLoop.ReceiveBytesMax);
        if (paysOff && !to.HasQueuedBytes)
            from.TryBeginPiping(to);
    }

    /// <summary>It is read again when little comes at once, or the other side takes less.</summary>
    private void Reconsider(TcpConnection from, TcpConnection to, int bytes)
    {
        if (_splice == SplicePolicy.Auto && (bytes < PipedBytesMin || to.HasQueuedBytes))
            from.EndPiping();
    }

    /// <summary>Each side is read while the other one takes what it is sent.</summary>
    private void Steer()
    {
        if (_isServerDeaf || _server.Tcp!.HasQueuedBytes)
            _client.PauseReceive();
        else
            _client.StartReceive();
        if (_client.HasQueuedBytes)
            _server.Tcp!.PauseReceive();
        else
            _server.Tcp!.StartReceive();
    }

    /// <summary>
    /// What the server has said before it broke is for the client, as far as that still takes it: a reset behind it would destroy it.
    /// </summary>
    private void ServerBroke()
    {
        _isServerDeaf = _isServerBroken = true;
        _client.PauseReceive();
        EndIfOver();
    }

    /// <summary>A server that still has to take something is waited for, for as long as it does.</summary>
    private void EndIfOver()
    {
        if (_isServerBroken)
        {
            if (!_client.HasQueuedBytes)
                End(TunnelEnd.ServerBroke);
        }
        else if (_client.EndOfStreamSeen && _server.Tcp!.EndOfStreamSeen && (_isServerDeaf || !_server.Tcp.HasQueuedBytes))
        {
            End(_isServerDeaf ? TunnelEnd.ServerBroke : TunnelEnd.BothEnded);
        }
    }

    private void End(TunnelEnd end)
    {
        GiveBack();
        _owner.OnTunnelEnded(end);
    }
}
