using NativeProxy.Foundation;
using NativeProxy.Http;

namespace NativeProxy.Recording;

/// <summary>What a rule is in words, where it stands, and what is to be done when somebody breaks it. Immutable.</summary>
/// <param name="Says">The rule, as what was found.</param>
/// <param name="Source">Where it stands; empty for rules of the settings.</param>
/// <param name="Do">What helps.</param>
internal sealed record RuleWords(string Says, string Source, string Do)
{
    private const string MendSender = "mend whoever sends this; no setting lets it pass, because others may read it differently";
    private const string MendServer = "mend the server; the answer cannot be told apart from the next one";

    /// <summary>The words for a refused message.</summary>
    public static RuleWords Of(MessagePart part, RejectReason reason, ProxyError error) => reason switch
    {
        RejectReason.None when part == MessagePart.Unasked => new(
            "the server sent bytes that no request had asked for", "RFC 9112 9.2",
            "a 408 here is its idle timeout: keepalive.idle_timeout of the upstream must be shorter; anything else is a wrong length"),
        RejectReason.None when part == MessagePart.ProxyHeader => new(
            "the connection does not begin with a PROXY header", "PROXY protocol 2.2",
            "let the balancer send one, or take its network out of proxy_protocol"),
        RejectReason.None when part == MessagePart.PlainHttp => new(
            "plain HTTP came where TLS is spoken", "RFC 8446 4.1.2", "use https:// in the address, or another port"),
        RejectReason.None => new(ProxyErrors.Of(error).Text, "", "see the log"),
        RejectReason.BadMethodToken => new("this byte cannot be in a method, or the request does not begin with one", "RFC 9112 3.1", MendSender),
        RejectReason.BadTarget => new(
            "this byte cannot be in a request target, or the target has none of the four forms", "RFC 9112 3.2",
            "encode it with %; bytes above 0x7f pass by non_ascii_target = \"pass\" of the listener"),
        RejectReason.PathAboveRoot => new(
            "a .. leads above the root of the path", "RFC 3986 5.2.4", "mend the link; servers read such paths differently"),
        RejectReason.PathNotNormal => new(
            "the path is not in its normal form", "RFC 3986 6.2.2", "send the normal form, or set path_normalization of the listener to \"on\""),
        RejectReason.AmbiguousPath => new(
            "servers may read this path in ways that lead to different routes", "RFC 3986 2.2",
            "mend the link: no %2F, %5C or %00 where routes look"),
        RejectReason.BadVersion => new("HTTP/ and two digits with a dot were expected here, and the end of the line", "RFC 9112 2.3", MendSender),
        RejectReason.UnsupportedVersion => new("the version is not HTTP/1.0 or HTTP/1.1", "RFC 9112 2.3", "speak HTTP/1.1"),
        RejectReason.RequestLineTooLong => new(
            "the request line is longer than limits.request_line_bytes", "RFC 9112 3",
            "raise limits.request_line_bytes of the listener, if it must be"),
        RejectReason.HeadTooLarge => new(
            "the head is larger than it may be", "RFC 6585 5", "raise limits.header_bytes of the listener; a cookie that grows is the usual cause"),
        RejectReason.TooManyFields => new("there are more fields than there may be", "RFC 6585 5", "raise limits.header_count of the listener"),
        RejectReason.BareCarriageReturn => new("a CR that no LF follows", "RFC 9112 2.2", MendSender),
        RejectReason.BareLineFeed => new("a LF without the CR before it", "RFC 9112 2.2", MendSender),
        RejectReason.ObsFold => new("a line begins with a blank", "RFC 9112 5.2", MendSender),
        RejectReason.BadFieldName => new("this byte cannot be in the name of a field", "RFC 9110 5.1", MendSender),
        RejectReason.SpaceBeforeColon => new("a blank between the name of a field and its colon", "RFC 9112 5.1", MendSender),
        RejectReason.BadFieldValue => new("this byte cannot be in the value of a field", "RFC 9110 5.5", MendSender),
        RejectReason.MissingHost => new("a request of HTTP/1.1 without Host", "RFC 9112 3.2", "send Host"),
        RejectReason.DuplicateHost => new("a second Host", "RFC 9112 3.2", MendSender),
        RejectReason.BadHost => new("the value is no host, with or without a port", "RFC 9112 3.2", MendSender),
        RejectReason.BadMaxForwards => new("Max-Forwards is not one number", "RFC 9110 7.6.2", MendSender),
        RejectReason.BadContentLength => new("Content-Length is no number, or too large a one", "RFC 9110 8.6", MendSender),
        RejectReason.DuplicateContentLength => new("Content-Length twice, or with several values", "RFC 9112 6.3", MendSender),
        RejectReason.LengthWithTransferEncoding => new("Content-Length beside Transfer-Encoding", "RFC 9112 6.3", MendSender),
        RejectReason.BadTransferEncoding => new("a list of codings that is none, or in which chunked is not the last", "RFC 9112 6.1", MendSender),
        RejectReason.UnknownTransferCoding => new(
            "a transfer coding besides chunked", "RFC 9112 6.1", "send it with chunked alone, or Content-Length"),
        RejectReason.TransferEncodingInHttp10 => new("Transfer-Encoding in HTTP/1.0, which has none", "RFC 9112 6.1", MendSender),
        RejectReason.BodyOnConnect => new("CONNECT with a body", "RFC 9110 9.3.6", MendSender),
        RejectReason.UnexpectedUpgrade => new("a switch of the protocol that was not asked for", "RFC 9110 7.8", MendServer),
        RejectReason.BodyOnInterim => new("an interim response that announces a body", "RFC 9112 6.3", MendServer),
        RejectReason.TooManyInterims => new("more than 64 interim responses to one request", "RFC 9110 15.2", MendServer),
        RejectReason.BadConnectionOption => new("an option of Connection is no token", "RFC 9110 7.6.1", MendSender),
        RejectReason.BadStatusLine => new(
            "HTTP/1.1, a blank and a status of three digits were expected here", "RFC 9112 4", "is this an HTTP server?"),
        RejectReason.IncompleteHead => new(
            "the connection ended within the head of the answer", "RFC 9112 8", "look into the server's log: it has given up"),
        RejectReason.BadChunkSize => new("the size of a chunk was expected here, in hexadecimal digits", "RFC 9112 7.1", MendSender),
        RejectReason.ChunkSizeOverflow => new("the size of a chunk has too many digits", "RFC 9112 7.1", MendSender),
        RejectReason.BadChunkExtension => new("this byte cannot be in the extension of a chunk", "RFC 9112 7.1.1", MendSender),
        RejectReason.ChunkExtensionTooLarge => new("more bytes of extensions than chunks may have", "RFC 9112 7.1.1", MendSender),
        RejectReason.BadChunkEnd => new("CR and LF were expected behind the data of a chunk", "RFC 9112 7.1", MendSender),
        RejectReason.TrailerTooLarge => new("the trailer section is too large", "RFC 9112 7.1.2", "send less behind the body"),
        _ => new("the trailer section is malformed", "RFC 9112 7.1.2", MendSender),
    };
}
