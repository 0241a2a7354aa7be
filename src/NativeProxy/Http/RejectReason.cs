namespace NativeProxy.Http;

/// <summary>
/// Why bytes are not an acceptable HTTP/1.x message. One value per rule, so that a log line can name it
/// (<see cref="RejectReasons.CodeOf"/>); <see cref="RejectReasons.StatusOf"/> gives the status code that a client is answered with.
/// </summary>
internal enum RejectReason : byte
{
    None,

    // Request line (RFC 9112 section 3).
    BadMethodToken,
    BadTarget,

    /// <summary>A ".." of the path leads above its root; only where routes look at paths.</summary>
    PathAboveRoot,

    /// <summary>The path is not in its normal form, and <c>path_normalization = "strict"</c> wants it.</summary>
    PathNotNormal,

    /// <summary>Servers may read the path in ways that lead to different routes.</summary>
    AmbiguousPath,

    /// <summary>Not of the form HTTP/DIGIT.DIGIT.</summary>
    BadVersion,

    /// <summary>Well-formed, but not 1.x: HTTP/2.0, HTTP/0.9.</summary>
    UnsupportedVersion,
    RequestLineTooLong,

    // Head size.
    HeadTooLarge,
    TooManyFields,

    // Line ends (RFC 9112 section 2.2) and field lines (section 5).
    BareCarriageReturn,
    BareLineFeed,

    /// <summary>A line of the head starts with a blank (RFC 9112 section 5.2, and 2.2 for the first field line).</summary>
    ObsFold,
    BadFieldName,
    SpaceBeforeColon,
    BadFieldValue,

    // Host (RFC 9112 section 3.2).
    MissingHost,
    DuplicateHost,
    BadHost,

    /// <summary>Max-Forwards of TRACE or OPTIONS is not one number (RFC 9110 section 7.6.2).</summary>
    BadMaxForwards,

    // Framing (RFC 9112 section 6).
    BadContentLength,

    /// <summary>More than one Content-Length field, or a list of values, even when they are equal.</summary>
    DuplicateContentLength,
    LengthWithTransferEncoding,
    BadTransferEncoding,
    UnknownTransferCoding,
    TransferEncodingInHttp10,

    /// <summary>CONNECT with a body: what follows its head are bytes of the tunnel (RFC 9110 section 9.3.6).</summary>
    BodyOnConnect,

    /// <summary>Status 101 although no upgrade was forwarded, to another protocol than was asked for, or within the body of the request.</summary>
    UnexpectedUpgrade,

    /// <summary>An interim response that announces a body, which it cannot have (RFC 9112 section 6.1, RFC 9110 section 8.6).</summary>
    BodyOnInterim,

    /// <summary>More interim responses to one request than any server has a use for.</summary>
    TooManyInterims,

    // Connection (RFC 9110 section 7.6.1).
    BadConnectionOption,

    // Status line (RFC 9112 section 4).
    BadStatusLine,

    /// <summary>The connection ended within the head of a response.</summary>
    IncompleteHead,

    // Chunked coding (RFC 9112 section 7.1).
    BadChunkSize,
    ChunkSizeOverflow,
    BadChunkExtension,

    /// <summary>More extension bytes than one chunk, or the whole body, is allowed to carry.</summary>
    ChunkExtensionTooLarge,

    /// <summary>Chunk data is not followed by CRLF.</summary>
    BadChunkEnd,
    TrailerTooLarge,
    BadTrailer,
}

/// <summary>What is known of each reason: how many there are, the code that logs name it by, and the status code of a refused request.</summary>
internal static class RejectReasons
{
    /// <summary>How many reasons there are; indexes of tables per reason are below it.</summary>
    public const int Count = (int)RejectReason.BadTrailer + 1;

    /// <summary>The code of the rule in logs, stable over versions; "-" when none was broken.</summary>
    public static string CodeOf(RejectReason reason) => reason switch
    {
        RejectReason.BadMethodToken => "bad_method_token",
        RejectReason.BadTarget => "bad_target",
        RejectReason.PathAboveRoot => "path_above_root",
        RejectReason.PathNotNormal => "path_not_normal",
        RejectReason.AmbiguousPath => "ambiguous_path",
        RejectReason.BadVersion => "bad_version",
        RejectReason.UnsupportedVersion => "unsupported_version",
        RejectReason.RequestLineTooLong => "request_line_too_long",
        RejectReason.HeadTooLarge => "head_too_large",
        RejectReason.TooManyFields => "too_many_fields",
        RejectReason.BareCarriageReturn => "bare_carriage_return",
        RejectReason.BareLineFeed => "bare_line_feed",
        RejectReason.ObsFold => "obs_fold",
        RejectReason.BadFieldName => "bad_field_name",
        RejectReason.SpaceBeforeColon => "space_before_colon",
        RejectReason.BadFieldValue => "bad_field_value",
        RejectReason.MissingHost => "missing_host",
        RejectReason.DuplicateHost => "duplicate_host",
        RejectReason.BadHost => "bad_host",
        RejectReason.BadMaxForwards => "bad_max_forwards",
        RejectReason.BadContentLength => "bad_content_length",
        RejectReason.DuplicateContentLength => "duplicate_content_length",
        RejectReason.LengthWithTransferEncoding => "length_with_transfer_encoding",
        RejectReason.BadTransferEncoding => "bad_transfer_encoding",
        RejectReason.UnknownTransferCoding => "unknown_transfer_coding",
        RejectReason.TransferEncodingInHttp10 => "transfer_encoding_in_http10",
        RejectReason.BodyOnConnect => "body_on_connect",
        RejectReason.UnexpectedUpgrade => "unexpected_upgrade",
        RejectReason.BodyOnInterim => "body_on_interim",
        RejectReason.TooManyInterims => "too_many_interims",
        RejectReason.BadConnectionOption => "bad_connection_option",
        RejectReason.BadStatusLine => "bad_status_line",
        RejectReason.IncompleteHead => "incomplete_head",
        RejectReason.BadChunkSize => "bad_chunk_size",
        RejectReason.ChunkSizeOverflow => "chunk_size_overflow",
        RejectReason.BadChunkExtension => "bad_chunk_extension",
        RejectReason.ChunkExtensionTooLarge => "chunk_extension_too_large",
        RejectReason.BadChunkEnd => "bad_chunk_end",
        RejectReason.TrailerTooLarge => "trailer_too_large",
        RejectReason.BadTrailer => "bad_trailer",
        _ => "-",
    };

    /// <summary>
    /// For a message that came from a client: 400 except where an RFC names a better one (RFC 9110 section 15, RFC 6585 section 5). A
    /// server's fault is always a 502.
    /// </summary>
    public static int StatusOf(RejectReason reason) => reason switch
    {
        RejectReason.RequestLineTooLong => 414,
        RejectReason.HeadTooLarge or RejectReason.TooManyFields or RejectReason.TrailerTooLarge => 431,
        RejectReason.UnknownTransferCoding => 501,
        RejectReason.UnsupportedVersion => 505,
        _ => 400,
    };
}
