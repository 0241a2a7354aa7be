using System;
using System.Net.Sockets;
using NativeProxy.Buffers;
using NativeProxy.Caching;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Transport;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Exchanges;

/// <summary>
/// The rest of a response whose client has gone: reads it to its end for the cache alone, then gives the server connection back. It takes at
/// most what the cache takes of one response, and waits for the server as an exchange does. Owner: <see cref="CacheFetches"/>; thread: the
/// loop. Never begins a response and never sends.
/// </summary>
internal sealed class CacheFetch(EventLoop loop, CacheFetches fetches) : Ordered<CacheFetch>, IServerConnectionUser
{
    private UpstreamConnection? _server;
    private CacheFill? _fill;
    private SessionScratch? _scratch;
    private BodyRelay _body;
    private ByteTail _tail;
    private bool _serverKeepsAlive;
    private long _timeoutMs;

    /// <summary>Takes the server connection over.</summary>
    /// <param name="server">Lent to an exchange that forgets it.</param>
    /// <param name="fill">What has been copied so far.</param>
    /// <param name="body">How far the body was read; whole bytes only.</param>
    /// <param name="scratch">Of the listener.</param>
    /// <param name="serverKeepsAlive">The connection outlives the response.</param>
    /// <param name="timeoutMs">Longest silence of the server; 0 = no limit.</param>
    public void Begin(UpstreamConnection server, CacheFill fill, in BodyRelay body, SessionScratch scratch, bool serverKeepsAlive, long timeoutMs)
    {
        _server = server;
        _fill = fill;
        _body = body;
        _scratch = scratch;
        _serverKeepsAlive = serverKeepsAlive;
        _timeoutMs = timeoutMs;
        server.PassTo(this);
        server.Tcp!.StartReceive();
        server.ArmResponseTimeout(timeoutMs);
    }

    /// <summary>The process stops: nobody will ask for the response.</summary>
    public void Cut() => Leave(ServerCloseReason.Purged, reset: true);

    public void OnServerReceived(UpstreamConnection connection, ReadOnlySpan<byte> bytes)
    {
        connection.ArmResponseTimeout(_timeoutMs);
        if (!TryTake(bytes, out bool hasSurplus))
            Leave(_body.Fault == RejectReason.None ? ServerCloseReason.ClientAborted : ServerCloseReason.BadResponse, reset: true);
        else if (_body.IsComplete)
            End(hasSurplus);
    }

    public void OnServerEndOfStream(UpstreamConnection connection) => Leave(ServerCloseReason.ServerFin, reset: true);

    public void OnServerFailed(UpstreamConnection connection, SocketError error) => Leave(ServerCloseReason.ServerFin, reset: true);

    public void OnServerTimeout(UpstreamConnection connection)
    {
        connection.Server.Counters.Add(CounterId.TimeoutsResponse);
        Leave(ServerCloseReason.Timeout, reset: true);
    }

    /// <summary>What was still held of requests behind this one, whose exchanges have left the connection with their client.</summary>
    public void OnServerSendDrained(UpstreamConnection connection)
    {
    }

    /// <summary>What the server has sent before may still be read.</summary>
    public void OnServerSendFailed(UpstreamConnection connection, SocketError error)
    {
    }

    public void OnServerConnected(UpstreamConnection connection) => Check.That(false, "a fetch is connected");

    public void OnServerConnectFailed(UpstreamConnection connection, SocketError error) => Check.That(false, "a fetch is connected");

    public void OnServerTurn(UpstreamConnection connection) => Check.That(false, "it is a fetch's turn from its beginning");

    public void OnServerTurnLost(UpstreamConnection connection) => Check.That(false, "it is a fetch's turn from its beginning");

    /// <summary>False when the bytes are no sound body, or more than the cache takes.</summary>
    private bool TryTake(ReadOnlySpan<byte> bytes, out bool hasSurplus)
    {
        hasSurplus = false;
        bool isBehindTail = !_tail.IsEmpty;
        if (isBehindTail && !TryKeep(bytes))
            return false;
        ReadOnlySpan<byte> input = isBehindTail ? _tail.Bytes : bytes;
        int used = _body.Relay(input, _scratch!.Output, _scratch.Trailers, out _);
        if (_body.Fault != RejectReason.None)
            return false;
        _fill!.Append(input[..used]);
        hasSurplus = _body.IsComplete && used < input.Length;
        if (isBehindTail)
            _tail.Consume(loop.Pools, used);
        else if (used < input.Length && !TryKeep(input[used..]))
            return false;
        return _fill.IsOpen;
    }

    /// <summary>Trailer fields that are not complete yet.</summary>
    private bool TryKeep(ReadOnlySpan<byte> bytes) => _tail.TryAppend(loop.Pools, bytes, SessionScratch.TrailerBytesMax + bytes.Length);

    /// <summary>The body is complete; bytes behind it make all of it doubtful.</summary>
    private void End(bool hasSurplus)
    {
        if (!hasSurplus)
        {
            _fill!.Commit(_body.BodyBytes);
            _fill = null;
        }
        Leave(hasSurplus ? ServerCloseReason.SurplusBytes : _serverKeepsAlive ? ServerCloseReason.None : ServerCloseReason.ServerSaid,
            reset: hasSurplus);
    }

    private void Leave(ServerCloseReason reason, bool reset)
    {
        UpstreamConnection server = _server!;
        _fill?.Drop();
        _fill = null;
        _server = null;
        _scratch = null;
        _tail.Release(loop.Pools);
        fetches.Return(this);
        server.Server.Release(server, reason, reset);
    }
}
