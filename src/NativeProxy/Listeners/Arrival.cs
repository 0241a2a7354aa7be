using System;
using System.Net.Sockets;
using System.Text;
using NativeProxy.Buffers;
using NativeProxy.Clients;
using NativeProxy.Clients.Http1;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.ProxyProtocol;
using NativeProxy.Recording;
using NativeProxy.Timers;
using NativeProxy.Transport;

namespace NativeProxy.Listeners;

/// <summary>
/// An accepted connection until it is known who is there and what is spoken on it: reads the PROXY header that a trusted balancer puts in front of
/// all else, waits for the TLS handshake, then hands the connection on, with what came behind. In the order of live connections like any other, with
/// a deadline and a reason of its own. A listener with neither needs none. Owner: its <see cref="Listener"/>; thread: the loop. Answers nobody but
/// who speaks plain HTTP where TLS is spoken.
/// </summary>
internal sealed class Arrival : ClientConnection, IConnectionOwner, ITimerOwner, ISessionView
{
    /// <summary>The longest PROXY header; the parser refuses what does not end within it.</summary>
    private const int HeaderBytesMax = ProxyHeaderV2.HeaderBytesMax;

    private readonly Listener _listener;
    private readonly SessionTimer _timer;
    private ByteTail _tail;
    private ClientIdentity? _announced;
    private long _startedMs;
    private bool _isSecuring;
    private bool _isEnding;

    public Arrival(Listener listener)
    {
        _listener = listener;
        _timer = new SessionTimer(this);
    }

    public override Frontend Frontend => _listener.Frontend;

    public override long IdleSinceMs => _isEnding || _isSecuring || !_tail.IsEmpty ? -1 : Tcp!.OpenedAtMs;

    /// <summary>Takes over an accepted connection.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="hasHeader">It begins with a PROXY header; else with TLS.</param>
    public void Begin(TcpConnection connection, bool hasHeader)
    {
        Take(connection, identity: null);
        _announced = null;
        _isEnding = _isSecuring = false;
        _startedMs = Frontend.Loop.Clock.NowMs;
        connection.SetOwner(this);
        if (hasHeader)
        {
            connection.StartReceive();
            _timer.Arm(Frontend.Loop, SessionTimeout.RequestHeader, Frontend.Timeouts.RequestHeaderMs);
        }
        else
        {
            Secure(firstBytes: default);
        }
    }

    /// <summary>Lets go of the connection, which another owner takes over.</summary>
    public TcpConnection Leave()
    {
        TcpConnection connection = Tcp!;
        EndOf();
        Forget();
        return connection;
    }

    public override void Drain()
    {
        if (!_isEnding && !_isSecuring && _tail.IsEmpty && !Frontend.IdleMayWait)
            LingerOn(Frontend.Ending);
    }

    /// <summary>What has arrived for this listener is served by it.</summary>
    public override void FollowSuccessor()
    {
    }

    public override void OnBondEnded() => Check.That(false, "nobody has authenticated before the first request");

    void IConnectionOwner.OnConnected(TcpConnection connection) => Check.That(false, "a client connection does not connect");

    void IConnectionOwner.OnSecured(TcpConnection connection)
    {
        // What lies below the listener may secure its connections from their first byte on: then nothing of that is its matter.
        if (!_isSecuring)
            return;
        LayerFacts facts = connection.LayerFacts!;
        _listener.Handshakes!.Done(facts.IsResumed);
        _isSecuring = false;
        ClientCertificateHeaders headers = _listener.Settings.Forwarded.ClientCertificate;
        var identity = new ClientIdentity(_announced?.Client ?? connection.Peer, _announced?.Local ?? default, isHttps: true)
        {
            CertificateLines = headers == ClientCertificateHeaders.Off ? [] : ClientCertificateLines.Of(headers, facts.PeerCertificate),
            BoundName = _listener.Tls!.AsksForCertificate && facts.ServerName is { } name ? Encoding.ASCII.GetBytes(name) : null,
        };
        _listener.Arrived(this, identity, Frontend.Loop.Clock.NowMs, Frontend.Timeouts.RequestHeaderMs);
    }

    void IConnectionOwner.OnReceived(TcpConnection connection, ReadOnlySpan<byte> bytes)
    {
        Frontend.Counters.Add(CounterId.BytesFromClients, bytes.Length);
        if (_tail.IsEmpty)
        {
            _startedMs = Frontend.Loop.Clock.NowMs;
            Read(bytes);
        }
        else if (_tail.TryAppend(Frontend.Loop.Pools, bytes, HeaderBytesMax + bytes.Length))
        {
            Read(_tail.Bytes);
        }
        else
        {
            Refuse(ProxyError.BuffersExhausted, CloseReason.Resource);
        }
    }

    void IConnectionOwner.OnEndOfStream(TcpConnection connection) => Close(CloseReason.ClientClosed);

    void IConnectionOwner.OnFailed(TcpConnection connection, SocketError error)
    {
        if (!_isSecuring)
            Close(CloseReason.ClientClosed);
        else if (connection.LayerFailure == LayerFailure.PlainText)
            TellPlainHttp(connection);
        else
            Close(TlsReasons.OfClient(connection.LayerFailure));
    }

    void IConnectionOwner.OnSendBlocked(TcpConnection connection) => Check.That(false, "an arrival sends nothing");

    void IConnectionOwner.OnSendDrained(TcpConnection connection) => Check.That(false, "an arrival sends nothing");

    void IConnectionOwner.OnSendFailed(TcpConnection connection, SocketError error) => Check.That(false, "an arrival sends nothing");

