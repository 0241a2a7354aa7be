using System;
using System.Runtime.CompilerServices;
using NativeProxy.Caching;
using NativeProxy.Clients;
using NativeProxy.Exchanges.Cached;
using NativeProxy.Exchanges.Logged;
using NativeProxy.Exchanges.Sending;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Metrics;
using NativeProxy.Rewriting;
using NativeProxy.Routing;
using NativeProxy.Transport;

namespace NativeProxy.Exchanges;

/// <summary>
/// Server, or cache, to client: passes interim responses, head and body on as they mean, within the bound of the route, and keeps a copy where the
/// cache wants one. Owner: one <see cref="Exchange"/>; thread: the loop. Never touches a server connection.
/// </summary>
internal sealed class ResponsePath : IAnswerTaker, ICachedPieces
{
    private readonly IResponsePathUser _user;
    private readonly ClientStream _client;
    private readonly ExchangeNotes _notes;
    private readonly RequestService _service;
    private readonly CachedReply _cachedReply;
    private ExchangeCaching _caching;
    private Route? _route;
    private HttpMethod _method;
    private long _bodyBytes;

    /// <summary>Null until a request comes by a route that compresses answers.</summary>
    private ResponseEncoding? _encoding;

    public ResponsePath(IResponsePathUser user, ClientStream client, ExchangeNotes notes, RequestService service)
    {
        _user = user;
        _client = client;
        _notes = notes;
        _service = service;
        _cachedReply = new CachedReply(this, service.Loop);
    }

    /// <summary>True when an interim response has come.</summary>
    public bool HasInterim { get; private set; }

    /// <summary>What the cache does for the exchange.</summary>
    public ref ExchangeCaching Caching => ref _caching;

    /// <summary>Another exchange begins: asks the cache.</summary>
    /// <param name="route">What holds for it.</param>
    /// <param name="bytes">The head of the request.</param>
    /// <param name="head">Its parts.</param>
    /// <param name="isOwn">What comes is for this client alone, or may become a tunnel.</param>
    public CacheAnswer Begin(Route route, ReadOnlySpan<byte> bytes, RequestHead head, bool isOwn)
    {
        if (_route != route)
            _route = route;
        if (route.Compression is not null)
            (_encoding ??= new ResponseEncoding(_service.Stock.Encoders, _service.Scratch.PieceBytesMax)).BeginRequest(bytes, head);
        _method = head.MethodKind;
        _bodyBytes = 0;
        HasInterim = false;
        return head.MaxForwards == 0
            ? CacheAnswer.Miss
            : _caching.Begin(route.Upstream, bytes, head, isOwn, route.Bodies.ResponseBytesMax);
    }

    /// <summary>No more can be taken for the moment.</summary>
    public void Pause() => _cachedReply.Pause();

    /// <summary>A response of the cache goes on, or begins at the end of the turn.</summary>
    public void ResumeCached() => _cachedReply.Resume(_client.HasBegun);

    /// <summary>The exchange is over: lets everything go.</summary>
    /// <param name="hasBeenOut">Its request may have changed something.</param>
    public void Release(bool hasBeenOut)
    {
        _encoding?.End();
        _caching.Release(hasBeenOut);
        _cachedReply.End();
    }

    /// <summary>Adds what rules that name something say in an error of the proxy's own.</summary>
    public OwnFields WithRules(OwnFields own, ProxyError error, int statusCode) =>
        ResponseWords.WithRules(own, _route!, FactsOf(statusCode > 0 ? statusCode : ProxyErrors.Of(error).Status));

    public void OnInterim(ReadOnlySpan<byte> bytes, ResponseHead head)
    {
        HasInterim = true;
        LookForAuthentication(bytes, head);

        // What rules take away is not shown here either; nothing is added.
        _route!.ResponseHeaders?.DropFields(bytes, head.Fields);
        if (!_client.TryPassInterim(bytes, head, _user.StickyResponse))
            _user.OnFailed(ProxyError.ServerBadResponse, RejectReason.HeadTooLarge);
        else if (_client.IsLost)
            _user.OnFailed(ProxyError.BuffersExhausted, RejectReason.None);
    }

    public void OnResponse(ReadOnlySpan<byte> bytes, ResponseHead head, in BodyPiece first)
    {
        LookForAuthentication(bytes, head);
        if (_route!.Bodies.ResponseBytesMax > 0 && head.Body.Bytes > _route.Bodies.ResponseBytesMax)
        {
            _user.OnFailed(ProxyError.ResponseBodyTooLarge, RejectReason.None);
            return;
        }
        _caching.HeadRead(bytes, head, HasInterim);
        bool fits = TryTake(first);
        ResponseChanges changes = default;
        changes.KeepsLength = head.PassesLength;
        changes.Via = _route.Forwarding.ResponseVia;
        changes.Date = _service.Loop.Date.Now;
        if (_route.Upstream.Rules.Cookie is not null)
            Stick(ref changes);
        if (_route.AltersResponses || _notes.ToldTrace is not null)
            Alter(bytes, head, first, ref changes);
        if (TryRespond(bytes, head, first, passesFirst: fits, changes))
            AfterPiece(first.IsLast, fits);
    }

