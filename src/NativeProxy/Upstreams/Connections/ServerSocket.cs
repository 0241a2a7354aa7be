using System;
using System.Net.Sockets;
using NativeProxy.Foundation;
using NativeProxy.Metrics;
using NativeProxy.ProxyProtocol;
using NativeProxy.Recording;
using NativeProxy.Transport;
using NativeProxy.Transport.Sockets;

namespace NativeProxy.Upstreams.Connections;

/// <summary>
/// The socket of a server connection: how it is opened, at one address of the server after the other, what its server can be proved to have seen of
/// the present exchange, and how it ends. Part of the connection (a mutable struct: keep it in a field, never copy it); thread: the loop. Never
/// decides why a connection ends and never tells its user.
/// </summary>
internal struct ServerSocket
{
    private ServerAccount _account;
    private ConnectTries _tries;

    /// <summary>Bytes sent for earlier exchanges; nothing of them was queued any more when this one began.</summary>
    private long _sentBeforeBytes;

    /// <summary>The socket while it is there.</summary>
    public TcpConnection? Tcp { get; private set; }

    /// <summary>Its number, kept while it goes away.</summary>
    public long Id { get; private set; }

    /// <summary>The address that it goes to, or tries; of the last use once it has ended.</summary>
    public readonly ServerAddress Address => _tries.Address;

    /// <summary>When the connect began, in loop milliseconds.</summary>
    public readonly long BeganAtMs => _tries.BeganAtMs;

    /// <summary>Something of what was to be sent has not gone out, or never will.</summary>
    public readonly bool HasUnsent => Tcp!.IsSendBroken || Tcp.HasQueuedBytes;

    /// <summary>
    /// True when the server's FIN proves that no byte of the present exchange had reached its machine when it shut its side: a FIN carries the
    /// acknowledgement of everything that has arrived, read or not. A reset proves nothing (the kernel drops its acknowledgement unread:
    /// of 200 requests that were read and then answered by a reset, all still counted as unacknowledged), nor does an end of stream after a failed
    /// send.
    /// </summary>
    public readonly bool NothingWasAcknowledged =>
        Tcp is { FinSeen: true, IsSendBroken: false } tcp && tcp.AcknowledgedBytes is >= 0 and var bytes && bytes <= _sentBeforeBytes;

    /// <summary>Begins the connect.</summary>
    public void Open(UpstreamConnection connection, IServerConnectionUser user, EventLoop loop)
    {
        _sentBeforeBytes = 0;
        _tries.Begin(connection.Server, user.ConnectTimeoutMs, loop.Clock.NowMs);
        Try(connection, loop);
    }

    /// <summary>The connect failed. True when it goes on with the next address, if there is one and time for it.</summary>
    public bool TryNext(UpstreamConnection connection, EventLoop loop, SocketError error)
    {
        if (!_tries.Failed(connection.Server, error, loop.Clock.NowMs))
            return false;
        TcpConnection failed = Tcp!;
        ServerCloseReason reason = ServerTls.ReasonOf(connection, ServerCloseReason.ConnectFailed, isWaiting: false);
        _account.Close(connection, reason, reset: false, isWaiting: false, loop.Clock.NowMs);
        Tcp = null;
        failed.Close();
        loop.Sockets.BeforeConnect?.Invoke();
        _tries.Next(connection.Server);
        Try(connection, loop);
        return true;
    }

    /// <summary>
    /// The connect succeeded: bytes may come, and who is to be announced is, together with the request. True when bytes are there already, before the
    /// server was asked for any.
    /// </summary>
    public bool Connected(UpstreamConnection connection, IServerConnectionUser user, long nowMs)
    {
        Offer(connection, user);
        _tries.Worked(connection.Server);
        _account.Connected(nowMs);

        // What secures the connection has sent bytes of its own.
        _sentBeforeBytes = Tcp!.SentBytes;
        bool spokeFirst = Tcp.LookAhead() == UnreadInput.Bytes;
        Tcp.StartReceive();
        if (Tcp.LayerFacts is { } facts)
            connection.Server.Counters.Add(facts.IsResumed ? CounterId.ServerHandshakesResumed : CounterId.ServerHandshakesFull);
        if (connection.Identity is { Client: { } client, Security: null })
            Announce(client, connection.Server);
        return spokeFirst;
    }

