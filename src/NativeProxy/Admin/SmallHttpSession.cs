using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Pipes;

namespace NativeProxy.Admin;

/// <summary>
/// One connection to a <see cref="SmallHttpServer"/>: reads small requests one after another and answers each, where TLS is spoken behind its
/// handshake. One with a body that its server does not take, or a malformed one, is refused and ends the connection. One task on the thread pool;
/// each wait for the client has a limit.
/// </summary>
internal sealed class SmallHttpSession : PlaceHolder
{
    /// <summary>From the beginning of the connection to the end of its handshake.</summary>
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);

    /// <summary>From the end of an answer, or the beginning of the connection, to the first byte of a request.</summary>
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(60);

    /// <summary>From the first byte of a request to its last one.</summary>
    private static readonly TimeSpan HeadLimit = TimeSpan.FromSeconds(10);

    /// <summary>For a handshake, and for the whole request, on a place for probes.</summary>
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(2);

    /// <summary>For each piece of an answer to be taken.</summary>
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(30);

    /// <summary>From the last answer to the client's FIN.</summary>
    private static readonly TimeSpan LingerLimit = TimeSpan.FromSeconds(10);

    /// <summary>So much is handed to the pipe at once, so that a slow client shows progress.</summary>
    private const int PieceBytes = 32 * 1024;

    /// <summary>What may still come behind a last answer.</summary>
    private const int SurplusBytesMax = 256 * 1024;

    private static readonly HeadLimits Limits = new(8 * 1024, 64, 4 * 1024);
    private static readonly SmallResponse Malformed = SmallHttpText.Plain(
        400, "only well-formed requests are served here, most of them without a body\n");
    private static readonly SmallResponse NoTls = SmallHttpText.Plain(400, "TLS is spoken here: ask by https://\n");
    private static readonly SmallResponse Failed = SmallHttpText.Plain(500, "this could not be answered; that is a mistake of the proxy\n");

    private readonly SmallHttpServer _server;
    private readonly SocketPipe _pipe;
    private readonly IPAddress? _peer;
    private readonly bool _isOverUnixSocket;
    private readonly RequestHead _head = new(fieldCountMax: 64);

    /// <summary>What the handshake was made with.</summary>
    private EndpointSecurity? _security;

    /// <summary>Cancelled when the present wait has lasted too long, the place is lost, or the server ends.</summary>
    private readonly CancellationTokenSource _over;

    public SmallHttpSession(SmallHttpServer server, Socket socket)
    {
        _server = server;
        _pipe = SocketPipe.Over(socket);
        _isOverUnixSocket = socket.AddressFamily == AddressFamily.Unix;
        _peer = (socket.RemoteEndPoint as IPEndPoint)?.Address;
        _over = new CancellationTokenSource(IdleLimit, server.Time);
    }

    public override void GiveWay()
    {
        try
        {
            _over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself meanwhile.
        }
    }

    /// <summary>The whole life of the connection.</summary>
    public async Task RunAsync()
    {
        try
        {
            await using (_server.Ending.UnsafeRegister(static over => ((CancellationTokenSource)over!).Cancel(), _over))
            {
                _server.Places.Take(this);
                _security = _server.Security();
                if (_security is null || await SecureAsync(_security))
                    await AnswerAllAsync();
            }
        }
        catch (Exception e) when (SocketPipe.IsBroken(e))
        {
            // The client has gone, or was waited for long enough.
        }
        finally
        {
            _server.Places.Leave(this);
            _pipe.Dispose();
            _over.Dispose();
        }
    }

    /// <summary>False when TLS is not spoken in the end, which is told. Whoever speaks something else hears so in plain HTTP.</summary>
    private async Task<bool> SecureAsync(EndpointSecurity security)
    {
        const byte HandshakeRecord = 22;
        _over.CancelAfter(State == PlaceState.Probe ? ProbeLimit : HandshakeLimit);
        ReadResult read = await _pipe.Input.ReadAsync(_over.Token);
        if (read.Buffer.IsEmpty)
            return false;
        byte first = read.Buffer.FirstSpan[0];
        _pipe.Input.AdvanceTo(read.Buffer.Start);
        if (first == HandshakeRecord)
        {
            HandshakeEnd end = await _pipe.SecureAsync(security.Options, _over.Token);
            if (end != HandshakeEnd.Done && !_server.Ending.IsCancellationRequested)
                _server.FailedHandshakes.Tell(_peer, ReasonOf(end, _pipe.Refusal));
            return end == HandshakeEnd.Done;
        }
        _server.FailedHandshakes.Tell(_peer, "what it sent is no TLS");
        await SendAsync(SmallHttpText.Write(NoTls, _server.Time, isLast: true, hasBody: true), isEnd: true);
        await EndAsync();
        return false;
    }

    private static string ReasonOf(HandshakeEnd end, string refusal) => end switch
    {
        HandshakeEnd.Closed => "it closed within the handshake",
        HandshakeEnd.GivenUp => "its handshake was not done in time",
        _ => refusal.Length > 0 ? refusal : "what it sent is no handshake",
    };

    private async Task AnswerAllAsync()
    {
        while (await NextAnswerAsync() is { } answer)
        {
            SmallResponse response = answer.Response;
            if (response.Later is { } later)
                response = await Awaited(later);
            bool isLast = answer.IsLast || response.Stream is not null;
            byte[] text = SmallHttpText.Write(response, _server.Time, isLast, answer.HasBody);
            if (response.Stream is { } stream)
                await SendAllAsync(text, stream, answer.HasBody);
            else
                await SendAsync(text, isEnd: true);
            if (!isLast)
                continue;
            await EndAsync();
            return;
        }
    }

    /// <summary>Behind the last answer.</summary>
    private async Task EndAsync()
    {
        _over.CancelAfter(LingerLimit);
        await _pipe.FinishAsync(SurplusBytesMax, _over.Token);
    }

    /// <summary>An answer that was not known yet. Whoever waits for one that cannot be given is told so.</summary>
    private async Task<SmallResponse> Awaited(Task<SmallResponse> later)
    {
        try
        {
            return await later.WaitAsync(_over.Token);
        }
        catch (Exception) when (later.IsFaulted || later.IsCanceled)
        {
            return Failed;
        }
    }

    /// <summary>The answer to the next request; null when the client has closed.</summary>
    private async Task<Answer?> NextAnswerAsync()
    {
        _over.CancelAfter(State == PlaceState.Probe ? ProbeLimit : IdleLimit);
        bool hasBegun = false;
        while (true)
        {
            ReadResult read = await _pipe.Input.ReadAsync(_over.Token);
            if (!hasBegun && !read.Buffer.IsEmpty)
            {
                if (!_server.Places.Begin(this))
                    return null;
                hasBegun = true;
                _over.CancelAfter(State == PlaceState.Probe ? ProbeLimit : HeadLimit);
            }
            Answer? answer = AnswerTo(read.Buffer, out SequencePosition consumed);
            _pipe.Input.AdvanceTo(consumed, answer is null ? read.Buffer.End : consumed);
            if (answer is not null || read.IsCompleted)
                return answer;
        }
    }

    /// <summary>Answers the request at the start of the bytes; null when it is incomplete.</summary>
    private Answer? AnswerTo(in ReadOnlySequence<byte> received, out SequencePosition consumed)
    {
        consumed = received.Start;
        ReadOnlySpan<byte> bytes = SequenceBytes.First(received, Limits.HeadBytesMax);

        // What is refused before its method is known is no HEAD, though the request before it was.
        _head.MethodKind = HttpMethod.Other;
        ParseOutcome outcome = RequestHeadParser.Parse(bytes, Limits, _head);
        if (outcome.Status == ParseStatus.NeedMore)
            return null;
        BodyFraming framing = outcome.Status == ParseStatus.Rejected ? default : MessageFraming.OfRequest(bytes, _head);
        bool isMalformed = outcome.Status == ParseStatus.Rejected || framing.Reason != RejectReason.None;
        SmallResponse? refusal = isMalformed ? Malformed
            : framing.Kind == BodyKind.None ? null
            : RefusalOf(RequestOf(bytes, [])) ?? RefusalOf(framing);
        int bodyBytes = refusal is null && framing.Kind == BodyKind.Length ? (int)framing.LengthBytes : 0;
        if (refusal is null && received.Length < outcome.ConsumedBytes + bodyBytes)
        {
            if (!_head.Fields.Contains(KnownHeader.Expect))
                return null;

            // Whoever waits to be asked for its body sends it without that; it is small.
            refusal = SmallHttpText.Plain(417, "a body is sent with its head here\n");
        }
        if (refusal is { } refused)
        {
            consumed = received.End;
            return new Answer(refused, IsLast: true, HasBody: _head.MethodKind != HttpMethod.Head);
        }
        consumed = received.GetPosition(outcome.ConsumedBytes + bodyBytes);
        byte[] body = bodyBytes == 0 ? [] : received.Slice(outcome.ConsumedBytes, bodyBytes).ToArray();
        ConnectionOptions options = ConnectionHeader.Apply(bytes, _head.Fields);
        ReadOnlySpan<byte> target = _head.Target.Of(bytes);
        bool isProbePlace = State == PlaceState.Probe;
        bool isLast = options.Close || (_head.MinorVersion == 0 && !options.KeepAlive) || isProbePlace;
        SmallResponse response = isProbePlace && !_server.Responder.IsProbe(target)
            ? SmallHttpText.Plain(503, "all connections are in use by requests that are not done; only probes are answered now\n",
                "Retry-After: 1\r\n")
            : _server.Responder.Respond(RequestOf(bytes, body));
        return new Answer(response, isLast, HasBody: _head.MethodKind != HttpMethod.Head);
    }

    /// <summary>The request whose head was read from these bytes.</summary>
    private SmallRequest RequestOf(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> body) => new(_head.MethodKind, _head.Target.Of(bytes))
    {
        Peer = _peer, IsOverUnixSocket = _isOverUnixSocket, Security = _security, HeadBytes = bytes, Fields = _head.Fields, Body = body,
    };

    /// <summary>Why whoever makes this request may not, whatever its body is.</summary>
    private SmallResponse? RefusalOf(in SmallRequest request) =>
        State == PlaceState.Probe ? null : _server.Responder.RefusalOf(request);

    /// <summary>Why a request with such a body is not taken; null = it is.</summary>
    private SmallResponse? RefusalOf(in BodyFraming framing) => framing switch
    {
        { Kind: not BodyKind.Length } when _server.Responder.BodyBytesMax > 0 => SmallHttpText.Plain(411, "a body here needs its Content-Length\n"),
        { Kind: BodyKind.Length, LengthBytes: var length } when length <= _server.Responder.BodyBytesMax => null,
        _ when _server.Responder.BodyBytesMax > 0 => SmallHttpText.Plain(413, $"a body here has at most {_server.Responder.BodyBytesMax} bytes\n"),
        _ => Malformed,
    };

    /// <summary>
    /// Sends what a stream has, for as long as the client takes it: what comes while it takes nothing is not kept for it. It has no place to give
    /// away meanwhile. A client that is gone shows when it is sent something.
    /// </summary>
    /// <param name="head">Goes before it.</param>
    /// <param name="stream">What there is to send; it is over behind this call.</param>
    /// <param name="hasBody">False for the answer to a HEAD.</param>
    private async Task SendAllAsync(byte[] head, SmallStream stream, bool hasBody)
    {
        using SmallStream sent = stream;
        await SendAsync(head, isEnd: false);
        while (hasBody)
        {
            _over.CancelAfter(Timeout.InfiniteTimeSpan);
            byte[] piece = await stream.NextAsync(_over.Token);
            if (piece.Length == 0)
                break;
            await SendAsync(piece, isEnd: false);
        }
        _server.Places.Rest(this);
    }

    /// <summary>Sends some of an answer.</summary>
    /// <param name="bytes">All of it, or a piece.</param>
    /// <param name="isEnd">Behind it the next request may come.</param>
    private async Task SendAsync(ReadOnlyMemory<byte> bytes, bool isEnd)
    {
        while (!bytes.IsEmpty)
        {
            _over.CancelAfter(SendLimit);
            int count = Math.Min(bytes.Length, PieceBytes);
            _pipe.Output.Write(bytes.Span[..count]);
            bytes = bytes[count..];

            // Before it goes: whoever has the whole answer finds the place given back.
            if (bytes.IsEmpty && isEnd)
                _server.Places.Rest(this);
            FlushResult flush = await _pipe.Output.FlushAsync(_over.Token);
            if (flush.IsCompleted)
                throw new OperationCanceledException("the client takes no more");
        }
    }

    /// <summary>What is answered, whether the connection ends behind it, and whether its body is sent, too.</summary>
    private sealed record Answer(SmallResponse Response, bool IsLast, bool HasBody);
}
