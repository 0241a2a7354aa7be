namespace NativeProxy.Http1;

/// <summary>
/// Why bytes are not an acceptable HTTP/1.x message. One value per rule, so that a log line and a metric can name it;
/// <see cref="RejectReasons.StatusOf"/> gives the status code that a client is answered with.
/// </summary>
internal enum RejectReason : byte
{
    None,

    // Request line (RFC 9112 section 3).
    BadMethodToken,
    BadTarget,

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

    // Framing (RFC 9112 section 6).
    BadContentLength,

    /// <summary>More than one Content-Length field, or a list of values, even when they are equal.</summary>
    DuplicateContentLength,
    LengthWithTransferEncoding,
    BadTransferEncoding,
    UnknownTransferCoding,
    TransferEncodingInHttp10,

    /// <summary>Status 101 although no upgrade was forwarded.</summary>
    UnexpectedUpgrade,

    /// <summary>An interim response that announces a body, which it cannot have (RFC 9112 section 6.1, RFC 9110 section 8.6).</summary>
    BodyOnInterim,

    // Connection (RFC 9110 section 7.6.1).
    BadConnectionOption,

    // Status line (RFC 9112 section 4).
    BadStatusLine,

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

/// <summary>The status code of each reason, for a message that came from a client. A server's fault is always a 502.</summary>
internal static class RejectReasons
{
    /// <summary>400 except where an RFC names a better one (RFC 9110 section 15, RFC 6585 section 5).</summary>
    public static int StatusOf(RejectReason reason) => reason switch
    {
        RejectReason.RequestLineTooLong => 414,
        RejectReason.HeadTooLarge or RejectReason.TooManyFields or RejectReason.TrailerTooLarge => 431,
        RejectReason.UnknownTransferCoding => 501,
        RejectReason.UnsupportedVersion => 505,
        _ => 400,
    };
}
