using System;
using NativeProxy.Buffers;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Recording;
using NativeProxy.Upstreams.Connections;

namespace NativeProxy.Upstreams.Http1;

/// <summary>How far an answer has come.</summary>
internal enum AnswerState : byte
{
    /// <summary>No final head yet.</summary>
    AwaitingHead,

    /// <summary>The head was read; the body follows.</summary>
    Body,

    /// <summary>Everything has come.</summary>
    Complete,

    /// <summary>The server switched protocols; bytes are no longer HTTP.</summary>
    Switched,
}

/// <summary>
/// Reads one answer from an HTTP/1 connection: interim heads, the final head, the body out of its framing; head and first body bytes are told in one
/// call. Owner: one <see cref="Http1ServerStream"/>; thread: the loop. Tells the stream's user; never touches the connection. Within each call the
/// user may end it (<see cref="Stop"/>); then it reads no further.
/// </summary>
internal sealed class AnswerReader(IServerStreamUser user, BufferPools pools, WireScratch scratch)
{
    /// <summary>Interim responses per answer; a server that sends more is broken or hostile.</summary>
    private const int InterimResponsesMax = 64;

    private HttpMethod _method;
    private byte[]? _upgrade;
    private ByteTail _tail;
    private BodyReader _body;
    private int _interimCount;

    /// <summary>Where the bytes have come from last.</summary>
    private UpstreamConnection? _connection;

    /// <summary>Where the head begins in the bytes that are being read; -1 when it has come before.</summary>
    private int _headAt;

    /// <summary>Changes whenever an answer begins or is given up, so that a call up can be told to have ended it.</summary>
    private int _generation;

    public AnswerState State { get; private set; }

    /// <summary>True when any byte of an answer has come.</summary>
    public bool HasBytes { get; private set; }

    /// <summary>True when an interim response has come.</summary>
    public bool HasInterim => _interimCount > 0;

    /// <summary>
    /// Bytes that came behind the end of the answer, all of them with the last delivery. They are the beginning of the next answer if another
    /// request is out on the connection; else it is poisoned.
    /// </summary>
    public int SurplusBytes { get; private set; }

    /// <summary>The server keeps its connection open after this answer.</summary>
    public bool ServerKeepsAlive { get; private set; }

    /// <summary>
    /// The answer could have been meant otherwise than it was read: it has no body but announces one, which may still come, or says in two ways
    /// where it ends. Nothing else is then read from its connection.
    /// </summary>
    public bool IsDoubtful { get; private set; }

    /// <summary>The rule that the server broke when its bytes were refused, or None.</summary>
    public RejectReason Fault { get; private set; }

    /// <summary>Another answer is awaited.</summary>
    /// <param name="method">That of the request: decides which answers have a body.</param>
    /// <param name="upgrade">The protocol that the server was asked to switch to, or null.</param>
    public void Begin(HttpMethod method, byte[]? upgrade)
    {
        _generation++;
        _method = method;
        _upgrade = upgrade;
        State = AnswerState.AwaitingHead;
        _interimCount = 0;
        HasBytes = ServerKeepsAlive = IsDoubtful = false;
        SurplusBytes = 0;
        Fault = RejectReason.None;
        _body = default;
    }

    /// <summary>Nobody reads on: what is kept is thrown away.</summary>
    public void Stop()
    {
        _generation++;
        _tail.Release(pools);
    }

    /// <summary>How far the body was read goes over to another reader. False when it has not begun, or some of it was read and not used.</summary>
    public bool TryPassTo(AnswerReader other)
    {
        if (State != AnswerState.Body || !_tail.IsEmpty)
            return false;
        other.Begin(_method, _upgrade);
        other.State = State;
        other.HasBytes = true;
        other.ServerKeepsAlive = ServerKeepsAlive;
        other.IsDoubtful = IsDoubtful;
        other._body = _body;
        return true;
    }

    /// <summary>
    /// Bytes of the server. None when all is well or the user has ended the answer, else what is wrong with them.
    /// </summary>
    /// <param name="bytes">Lent for this call.</param>
    /// <param name="connection">On which they came.</param>
    /// <param name="mayOutlive">The whole request has gone out, so that the protocol may be switched.</param>
    public ProxyError Feed(ReadOnlySpan<byte> bytes, UpstreamConnection connection, bool mayOutlive)
    {
        UpstreamServer server = connection.Server;
        _connection = connection;
        HasBytes = true;
        int generation = _generation;
        int used;
        ProxyError error;
        if (!_tail.IsEmpty)
        {
            if (!TryKeep(bytes))
                return ProxyError.ServerBadResponse;
            error = Consume(_tail.Bytes, server, mayOutlive, out used);
            if (error != ProxyError.None && generation == _generation)
                Refused(_tail.Bytes, used);
            if (generation == _generation)
                _tail.Consume(pools, used);
            return error;
        }
        error = Consume(bytes, server, mayOutlive, out used);
        if (error != ProxyError.None && generation == _generation)
            Refused(bytes, used);
        if (error == ProxyError.None && used < bytes.Length && generation == _generation && !TryKeep(bytes[used..]))
            return ProxyError.ServerBadResponse;
        return error;
    }