    void IConnectionOwner.OnClosed(TcpConnection connection) => Check.That(false, "a client connection ends by a farewell");

    void ITimerOwner.OnTimer(TimerNode node, long nowMs)
    {
        if (_isSecuring)
        {
            Frontend.Counters.Add(CounterId.TimeoutsHandshake);
            Close(CloseReason.TlsTimeout);
            return;
        }
        Frontend.Counters.Add(CounterId.TimeoutsRequestHeader);
        if (!_tail.IsEmpty)
            Answer(ProxyError.RequestHeaderTimeout, CloseReason.RequestHeaderTimeout);
        LingerOn(CloseReason.RequestHeaderTimeout);
    }

    protected override bool GiveUp(CloseReason reason) => false;

    void ISessionView.Describe(SessionFacts facts)
    {
        facts.Is(_isSecuring ? SessionState.Handshake : SessionState.ReadingProxyHeader, _startedMs);
        _timer.Tell(facts);
    }

    protected override void OnEnding()
    {
        _isEnding = true;
        _timer.Disarm(Frontend.Loop);
        if (_isSecuring)
            _listener.Handshakes!.Failed();
        _isSecuring = false;
    }

    protected override void EndOf()
    {
        _timer.Remove(Frontend.Loop);
        _tail.Release(Frontend.Loop.Pools);
    }

    /// <summary>Reads the PROXY header at the beginning of the bytes.</summary>
    private void Read(ReadOnlySpan<byte> bytes)
    {
        ProxyHeader header = ProxyHeaderParser.Parse(bytes);
        if (header.Status == ProxyHeaderStatus.Rejected)
            RefuseHeader(bytes);
        else if (header.Status == ProxyHeaderStatus.Done)
            HandOn(header, bytes[header.HeaderBytes..]);
        else if (_tail.IsEmpty && !_tail.TryAppend(Frontend.Loop.Pools, bytes, HeaderBytesMax + bytes.Length))
            Refuse(ProxyError.BuffersExhausted, CloseReason.Resource);
    }

    /// <param name="header">The header; it names nobody when the balancer speaks for itself.</param>
    /// <param name="rest">What came behind the header; perhaps in the tail, which goes with this call.</param>
    private void HandOn(in ProxyHeader header, ReadOnlySpan<byte> rest)
    {
        ByteTail tail = _tail;
        _tail = default;
        ClientIdentity? identity = header.Source.IsGiven ? new ClientIdentity(header.Source, header.Destination, header.IsSecure) : null;
        BufferPools pools = Frontend.Loop.Pools;
        if (_listener.Tls is not null)
        {
            _announced = identity;
            Secure(rest);
        }
        else
        {
            long limitMs = Frontend.Timeouts.RequestHeaderMs;
            long leftMs = limitMs == 0 ? 0 : Math.Max(1, Tcp!.OpenedAtMs + limitMs - Frontend.Loop.Clock.NowMs);
            Session session = _listener.Arrived(this, identity, _startedMs, leftMs);
            if (!rest.IsEmpty && session.Tcp!.Owner is Session)
                session.ReadFirst(rest);
        }
        tail.Release(pools);
    }

    /// <summary>The handshake begins, if there is room for another one.</summary>
    private void Secure(ReadOnlySpan<byte> firstBytes)
    {
        if (!_listener.Handshakes!.TryBegin())
        {
            Close(CloseReason.TlsLimit);
            return;
        }
        _isSecuring = true;
        _timer.Arm(Frontend.Loop, SessionTimeout.Handshake, Frontend.Timeouts.HandshakeMs);
        Tcp!.Secure(_listener.Tls!, firstBytes);
    }

    /// <summary>Somebody has the wrong address, and is told so in the language that they speak.</summary>
    private void TellPlainHttp(TcpConnection connection)
    {
        connection.LayBare();
        RefusedRequest.PlainHttp().Answer(this, _startedMs);
        LingerOn(CloseReason.TlsPlainHttp);
    }

    /// <summary>
    /// No sound PROXY header: it came past the balancer, or from something else. It is not told, lest it be answered in a foreign tongue.
    /// </summary>
    private void Refuse(ProxyError error, CloseReason reason)
    {
        if (error == ProxyError.BuffersExhausted)
            Frontend.Counters.Add(CounterId.BufferRefusals);
        Answer(error, reason);
        Close(reason);
    }

    /// <summary>The shortest beginning that no header begins with ends with the byte that broke it.</summary>
    private void RefuseHeader(ReadOnlySpan<byte> bytes)
    {
        if (Frontend.Recorder is { } recorder && recorder.Wants(isOfServer: false, RejectReason.None))
        {
            int place = 0;
            while (place < bytes.Length - 1 && ProxyHeaderParser.Parse(bytes[..(place + 1)]).Status != ProxyHeaderStatus.Rejected)
                place++;
            recorder.Take(new RefusedMessage
            {
                Bytes = bytes,
                Place = place,
                Part = MessagePart.ProxyHeader,
                BeginsWithHead = true,
                Error = ProxyError.BadProxyHeader,
                Asker = RecordedAsker.On(this, Peer),
            });
        }
        Refuse(ProxyError.BadProxyHeader, CloseReason.BadProxyHeader);
    }

    private void Answer(ProxyError error, CloseReason reason)
    {
        Account.RequestEnded(Tcp!, _startedMs, Frontend.Loop.Clock.NowMs);
        Frontend.Service.OnRefused(this, new Refusal
        {
            Error = error, Detail = RejectReason.None, CloseReason = reason, Client = Address, StartedMs = _startedMs,
        });
    }
}
