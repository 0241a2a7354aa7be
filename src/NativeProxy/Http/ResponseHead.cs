namespace NativeProxy.Http;

/// <summary>
/// What the parser found in a response head: positions and small numbers, no bytes.
/// One per upstream connection (or per loop), reused for every message. Its content counts only after Done.
/// </summary>
internal sealed class ResponseHead
{
    public ResponseHead(int fieldCountMax) => Fields = new HeaderTable(fieldCountMax);

    public HeaderTable Fields { get; }

    /// <summary>0 or 1; HTTP/1.2 to 1.9 count as 1.</summary>
    public int MinorVersion { get; set; }

    /// <summary>100 to 599.</summary>
    public int StatusCode { get; set; }

    /// <summary>The reason phrase; may be empty.</summary>
    public ByteRange Reason { get; set; }
}