    /// <summary>The server has ended its side. None when that ends the answer properly, else what is wrong.</summary>
    /// <param name="isClean">The end was announced: what has no other end is whole.</param>
    public ProxyError End(bool isClean)
    {
        Check.That(State is AnswerState.AwaitingHead or AnswerState.Body, "an answer ended twice");
        if (State == AnswerState.AwaitingHead)
            return HeadIsCut();
        if (!isClean || !_body.TryEnd())
            return ProxyError.ServerTruncatedResponse;
        State = AnswerState.Complete;
        user.OnServerBody(BodyPiece.End);
        return ProxyError.None;
    }

    /// <summary>The connection broke. Returns what is wrong.</summary>
    public ProxyError BreakOff() => State == AnswerState.AwaitingHead ? HeadIsCut() : ProxyError.ServerTruncatedResponse;

    /// <summary>What the user is told when there will be no whole answer.</summary>
    public ServerFailure FailureOf(ProxyError error) => new()
    {
        Error = error,
        Detail = Fault,
        AnswerHasBegun = HasBytes,
        HeadIsBad = error == ProxyError.ServerBadResponse && State == AnswerState.AwaitingHead,
    };

    /// <summary>The connection ended, in whichever way, before the head was whole. Returns what is wrong.</summary>
    private ProxyError HeadIsCut()
    {
        if (!HasBytes)
            return ProxyError.ServerClosedBeforeResponse;
        ProxyError error = Bad(RejectReason.IncompleteHead);
        _headAt = 0;
        Refused(_tail.Bytes, used: 0);
        return error;
    }

    private bool TryKeep(ReadOnlySpan<byte> bytes) => _tail.TryAppend(pools, bytes, WireScratch.ResponseHeadBytesMax + bytes.Length);

    private ProxyError Consume(ReadOnlySpan<byte> bytes, UpstreamServer server, bool mayOutlive, out int used)
    {
        int generation = _generation;
        used = 0;
        _headAt = -1;
        while (used < bytes.Length && State is AnswerState.AwaitingHead or AnswerState.Body)
        {
            int step;
            _headAt = State == AnswerState.AwaitingHead ? used : _headAt;
            ProxyError error = State == AnswerState.AwaitingHead
                ? ReadHead(bytes[used..], server, mayOutlive, out step)
                : ReadBody(bytes[used..], server, out step);
            used += step;
            if (error != ProxyError.None || step == 0 || generation != _generation)
                return error;
        }
        used = bytes.Length;
        return ProxyError.None;
    }

    private ProxyError ReadHead(ReadOnlySpan<byte> bytes, UpstreamServer server, bool mayOutlive, out int used)
    {
        ResponseHead head = scratch.Response;
        ParseOutcome outcome = ResponseHeadParser.Parse(bytes, scratch.ResponseLimits, head);
        used = outcome.ConsumedBytes;
        if (outcome.Status != ParseStatus.Done)
            return outcome.Status == ParseStatus.NeedMore ? ProxyError.None : Bad(outcome.Reason);
        BodyFraming framing = MessageFraming.OfResponse(bytes, head, _method, _upgrade is not null);
        ConnectionOptions options = ConnectionHeader.Apply(bytes, head.Fields);
        if (framing.Reason != RejectReason.None || options.Reason != RejectReason.None)
            return Bad(framing.Reason != RejectReason.None ? framing.Reason : options.Reason);
        if (framing.Tolerated != ServerFault.None)
            ToleratedFaults.Count(server.Counters, framing.Tolerated);
        if (framing.Kind == BodyKind.Tunnel)
            return Switch(bytes, head, used, mayOutlive);
        if (head.StatusCode < 200)
            return PassInterim(bytes[..used], head);
        if (head.StatusCode > 599)
            ToleratedFaults.Count(server.Counters, ServerFault.StatusAbove599);
        IsDoubtful = framing.Tolerated is ServerFault.LengthWithCoding or ServerFault.IdentityCoding || MessageFraming.MayBodyFollow(bytes, head);
        if (KeepAliveField.TimeoutSeconds(bytes, head.Fields) is >= 0 and var seconds)
            server.IdleTimeoutAnnounced(seconds);
        ServerKeepsAlive = !options.Close && (head.MinorVersion == 1 || options.KeepAlive) && framing.Kind != BodyKind.UntilClose;
        head.Body = LengthOf(framing);
        head.PassesLength = !head.Body.IsUnknown && head.StatusCode != 204 && framing.Tolerated != ServerFault.LengthWithCoding;
        head.IsWellFramed = framing.Tolerated == ServerFault.None && framing.Kind != BodyKind.UntilClose;
        _body.Begin(framing, options.NamedFields, ChunkedDecoder.OfServer);
        State = AnswerState.Body;
        int generation = _generation;
        BodyPiece first = BodyPiece.End;
        int bodyUsed = 0;
        if (_body.IsComplete)
            EndBody(bytes[used..], server);
        else
            bodyUsed = TakeBody(bytes[used..], server, out first);
        if (_body.Fault != RejectReason.None)
            first = default;
        user.OnServerResponse(bytes[..used], head, first);
        used += bodyUsed;
        return _body.Fault != RejectReason.None && generation == _generation ? BadBody() : ProxyError.None;
    }

