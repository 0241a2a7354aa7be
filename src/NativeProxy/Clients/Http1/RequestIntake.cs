using System;
using System.Runtime.CompilerServices;
using NativeProxy.Claims;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Clients.Http1;

/// <summary>
/// What is to be done with the bytes where a request begins. Those that come to nothing are made apart, for the sake of the frame of the others.
/// </summary>
internal readonly ref struct RequestIntake
{
    private RequestIntake(object route, int headBytes, scoped in ConnectionOptions options, scoped in BodyFraming framing)
    {
        Route = route;
        HeadBytes = headBytes;
        Options = options;
        Framing = framing;
    }

    /// <summary>The head is not complete.</summary>
    public bool NeedsMore { get; private init; }

    /// <summary>Why the request must not be forwarded, or None.</summary>
    public ProxyError Refusal { get; private init; }

    /// <summary>The rule that a refused request broke, if it is one of syntax or framing.</summary>
    public RejectReason Detail { get; private init; }

    /// <summary>Where the request goes, as the service says it; null unless the request is accepted.</summary>
    public object? Route { get; }

    /// <summary>Length of the head; 0 unless the request is accepted.</summary>
    public int HeadBytes { get; }

    public ConnectionOptions Options { get; }

    public BodyFraming Framing { get; }

    /// <summary>
    /// True when this request may be served while others of its connection are: it has no body, changes nothing (so that it may be given
    /// up and asked for again, RFC 9112 9.3.2), and neither switches nor authenticates its connection.
    /// </summary>
    public bool RunsBesideOthers(RequestHead head) =>
        head.MethodKind.IsSafe() && head.Version == HttpVersion.Http11 && Framing.Kind == BodyKind.None && !Options.Upgrade
        && !head.AuthenticatesConnection;

    /// <summary>
    /// Reads the head at the start of the bytes into the scratch's table and judges it: syntax, framing, Connection, who asks, method, destination.
    /// Everything that could be read in two ways is refused here, before a server is involved. Never answers, never counts.
    /// </summary>
    /// <param name="bytes">Bytes of the client.</param>
    /// <param name="connection">On which they came.</param>
    /// <param name="frontend">That of the connection.</param>
    public static RequestIntake Read(ReadOnlySpan<byte> bytes, ClientConnection connection, Frontend frontend)
    {
        RequestHead head = frontend.Scratch.Request;
        head.Verdict = null;
        ParseOutcome outcome = RequestHeadParser.Parse(bytes, frontend.HeadLimits, head);
        if (outcome.Status == ParseStatus.NeedMore)
            return Incomplete();
        if (outcome.Status == ParseStatus.Rejected)
            return Refused(ProxyError.BadRequest, outcome.Reason);
        ConnectionOptions options = ConnectionHeader.Apply(bytes, head.Fields);
        if (options.Reason != RejectReason.None)
            return Refused(ProxyError.BadRequest, options.Reason);
        BodyFraming framing = MessageFraming.OfRequest(bytes, head);
        if (framing.Reason != RejectReason.None)
            return Refused(ProxyError.BadRequest, framing.Reason);
        if (head.MethodKind == HttpMethod.Connect)
        {
            // What follows the head are bytes of the tunnel; a body would be one of them to some and not to others.
            if (framing.Kind == BodyKind.Chunked || framing.LengthBytes > 0)
                return Refused(ProxyError.BadRequest, RejectReason.BodyOnConnect);
            framing = BodyFraming.None;
        }
        if (!TryReadMeaning(bytes, head, framing, options, frontend.Service.PassesProxyCredentials))
            return Refused(ProxyError.BadRequest, RejectReason.BadMaxForwards);
        bytes = bytes[..outcome.ConsumedBytes];
        if (frontend.Claims is not null)
            head.Verdict = Judge(bytes, head.Fields, connection, frontend.Claims);
        if (connection.Identity is { BoundName: { } name } && !AsciiBytes.EqualsIgnoreCase(HostText.Of(bytes, head), name))
            return Refused(ProxyError.Misdirected, RejectReason.None);
        head.Ends = connection;
        object? route = frontend.Service.Route(bytes, head, ClientOf(head, connection), out ProxyError refusal, out RejectReason detail);
        return route is null ? Refused(refusal, detail) : new RequestIntake(route, bytes.Length, options, framing);
    }

    /// <summary>Who asks, as far as that has been judged.</summary>
    /// <param name="head">What was read.</param>
    /// <param name="connection">On which the request came.</param>
    public static PeerAddress ClientOf(RequestHead head, ClientConnection connection) =>
        head.Verdict is { } verdict ? verdict.Client : connection.Address;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ClientVerdict Judge(ReadOnlySpan<byte> bytes, HeaderTable fields, ClientConnection connection, ClientClaims claims)
    {
        ClientIdentity? identity = connection.Identity;
        ClientVerdict verdict = claims.Judge(
            bytes, fields, connection.Address, claims.WantsLocal ? connection.Local : default, identity is { IsHttps: true });
        verdict.CertificateLines = identity?.CertificateLines ?? [];
        return verdict;
    }

    /// <summary>The verdict on a request that must not be forwarded.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static RequestIntake Refused(ProxyError error, RejectReason detail) => new() { Refusal = error, Detail = detail };

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static RequestIntake Incomplete() => new() { NeedsMore = true };

    /// <summary>Says in the head what HTTP/1's own fields mean. False when Max-Forwards is no number where it counts.</summary>
    private static bool TryReadMeaning(
        ReadOnlySpan<byte> bytes, RequestHead head, BodyFraming framing, in ConnectionOptions options, bool passesProxyCredentials)
    {
        head.Body = framing.Kind switch
        {
            BodyKind.None => BodyLength.None,
            BodyKind.Length => BodyLength.Of(framing.LengthBytes),
            _ => BodyLength.Unknown,
        };
        head.OffersUpgrade = options.Upgrade && head.Version == HttpVersion.Http11 && head.MethodKind != HttpMethod.Connect;
        head.ExpectsContinue = head.Version == HttpVersion.Http11 && head.Fields.Contains(KnownHeader.Expect);
        head.AuthenticatesConnection = ConnectionAuthentication.IsInRequest(bytes, head.Fields, passesProxyCredentials);
        head.MaxForwards = null;
        if (head.MethodKind is not (HttpMethod.Options or HttpMethod.Trace))
            return true;
        bool isSound = MaxForwardsField.TryRead(bytes, head.Fields, out long? maxForwards);
        head.MaxForwards = maxForwards;
        return isSound;
    }
}
