using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Rewriting;
using NativeProxy.Transport;

namespace NativeProxy.Clients.Http1;

/// <summary>
/// The client's face on an HTTP/1 connection: one request and its answer. Takes the body out of its framing, writes the answer in that version's
/// words, withholds it until its turn, and decides with its head whether the connection lives on (<see cref="KeepAliveVerdict"/>). Owner: a
/// <see cref="StreamOrder"/>, lent by a <see cref="SessionPool"/>; thread: the loop.
/// </summary>
internal sealed class Http1ClientStream : ClientStream
{
    private readonly SessionPool _pool;
    private readonly Frontend _frontend;
    private ClientSession? _session;
    private RequestFacts _facts;
    private BodyReader _body;
    private BodyWriter _writer;
    private ResponseOutput _output = new();
    private bool _isOver;

    /// <summary>The user is being told that it may go on; whoever asked ends the stream when it is over by that.</summary>
    private bool _isMoving;

    public Http1ClientStream(SessionPool pool)
    {
        _pool = pool;
        _frontend = pool.Frontend;
        User = _frontend.Service.MakeUser(this);
    }

    public override ClientConnection Connection => _session!;

    public override long SentBodyBytes => _output.ContentOf(Sent);

    public override bool IsLost => _output.IsLost;

    /// <summary>Who serves the requests.</summary>
    public IClientStreamUser User { get; }

    /// <summary>What the request said of its connection.</summary>
    public ref readonly RequestFacts Facts => ref _facts;

    /// <summary>Requests that the connection may carry after this one; negative = no limit.</summary>
    private int RequestsLeft => _frontend.Keepalive.MaxRequests == 0 ? -1 : _frontend.Keepalive.MaxRequests - RequestNumber;

    /// <summary>True once the client's last byte of this request was read.</summary>
    public bool RequestIsComplete => _body.IsComplete;

    /// <summary>True while body bytes are wanted and can be passed on.</summary>
    public bool WantsBody => !_body.IsComplete && User.WantsBody;

    /// <summary>True when only a reset tells the client that the answer is cut.</summary>
    public bool IsCloseDelimited { get; private set; }

    /// <summary>The next stream of the same connection, or of the unused ones; or null.</summary>
    internal Http1ClientStream? Behind { get; set; }

    private TcpConnection Tcp => _session!.Tcp!;

    /// <summary>Begins with the request head in the scratch's table. Returns how many bytes behind the head were used.</summary>
    /// <param name="session">Whose request it is.</param>
    /// <param name="bytes">From the first byte of the head on.</param>
    /// <param name="intake">What was read.</param>
    /// <param name="startedMs">When the first byte came.</param>
    /// <param name="ahead">The stream before it that is still in flight, or null.</param>
    public int Begin(ClientSession session, ReadOnlySpan<byte> bytes, in RequestIntake intake, long startedMs, Http1ClientStream? ahead)
    {
        RequestHead head = _frontend.Scratch.Request;
        _session = session;
        Asker = RequestIntake.ClientOf(head, session);
        RequestNumber = session.RequestCount;
        StartedMs = startedMs;
        Version = head.Version;
        StatusCode = 0;
        CloseReason = CloseReason.None;
        HasBegun = IsCloseDelimited = BondEnds = _isOver = false;
        Sent = 0;
        ReceivedBytes = intake.HeadBytes;
        _facts = new RequestFacts(head, intake);
        _body.Begin(intake.Framing, intake.Options.NamedFields);
        _output.Begin(isFirst: ahead is null);
        ReadOnlySpan<byte> rest = bytes[intake.HeadBytes..];
        User.Begin(bytes[..intake.HeadBytes], head, intake.Route!, ahead?.User, moreFollows: !rest.IsEmpty && _frontend.PipeliningMax > 1);
        if (_session is null)
            return 0;
        if (ahead is null && _facts.IsLastOfClient && _body.IsComplete)
            Tcp.DelayReceive();
        return WantsBody ? FeedBody(bytes, intake.HeadBytes) : 0;
    }

    /// <summary>Bytes of the request's body, while <see cref="WantsBody"/>. Returns how many were used.</summary>
    /// <param name="bytes">They, and the head before them where that has just come.</param>
    /// <param name="headBytes">Length of the head.</param>
    public int FeedBody(ReadOnlySpan<byte> bytes, int headBytes = 0)
    {
        int used = _body.Read(bytes[headBytes..], _frontend.Scratch, out BodyPiece piece);
        ReceivedBytes += used;
        if (_body.Fault != RejectReason.None)
        {
            ClientFailures.CountRefusal(_frontend.Counters, ProxyError.BadRequest, _body.Fault);
            RefusedBody.Record(this, bytes, headBytes, used, _body.Fault);
            User.OnClientBodyRefused(ProxyError.BadRequest, _body.Fault);
        }
        else if (!piece.IsNothing || User.AwaitsFirstPiece)
        {
            User.OnClientBody(piece);
        }
        return used;
    }

