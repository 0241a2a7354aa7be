namespace NativeProxy.Http;

/// <summary>
/// What the parser found in a response head: positions and small numbers, no bytes.
/// One per upstream connection (or per loop), reused for every message. Its content counts only after Done.
/// </summary>
internal sealed class ResponseHead
{
    public ResponseHead(int fieldCountMax) => Fields = new HeaderTable(fieldCountMax);

    public HeaderTable Fields { get; }

    public HttpVersion Version { get; set; }

    /// <summary>0 or 1; HTTP/1.2 to 1.9 count as 1.</summary>
    public int MinorVersion => Version == HttpVersion.Http10 ? 0 : 1;

    /// <summary>100 to 599.</summary>
    public int StatusCode { get; set; }

    /// <summary>The reason phrase; may be empty.</summary>
    public ByteRange Reason { get; set; }

    /// <summary>What follows; known once the codec has read the framing.</summary>
    public BodyLength Body { get; set; }

    /// <summary>The length that the head names may be passed on: it is the body's, or that of a body which does not follow.</summary>
    public bool PassesLength { get; set; }

    /// <summary>The framing is as it should be, and the end of the body is told by the message itself.</summary>
    public bool IsWellFramed { get; set; }
}