    private ProxyError ReadBody(ReadOnlySpan<byte> bytes, UpstreamServer server, out int used)
    {
        used = TakeBody(bytes, server, out BodyPiece piece);
        if (_body.Fault != RejectReason.None)
            return BadBody();
        if (!piece.IsNothing)
            user.OnServerBody(piece);
        return ProxyError.None;
    }

    /// <summary>Reads a piece; when it is the last, all that will be asked about the answer is known before anybody hears of it.</summary>
    private int TakeBody(ReadOnlySpan<byte> bytes, UpstreamServer server, out BodyPiece piece)
    {
        int used = _body.Read(bytes, scratch, out piece);
        if (_body.IsComplete)
            EndBody(bytes[used..], server);
        return used;
    }

    private void EndBody(ReadOnlySpan<byte> surplus, UpstreamServer server)
    {
        State = AnswerState.Complete;
        SurplusBytes = surplus.Length;
        if (!surplus.IsEmpty && !_connection!.MayAnswerNext)
            RefusedAnswer.RecordUnasked(_connection, surplus);
        if (_body.HasPaddedSizes)
            ToleratedFaults.Count(server.Counters, ServerFault.PaddedChunkSize);
    }

    private ProxyError BadBody()
    {
        Fault = _body.Fault;
        return ProxyError.ServerBadBody;
    }

    /// <summary>Keeps what is refused for whoever wants to see it.</summary>
    private void Refused(ReadOnlySpan<byte> bytes, int used) => RefusedAnswer.Record(user, _connection!, scratch, new RefusedMessage
    {
        Bytes = bytes[Math.Max(0, _headAt)..],
        Place = used - Math.Max(0, _headAt),
        Part = State == AnswerState.AwaitingHead ? MessagePart.Response : MessagePart.ResponseBody,
        BeginsWithHead = _headAt >= 0,
        Reason = Fault,
        Method = _method,
        OffersUpgrade = _upgrade is not null,
    });

    /// <summary>What the server has sent is refused by this rule.</summary>
    private ProxyError Bad(RejectReason reason)
    {
        Fault = reason;
        return ProxyError.ServerBadResponse;
    }

    private ProxyError PassInterim(ReadOnlySpan<byte> bytes, ResponseHead head)
    {
        if (++_interimCount > InterimResponsesMax)
            return Bad(RejectReason.TooManyInterims);
        user.OnServerInterim(bytes, head);
        return ProxyError.None;
    }

    /// <summary>
    /// A protocol that nobody asked for must not be spoken, and none before the request has been sent whole (RFC 9110 7.8): what is left of its
    /// body would be taken for the other protocol.
    /// </summary>
    private ProxyError Switch(ReadOnlySpan<byte> bytes, ResponseHead head, int headEnd, bool mayOutlive)
    {
        HeaderTable fields = head.Fields;
        if (!mayOutlive || fields.CountOf(KnownHeader.Upgrade) != 1
            || !AsciiBytes.EqualsIgnoreCase(fields[fields.FirstIndexOf(KnownHeader.Upgrade)].Value.Of(bytes), _upgrade))
        {
            return Bad(RejectReason.UnexpectedUpgrade);
        }
        State = AnswerState.Switched;
        user.OnServerSwitched(bytes[..headEnd], head, bytes[headEnd..]);
        return ProxyError.None;
    }

    private static BodyLength LengthOf(BodyFraming framing) => framing.Kind switch
    {
        BodyKind.None => BodyLength.None,
        BodyKind.Length => BodyLength.Of(framing.LengthBytes),
        _ => BodyLength.Unknown,
    };
}