    /// <summary>
    /// It is the answer's turn, and the client takes bytes, again or at last. True when the request is over and nothing of it is left to be sent.
    /// </summary>
    public bool CaughtUp()
    {
        _output.IsFirstInLine = true;
        if (_output.HasWithheld && !_output.Flush(_frontend.Loop.Pools, Tcp))
        {
            _session!.ClientFellBehind();
            return false;
        }
        if (_isOver)
            return true;
        if (Tcp.HasQueuedBytes)
        {
            FellBehind();
            return false;
        }
        _isMoving = true;
        User.OnClientDrained();
        _isMoving = false;
        return _isOver && !_output.HasWithheld;
    }

    /// <summary>The client does not take what it was sent: whoever brings more must wait.</summary>
    public void FellBehind()
    {
        _session!.ClientFellBehind();
        User.OnClientBlocked();
    }

    /// <summary>Given up: nothing is sent any more.</summary>
    public void Abandon(ProxyError error, CloseReason reason)
    {
        CloseReason = reason;
        _frontend.Counters.Add(CounterId.RequestsAborted);
        _output.Drop(_frontend.Loop.Pools, ref Sent);
        User.OnClientGone(error, reason);
    }

    /// <summary>The stream leaves its line: it is logged, and can begin another request.</summary>
    public void Ended()
    {
        _session!.Account.RequestEnded(Tcp, StartedMs, _frontend.Loop.Clock.NowMs);
        User.OnStreamEnded();
        _frontend.Counters.Add(CounterId.BytesToClients, Sent);
        ResponseClasses.Count(_frontend.Counters, StatusCode);
        _output.Drop(_frontend.Loop.Pools, ref Sent);
        _body = default;
        _session = null;
        _isOver = false;
        _pool.Return(this);
    }

    public override void ResumeBody()
    {
        if (!_session!.HasReadAhead && WantsBody && User.AwaitsFirstPiece)
            FeedBody(default);
        _session?.GoOnReading();
    }

    public override bool EndIfClientLeft() => _session!.EndIfClientLeft();

    public override bool TryPassInterim(ReadOnlySpan<byte> bytes, ResponseHead head, in StickyResponse sticky)
    {
        _frontend.Counters.Add(CounterId.Responses1xx);
        if (Version == HttpVersion.Http10)
            return true;
        int headBytes = HeadsToClient.WriteInterim(_frontend.Scratch.Head, bytes, head, sticky);
        GiveHead(_frontend.Scratch.Head[..headBytes]);
        return headBytes > 0;
    }

    public override bool TryRespond(ReadOnlySpan<byte> bytes, ResponseHead head, in ResponseChanges changes, in BodyPiece first)
    {
        bool emitsChunks = head.Body.IsUnknown && Version != HttpVersion.Http10;
        CloseReason reason = Decide(head.StatusCode, endIsVisible: !head.Body.IsUnknown || emitsChunks);
        int headBytes = HeadsToClient.WriteFinal(_frontend.Scratch.Head, bytes, head, changes, emitsChunks, _frontend.Keepalive, TermsOf(reason));
        if (headBytes == 0)
            return false;
        Begun(head.StatusCode, reason);
        IsCloseDelimited = head.Body.IsUnknown && !emitsChunks;
        _writer = new BodyWriter(emitsChunks);
        Give(_writer.Write(_frontend.Scratch, headBytes, first), headBytes, first.Data.Length, first.IsLast);
        return true;
    }

    public override void Send(in BodyPiece piece) =>
        Give(_writer.Write(_frontend.Scratch, headBytes: 0, piece), headBytes: 0, piece.Data.Length, piece.IsLast);

    public override bool TrySwitch(ReadOnlySpan<byte> bytes, ResponseHead head, in ResponseChanges changes)
    {
        int headBytes = HeadsToClient.WriteSwitch(_frontend.Scratch.Head, bytes, head, changes);
        if (headBytes == 0)
            return false;
        Begun(head.StatusCode, CloseReason);
        _output.IsUnframed = true;
        GiveHead(_frontend.Scratch.Head[..headBytes]);
        return true;
    }

    public override void OpenTunnel()
    {
        Begun(statusCode: 200, CloseReason);
        _output.IsUnframed = true;
        GiveHead("HTTP/1.1 200 Connection established\r\n\r\n"u8);
    }

    public override void HandOver(IClientTunnel tunnel) => _session!.EnterTunnel(tunnel);

