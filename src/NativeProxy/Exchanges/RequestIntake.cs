using System;
using NativeProxy.Foundation;
using NativeProxy.Http;
using NativeProxy.Http1;
using NativeProxy.Metrics;
using NativeProxy.Routing;
using NativeProxy.Upstreams.Groups;

namespace NativeProxy.Exchanges;

/// <summary>What is to be done with the bytes where a request begins.</summary>
internal readonly ref struct RequestIntake
{
    /// <summary>The head is not complete.</summary>
    public bool NeedsMore { get; private init; }

    /// <summary>Why the request must not be forwarded, or None.</summary>
    public ProxyError Refusal { get; private init; }

    /// <summary>The rule that a refused request broke, if it is one of syntax or framing.</summary>
    public RejectReason Detail { get; private init; }

    /// <summary>Where the request goes; null unless it is accepted.</summary>
    public UpstreamGroup? Group { get; private init; }

    /// <summary>Length of the head; 0 unless the request is accepted.</summary>
    public int HeadBytes { get; private init; }

    public ConnectionOptions Options { get; private init; }

    public BodyFraming Framing { get; private init; }

    /// <summary>How many times a TRACE or OPTIONS request may still be forwarded; null when it does not say, and for other methods.</summary>
    public long? MaxForwards { get; private init; }

    /// <summary>True when the request carries credentials that stand for its connection from then on (NTLM, Negotiate).</summary>
    public bool AuthenticatesConnection { get; private init; }

    /// <summary>
    /// True when this request may be served while others of its connection are: it has no body, changes nothing (so that it may be given
    /// up and asked for again, RFC 9112 9.3.2), and neither switches nor authenticates its connection.
    /// </summary>
    public bool RunsBesideOthers(RequestHead head) =>
        head.MethodKind.IsSafe() && head.MinorVersion == 1 && Framing.Kind == BodyKind.None && !Options.Upgrade && !AuthenticatesConnection;

    /// <summary>
    /// Reads the head at the start of the bytes into the listener's table and judges it: syntax, framing, Connection, method, size, destination.
    /// Everything that could be read in two ways is refused here, before a server is involved. Never answers, never counts.
    /// </summary>
    public static RequestIntake Read(ReadOnlySpan<byte> bytes, Listener listener, PeerAddress client)
    {
        RequestHead head = listener.Scratch.Request;
        ParseOutcome outcome = RequestHeadParser.Parse(bytes, listener.HeadLimits, head);
        if (outcome.Status == ParseStatus.NeedMore)
            return new RequestIntake { NeedsMore = true };
        if (outcome.Status == ParseStatus.Rejected)
            return Refused(ProxyError.BadRequest, outcome.Reason);
        ConnectionOptions options = ConnectionHeader.Apply(bytes, head.Fields);
        if (options.Reason != RejectReason.None)
            return Refused(ProxyError.BadRequest, options.Reason);
        BodyFraming framing = MessageFraming.OfRequest(bytes, head);
        if (framing.Reason != RejectReason.None)
            return Refused(ProxyError.BadRequest, framing.Reason);
        long bodyBytesMax = listener.Limits.BodyBytes;
        if (bodyBytesMax > 0 && framing.LengthBytes > bodyBytesMax)
            return Refused(ProxyError.RequestBodyTooLarge, RejectReason.None);
        if (head.MethodKind == HttpMethod.Connect)
        {
            // What follows the head are bytes of the tunnel; a body would be one of them to some and not to others.
            if (framing.Kind == BodyKind.Chunked || framing.LengthBytes > 0)
                return Refused(ProxyError.BadRequest, RejectReason.BodyOnConnect);
            framing = BodyFraming.None;
        }
        long? maxForwards = null;
        if (head.MethodKind is HttpMethod.Options or HttpMethod.Trace && !MaxForwardsField.TryRead(bytes, head.Fields, out maxForwards))
            return Refused(ProxyError.BadRequest, RejectReason.BadMaxForwards);
        UpstreamGroup? group = Destination(bytes, head, listener, client, out ProxyError refusal, out RejectReason detail);
        if (group is null)
            return Refused(refusal, detail);
        return new RequestIntake
        {
            Group = group,
            HeadBytes = outcome.ConsumedBytes,
            Options = options,
            Framing = framing,
            MaxForwards = maxForwards,
            AuthenticatesConnection = ConnectionAuthentication.IsInRequest(bytes, head.Fields, withProxyCredentials: listener.Origins is null),
        };
    }

    /// <summary>Counts a request that is refused for what it is, by its head or by its body; our own shortage is counted elsewhere.</summary>
    public static void CountRefusal(LoopCounters counters, ProxyError error, RejectReason detail)
    {
        if (CounterOf(error, detail) is { } counter)
            counters.Add(counter);
    }

    private static CounterId? CounterOf(ProxyError error, RejectReason detail) => ErrorReplies.StatusOf(error, detail) switch
    {
        403 => CounterId.BadRequestsDenied,
        413 or 414 or 431 => CounterId.BadRequestsTooLarge,
        405 or 501 or 505 => CounterId.BadRequestsUnsupported,
        >= 500 => null,
        _ => IsOfFraming(detail) ? CounterId.BadRequestsFraming : CounterId.BadRequestsSyntax,
    };

    private static bool IsOfFraming(RejectReason detail) =>
        detail is RejectReason.BadContentLength or RejectReason.DuplicateContentLength or RejectReason.LengthWithTransferEncoding
            or RejectReason.BadTransferEncoding or RejectReason.TransferEncodingInHttp10
            or RejectReason.BadChunkSize or RejectReason.ChunkSizeOverflow or RejectReason.BadChunkExtension or RejectReason.ChunkExtensionTooLarge
            or RejectReason.BadChunkEnd or RejectReason.BadTrailer;

    /// <summary>The verdict on a request that must not be forwarded.</summary>
    public static RequestIntake Refused(ProxyError error, RejectReason detail) => new() { Refusal = error, Detail = detail };

    /// <summary>The listener's upstream or, on a forward proxy, the origin that the target names; null with the reason when there is none.</summary>
    private static UpstreamGroup? Destination(
        ReadOnlySpan<byte> bytes, RequestHead head, Listener listener, PeerAddress client, out ProxyError refusal, out RejectReason detail)
    {
        bool isConnect = head.MethodKind == HttpMethod.Connect;
        detail = RejectReason.None;
        if (listener.Origins is null)
        {
            refusal = isConnect ? ProxyError.MethodNotAllowed : ProxyError.None;
            return isConnect ? null : listener.Upstream;
        }
        ForwardTarget target = ForwardTarget.Read(bytes, head);
        refusal = target.Refusal;
        detail = target.Detail;
        return refusal != ProxyError.None ? null : target.FindIn(listener.Origins, client, isConnect, out refusal)?.Group;
    }
}