    /// <summary>Answers without a server.</summary>
    public void Answer(FixedAnswer answer)
    {
        bool isToHead = _method == HttpMethod.Head;
        Answer(answer.ReadHead(isToHead, out ResponseHead parts), parts, answer.ContentFor(isToHead));
    }

    /// <summary>Sends the client elsewhere.</summary>
    /// <param name="redirect">Where to.</param>
    /// <param name="bytes">The head of the request.</param>
    /// <param name="request">What was read of it.</param>
    /// <param name="client">Who asks.</param>
    public void Answer(Redirect redirect, ReadOnlySpan<byte> bytes, RequestHead request, in PeerAddress client)
    {
        ReadOnlySpan<byte> head = redirect.WriteHead(bytes, request, client, out ResponseHead parts);
        if (head.IsEmpty)
            _user.OnFailed(ProxyError.BadRequest, RejectReason.BadTarget);
        else
            Answer(head, parts, BodyPiece.End);
    }

    /// <summary>The same for a request that has waited: its head is gone.</summary>
    /// <param name="redirect">Where to.</param>
    /// <param name="held">What it had written; empty when it could not.</param>
    public void Answer(Redirect redirect, ReadOnlySpan<byte> held)
    {
        if (held.IsEmpty)
            _user.OnFailed(ProxyError.BadRequest, RejectReason.BadTarget);
        else
            Answer(redirect.RestoreHead(held, out ResponseHead parts), parts, BodyPiece.End);
    }

    private void Answer(ReadOnlySpan<byte> head, ResponseHead parts, in BodyPiece content)
    {
        var changes = new ResponseChanges
        {
            KeepsLength = parts.PassesLength,
            Date = _service.Loop.Date.Now,
        };
        ResponseWords.Add(ref changes, head, parts, _route!, _service.OwnFields, _notes.ToldTrace, FactsOf(parts.StatusCode));
        _user.AddTo(changes.Own!);
        if (!TryRespond(head, parts, content, passesFirst: true, changes))
            return;
        _service.Counters.Add(CounterId.ResponsesByProxy);
        _client.End(CloseReason.None);
    }

    public void OnResponseBody(in BodyPiece piece)
    {
        bool fits = TryTake(piece);
        if (fits)
            Send(piece);
        AfterPiece(piece.IsLast, fits);
    }

    public void OnSwitched(ReadOnlySpan<byte> bytes, ResponseHead head, ReadOnlySpan<byte> rest)
    {
        LookForAuthentication(bytes, head);
        var changes = new ResponseChanges { Sticky = _user.StickyResponse };
        if (_route!.AltersResponses || _notes.ToldTrace is not null)
            AddWords(bytes, head, ref changes);
        if (!_client.TrySwitch(bytes, head, changes))
        {
            _user.OnFailed(ProxyError.ServerBadResponse, RejectReason.HeadTooLarge);
            return;
        }
        _notes.CookieInResponse = changes.Sticky.LetterOf(bytes, head.Fields);
        _notes.ResponseHead(bytes, head);
        _user.OnProtocolSwitched(rest);
    }

    /// <summary>Passes the next piece of a response of the cache on, the first with its head.</summary>
    public bool PassCachedPiece()
    {
        if (!_caching.IsHit)
            return false;
        bool isLast = true;
        if (_client.HasBegun)
        {
            BodyPiece piece = _caching.ReadBody();
            isLast = piece.IsLast;
            Send(piece);
        }
        else if (!TryBeginCached(ref isLast))
        {
            return false;
        }
        if (isLast)
            _client.End(CloseReason.None);
        return !isLast;
    }

    private bool TryBeginCached(ref bool isLast)
    {
        ReadOnlySpan<byte> bytes = _caching.ReadHead(withBody: _method != HttpMethod.Head, out ResponseHead head);
        CachedTimes times = _caching.Times!.Value;
        BodyPiece first = head.Body.HasBody ? _caching.ReadBody() : BodyPiece.End;
        isLast = first.IsLast;
        var changes = new ResponseChanges
        {
            KeepsLength = head.PassesLength,
            Via = _route!.Forwarding.ResponseVia,
            AgeSeconds = times.AgeSeconds,
            ReceivedWallMs = times.ReceivedWallMs,
        };
        Alter(bytes, head, first, ref changes);
        return TryRespond(bytes, head, first, passesFirst: true, changes);
    }

    private bool TryRespond(ReadOnlySpan<byte> bytes, ResponseHead head, in BodyPiece first, bool passesFirst, in ResponseChanges changes)
    {
        _client.BondEnds = _user.BondEnds;
        bool hasBegun = passesFirst && _encoding is not { IsRunning: true } && !DropsTrailersOf(first)
            ? _client.TryRespond(bytes, head, changes, first)
            : TryRespondWithOther(bytes, head, changes, first, passesFirst);
        if (!hasBegun)
        {
            _user.OnFailed(ProxyError.ServerBadResponse, RejectReason.HeadTooLarge);
            return false;
        }
        _notes.CookieInResponse = changes.Sticky.LetterOf(bytes, head.Fields);
        _notes.ResponseHead(bytes, head);
        return true;
    }