    /// <summary>Why the waiting connection must not be lent, or None.</summary>
    /// <remarks>
    /// Bytes that the loop has not come to yet would become the answer to the next request; a server that has closed would not get it. What the loop
    /// has heard of the socket some time ago proves nothing about what has arrived since, so this costs a system call, unless it has just been heard
    /// (<see cref="ConnectionFacts.IsKnownQuiet"/>).
    /// </remarks>
    public readonly ServerCloseReason JudgeUnread() => Tcp!.IsKnownQuiet ? ServerCloseReason.None : PoolRule.JudgeUnread(Tcp.LookAhead());

    /// <summary>The next exchange begins on it.</summary>
    public void BeginUse(UpstreamConnection connection, IServerConnectionUser user)
    {
        _sentBeforeBytes = Tcp!.SentBytes;
        Offer(connection, user);
    }

    /// <summary>See <see cref="TcpConnection.Send"/>.</summary>
    public readonly SendResult Send(LoopCounters counters, ReadOnlySpan<byte> bytes)
    {
        counters.Add(CounterId.BytesToServers, bytes.Length);
        return Tcp!.Send(bytes);
    }

    /// <summary>See <see cref="TcpConnection.SendSoon"/>.</summary>
    public readonly SendResult SendSoon(LoopCounters counters, ReadOnlySpan<byte> bytes)
    {
        counters.Add(CounterId.BytesToServers, bytes.Length);
        return Tcp!.SendSoon(bytes);
    }

    /// <summary>Enters the close, which comes now, into the books.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="reason">Why it ends.</param>
    /// <param name="reset">It is broken off.</param>
    /// <param name="isWaiting">Nobody uses it now.</param>
    /// <param name="nowMs">The time.</param>
    public readonly void Settle(UpstreamConnection connection, ServerCloseReason reason, bool reset, bool isWaiting, long nowMs)
    {
        reason = ServerTls.ReasonOf(connection, reason, isWaiting);
        Tcp!.Tap?.Decided(ServerCloseReasons.CodeOf(reason));
        _account.Close(connection, reason, reset, isWaiting, nowMs);
    }

    /// <summary>A use of the connection begins: it may be one of those that are recorded.</summary>
    /// <param name="connection">It.</param>
    /// <param name="user">Who uses it.</param>
    private readonly void Offer(UpstreamConnection connection, IServerConnectionUser user)
    {
        UpstreamServer server = connection.Server;
        if (Tcp!.Tap is null && server.Connections.Recorder is not { Connections.IsOn: true })
            return;
        AskerFacts asker = default;
        user.Describe(ref asker);
        asker.IsOpaque = user.IsOpaque;
        server.Connections.Recorder!.Connections.OfferServer(Tcp, server.Connections.Upstream, server.Name, connection.UseCount, asker);
    }

    /// <summary>Closes it, with RST or in order.</summary>
    public readonly void Close(bool reset)
    {
        if (reset)
            Tcp!.Abort();
        else
            Tcp!.Close();
    }

    /// <summary>It is gone.</summary>
    public void Forget() => Tcp = null;

    private readonly void Announce(AnnouncedClient client, UpstreamServer server)
    {
        Span<byte> header = stackalloc byte[ProxyHeaderWriter.BytesMax];
        int bytes = client.WriteHeader(server.Terms.ProxyHeader, header);
        if (bytes == 0)
            return;
        if (Tcp!.State == TcpConnectionState.Connecting)
            Tcp.SendBeforeSecuring(header[..bytes]);
        else
            SendSoon(server.Counters, header[..bytes]);
    }

    private void Try(UpstreamConnection connection, EventLoop loop)
    {
        long timeoutMs = _tries.TimeoutMs(connection.Server, loop.Clock.NowMs);
        if (timeoutMs > 0)
            connection.ArmResponseTimeout(timeoutMs);
        _account.Begin();

        Tcp = loop.Connect(_tries.Address.At(connection.Identity.Port), connection, connection.Server.Terms.Tuning, connection.Identity.Security);
        Id = Tcp.Id;

        // The header stands before the first byte of what secures the connection.
        if (connection.Identity is { Client: { } client, Security: not null })
            Announce(client, connection.Server);
        connection.Server.Counters.Add(CounterId.ServerConnectionsOpen);
    }
}