    public override void TakeBack(CloseReason reason)
    {
        if (reason == CloseReason.TunnelEnded)
            CloseReason = reason;
        _session!.TunnelEnded(reason);
    }

    public override void Withdraw()
    {
        if (_output.IsFirstInLine)
            return;
        _output.Withdraw(_frontend.Loop.Pools, ref Sent);
        StatusCode = 0;
        HasBegun = false;
    }

    public override void Answer(ProxyError error, RejectReason detail, ErrorPages? pages = null, int statusCode = 0, OwnFields? own = null)
    {
        if (statusCode == 0)
            statusCode = ErrorReplies.StatusOf(error, detail);
        CloseReason reason = ClientFailures.AnsweredReasonOf(error, detail, Decide(statusCode, endIsVisible: true));
        var reply = new OwnReply
        {
            Error = error,
            Detail = detail,
            StatusCode = statusCode,
            CloseReason = reason,
            IsToHead = _facts.Method == HttpMethod.Head,
            ClientMinorVersion = _facts.MinorVersion,
            RequestsLeft = RequestsLeft,
            Pages = pages,
        };
        EndWith(statusCode, reason, reply.Write(_frontend, own));
    }

    public override bool TryAnswerAsLast(ReadOnlySpan<byte> bytes, RequestHead head, OwnFields? own)
    {
        CloseReason reason = Decide(FinalRecipientReply.StatusCode, endIsVisible: true);
        ReadOnlySpan<byte> answer = HeadsToClient.WriteAsLast(_frontend, bytes, head, own, TermsOf(reason));
        if (answer.IsEmpty)
            return false;
        _frontend.Counters.Add(CounterId.ResponsesByProxy);
        EndWith(FinalRecipientReply.StatusCode, reason, answer);
        return true;
    }

    public override void End(CloseReason reason)
    {
        if (CloseReason == CloseReason.None)
            CloseReason = reason;
        _isOver = true;
        if (_output is { IsFirstInLine: true, HasWithheld: false } && !_isMoving)
            _session!.StreamEnded();
    }

    public override void Cut(CloseReason reason)
    {
        CloseReason = reason;
        _session!.CutStream(IsCloseDelimited);
    }

    private void EndWith(int statusCode, CloseReason reason, ReadOnlySpan<byte> answer)
    {
        Begun(statusCode, reason);
        _output.IsUnframed = true;
        Give(answer, answer.IndexOf("\r\n\r\n"u8) + 4, contentBytes: 0, isLast: true);
        if (_output.IsLost)
        {
            Withdraw();
            CloseReason = CloseReason.Resource;
        }
        End(CloseReason.None);
    }

    private void Begun(int statusCode, CloseReason reason)
    {
        HasBegun = true;
        StatusCode = statusCode;
        CloseReason = reason;
    }

    private ConnectionTerms TermsOf(CloseReason reason) =>
        new() { CloseReason = reason, ClientMinorVersion = _facts.MinorVersion, RequestsLeft = RequestsLeft };

    /// <summary>Decides, when a response head is written, whether the client connection lives on.</summary>
    private CloseReason Decide(int statusCode, bool endIsVisible) => KeepAliveVerdict.Decide(
        new KeepAliveFacts
        {
            ClientMinorVersion = _facts.MinorVersion,
            RequestSaysClose = _facts.SaysClose,
            RequestSaysKeepAlive = _facts.SaysKeepAlive,
            PinnedServerEnds = BondEnds,
            RequestIsComplete = _body.IsComplete && _facts.Method != HttpMethod.Connect,
            ResponseEndIsVisible = endIsVisible,
            StatusCode = statusCode,
            RequestCount = RequestNumber,
            ConnectionAgeMs = _session!.AgeMs,
            ClientHasEnded = _session!.ClientHasEnded,
            ListenerEnding = _frontend.EndingOf(_session),
            IsFollowed = Behind is not null,
            Pressure = _frontend.Pressure,
        },
        _frontend.Keepalive);

    private void GiveHead(ReadOnlySpan<byte> head) => Give(head, head.Length, contentBytes: 0, isLast: false);

    /// <summary>Behind the last response comes the end of the connection, which may go in the same segment.</summary>
    private void Give(ReadOnlySpan<byte> bytes, int headBytes, int contentBytes, bool isLast)
    {
        bool moreFollows = (isLast && CloseReason != CloseReason.None) || (_body.IsComplete && (Behind is not null || _session!.HasReadAhead));
        OutputResult result = _output.Give(Tcp, bytes, headBytes, contentBytes, moreFollows, _frontend.Loop.Pools, ref Sent);
        if (result == OutputResult.Blocked)
            FellBehind();
        else if (result == OutputResult.Full)
            User.OnClientBlocked();
    }
}