    /// <summary>The first piece does not go on as it has come.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryRespondWithOther(
        ReadOnlySpan<byte> bytes, ResponseHead head, in ResponseChanges changes, in BodyPiece first, bool passesFirst) =>
        _encoding is { IsRunning: true } ? TryRespondEncoded(bytes, head, changes, passesFirst ? first : default)
            : !passesFirst ? _client.TryRespond(bytes, head, changes, default)
            : DropsTrailersOf(first) ? _client.TryRespond(bytes, head, changes, first.WithoutTrailers())
            : _client.TryRespond(bytes, head, changes, first);

    /// <summary>Adds what route and proxy say in a response, and decides whether it is compressed.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Alter(ReadOnlySpan<byte> bytes, ResponseHead head, in BodyPiece first, ref ResponseChanges changes)
    {
        AddWords(bytes, head, ref changes);
        if (_route!.Compression is not { } rule)
            return;
        changes.Own!.Add(_encoding!.BeginResponse(rule, bytes, head, isToHead: _method == HttpMethod.Head, first));
        changes.KeepsLength = head.PassesLength;
    }

    /// <summary>Adds what route and proxy say in a response; what they drop of it is marked in its table.</summary>
    private void AddWords(ReadOnlySpan<byte> bytes, ResponseHead head, ref ResponseChanges changes)
    {
        ResponseWords.Add(ref changes, bytes, head, _route!, _service.OwnFields, _notes.ToldTrace, FactsOf(head.StatusCode));
        changes.Own!.Add(_route!.WayLines);
        _user.AddTo(changes.Own);
    }

    /// <summary>What rules may name; nothing where none does.</summary>
    private ResponseFacts FactsOf(int statusCode) => _route!.ResponseHeaders is not { IsFixed: false } ? default
        : ResponseWords.FactsOf(_client, _notes.Trace, _caching.IsHit ? "" : _user.ServerName, statusCode);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Stick(ref ResponseChanges changes) => changes.Sticky = _user.StickyResponse;

    private void Send(in BodyPiece piece)
    {
        if (_encoding is { IsRunning: true })
            SendEncoded(DropsTrailersOf(piece) ? piece.WithoutTrailers() : piece);
        else if (DropsTrailersOf(piece))
            _client.Send(piece.WithoutTrailers());
        else
            _client.Send(piece);
    }

    private bool TryRespondEncoded(ReadOnlySpan<byte> bytes, ResponseHead head, in ResponseChanges changes, in BodyPiece first)
    {
        BodyPiece piece = DropsTrailersOf(first) ? first.WithoutTrailers() : first;
        BodyPiece encoded = _encoding!.Encode(piece, out ReadOnlySpan<byte> rest);
        bool hasBegun = _client.TryRespond(bytes, head, changes, encoded);
        if (hasBegun)
            SendRest(piece, rest);
        return hasBegun;
    }

    private void SendEncoded(in BodyPiece piece)
    {
        BodyPiece encoded = _encoding!.Encode(piece, out ReadOnlySpan<byte> rest);
        if (!encoded.IsNothing)
            _client.Send(encoded);
        SendRest(piece, rest);
    }

    /// <summary>What is too long for one piece.</summary>
    private void SendRest(in BodyPiece piece, ReadOnlySpan<byte> rest)
    {
        while (!rest.IsEmpty)
            _client.Send(_encoding!.TakeNext(piece, ref rest));
    }

    /// <summary>Trailer fields end here where the route says so.</summary>
    private bool DropsTrailersOf(in BodyPiece piece) => !piece.TrailerLines.IsEmpty && _route!.Forwarding.DropsTrailers;

    /// <summary>Counts a piece, and copies it where it is to be kept. False when the body is longer than allowed.</summary>
    private bool TryTake(in BodyPiece piece)
    {
        _bodyBytes += piece.Data.Length;
        if (_route!.Bodies.ResponseBytesMax > 0 && _bodyBytes > _route.Bodies.ResponseBytesMax)
            return false;
        _caching.BodyRead(piece);
        return true;
    }

    private void AfterPiece(bool isLast, bool fits)
    {
        if (!fits)
            _user.OnFailed(ProxyError.ResponseBodyTooLarge, RejectReason.None);
        else if (_client.IsLost)
            _user.OnFailed(ProxyError.BuffersExhausted, RejectReason.None);
        else if (isLast)
            _user.OnResponsePassed();
    }

    private void LookForAuthentication(ReadOnlySpan<byte> bytes, ResponseHead head)
    {
        if (ConnectionAuthentication.IsInResponse(bytes, head.Fields))
            _user.OnAuthenticates();
    }
}
