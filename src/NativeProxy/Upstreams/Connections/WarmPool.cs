using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// Opens connections to one server ahead of requests (<c>keepalive.min_idle</c>), so that none has to wait for a connect: as many as are to idle, and
/// those that are used up while another one is being opened. What requests take is replaced at the end of the same turn; what has ended otherwise
/// half at each look, at times that differ by chance, so that connections which were opened together do not end and come back together for ever.
/// Owner: an <see cref="UpstreamServer"/>; thread: the loop. Never keeps a connection: they are the pool's as soon as they are there. Opens none
/// while the server gets no requests, while anything is short, or beyond what its limit leaves to this worker.
/// </summary>
internal sealed class WarmPool : LoopWork, ITimerOwner, IServerConnectionUser
{
    /// <summary>Connects at once, so that a server that comes back is not flooded.</summary>
    public const int OpeningMax = 16;

    /// <summary>Time between two looks while connections are lacking; half of it more by chance.</summary>
    private const int LackLookMs = 100;

    /// <summary>The same while all are there.</summary>
    private const int CalmLookMs = 500;

    /// <summary>Pause after a connect that led to nothing; doubled each time.</summary>
    private const int PauseMsMin = 250;

    private const int PauseMsMax = 10_000;

    private readonly UpstreamServer _server;
    private readonly EventLoop _loop;
    private readonly TimerNode _timer;
    private WarmDemand _demand;
    private int _idleMin;
    private int _wanted;
    private int _openingCount;
    private long _lookedAtMs;
    private long _pauseMs;
    private long _pausedUntilMs;

    /// <param name="server">Whose connections.</param>
    /// <param name="loop">The loop.</param>
    public WarmPool(UpstreamServer server, EventLoop loop)
    {
        _server = server;
        _loop = loop;
        _timer = new TimerNode(this);
        _lookedAtMs = loop.Clock.NowMs;
    }

    private int Lack => _wanted - _server.Idle.Count - _openingCount;

    /// <summary>Takes over the number of connections that are to idle, at least 1; the first look comes soon.</summary>
    public void Apply(int idleMin)
    {
        _idleMin = _wanted = idleMin;
        if (!_timer.IsArmed)
            _loop.Wheel.Arm(_timer, _loop.Clock.NowMs + 1 + Random.Shared.Next(LackLookMs / 2));
    }

    /// <summary>Nothing more is opened; what is being opened goes to the pool, if that still takes any.</summary>
    public void Stop()
    {
        _idleMin = _wanted = 0;
        _loop.Wheel.Remove(_timer);
    }

    /// <summary>A request gets a connection, idle or fresh.</summary>
    public void CountRequest()
    {
        _demand.CountRequest();
        if (Lack > 0 && _loop.Clock.NowMs >= _pausedUntilMs)
            _loop.Soon(this);
    }

    /// <summary>Replaces what requests have taken.</summary>
    public override void Run() => Open(Lack);

    public void OnTimer(TimerNode node, long nowMs)
    {
        _demand.Look(Math.Max(1, nowMs - _lookedAtMs));
        _lookedAtMs = nowMs;
        _wanted = (int)Math.Min((long)_idleMin + _demand.Count, _server.Terms.Keepalive.MaxIdle);
        int lack = Lack;
        Open((lack + 1) / 2);
        int lookMs = lack > 0 ? LackLookMs : CalmLookMs;
        _loop.Wheel.Arm(_timer, nowMs + lookMs + Random.Shared.Next(lookMs / 2));
    }

    public void OnServerConnected(UpstreamConnection connection)
    {
        _openingCount--;
        _demand.Connected(_loop.Clock.NowMs - connection.Tcp!.OpenedAtMs);
        _server.Release(connection, ServerCloseReason.None);
        if (connection.State == UpstreamConnectionState.Idle)
            _pauseMs = 0;
        else
            Pause();
    }

    public void OnServerConnectFailed(UpstreamConnection connection, SocketError error)
    {
        _openingCount--;
        Pause();
    }

    /// <summary>Nor any of the following: it has a connection only while that is being opened.</summary>
    public void OnServerReceived(UpstreamConnection connection, ReadOnlySpan<byte> bytes)
    {
    }

    public void OnServerTurn(UpstreamConnection connection)
    {
    }

    public void OnServerTurnLost(UpstreamConnection connection)
    {
    }

    public void OnServerEndOfStream(UpstreamConnection connection)
    {
    }

    public void OnServerSendDrained(UpstreamConnection connection)
    {
    }

    public void OnServerSendFailed(UpstreamConnection connection, SocketError error)
    {
    }

    public void OnServerFailed(UpstreamConnection connection, SocketError error)
    {
    }

    public void OnServerTimeout(UpstreamConnection connection)
    {
    }

    private void Open(int count)
    {
        if (count <= 0 || _loop.Clock.NowMs < _pausedUntilMs || !_server.Standing.MayBeWarmed)
            return;
        for (int i = Math.Min(count, OpeningMax - _openingCount); i > 0; i--)
        {
            if (!_loop.Sockets.MayConnectAhead() || _server.TryConnect(this, isAhead: true) is null)
                return;
            _openingCount++;
        }
    }

    /// <summary>The server cannot be reached, or does not keep what nobody has asked on.</summary>
    private void Pause()
    {
        _pauseMs = Math.Clamp(2 * _pauseMs, PauseMsMin, PauseMsMax);
        _pausedUntilMs = _loop.Clock.NowMs + _pauseMs + Random.Shared.Next((int)_pauseMs / 2);
    }
}
