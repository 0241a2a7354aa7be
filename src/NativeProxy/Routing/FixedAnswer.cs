using System;
using System.Globalization;
using System.Text;
using NativeProxy.Clients;
using NativeProxy.Config;
using NativeProxy.Http;
using NativeProxy.Http1;

namespace NativeProxy.Routing;

/// <summary>
/// What a route answers by itself, without a server: status, fields and content, made once. Owner: a <see cref="RouteTable"/>; thread: the loop, on
/// which one answer is read at a time.
/// </summary>
internal sealed class FixedAnswer
{
    private readonly byte[] _head;
    private readonly byte[] _content;
    private readonly ResponseHead _parts = new(fieldCountMax: 8);

    /// <summary>An answer that says no more than its status.</summary>
    /// <param name="statusCode">400 to 599.</param>
    /// <param name="page">What the file says of this status; null for the plain text.</param>
    public FixedAnswer(int statusCode, ErrorPage? page = null)
        : this(statusCode, page?.Content ?? [.. ReasonPhrases.Of(statusCode), .. ".\n"u8],
            page is null ? "text/plain; charset=utf-8" : Encoding.ASCII.GetString(page.ContentType))
    {
    }

    /// <param name="statusCode">200 to 599.</param>
    /// <param name="content">The content; none is sent with a status that has none.</param>
    /// <param name="contentType">Of the content.</param>
    /// <param name="retryAfterMs">What Retry-After says, in whole seconds; 0 = the field is not there.</param>
    public FixedAnswer(int statusCode, byte[] content, string contentType, long retryAfterMs = 0)
    {
        bool hasContent = statusCode is not (204 or 205 or 304);
        _content = hasContent ? content : [];
        var text = new StringBuilder(Encoding.ASCII.GetString(ReasonPhrases.Of(statusCode)));
        _parts.StatusCode = statusCode;
        _parts.Version = HttpVersion.Http11;
        _parts.Reason = new ByteRange(0, text.Length);
        text.Append("\r\n");
        if (_content.Length > 0)
            Add(text, KnownHeader.ContentType, "Content-Type", contentType);
        if (retryAfterMs > 0)
            Add(text, KnownHeader.None, "Retry-After", ((retryAfterMs + 999) / 1000).ToString(CultureInfo.InvariantCulture));
        if (hasContent)
            Add(text, KnownHeader.ContentLength, "Content-Length", _content.Length.ToString(CultureInfo.InvariantCulture));
        text.Append("\r\n");
        _head = Encoding.Latin1.GetBytes(text.ToString());
        _parts.PassesLength = hasContent;
    }

    /// <summary>
    /// What `respond` says. A file that cannot be read any more leaves the answer without content: a reload has checked it a moment ago.
    /// </summary>
    public static FixedAnswer Of(in RouteRespondSettings respond)
    {
        byte[] content = Encoding.UTF8.GetBytes(respond.Body);
        string type = respond.ContentType;
        if (respond.File.Length > 0 && ErrorPageText.TryReadFile(respond.File, out content, out string ofFile, out _) && type.Length == 0)
            type = ofFile;
        return new FixedAnswer(respond.Status, content, type.Length > 0 ? type : RouteRespondSettings.ContentTypeDefault, respond.RetryAfterMs);
    }

    /// <summary>The head as the client's face takes it.</summary>
    /// <param name="isToHead">It answers HEAD, so no content follows.</param>
    /// <param name="parts">What is in it.</param>
    public ReadOnlySpan<byte> ReadHead(bool isToHead, out ResponseHead parts)
    {
        _parts.Body = isToHead || _content.Length == 0 ? BodyLength.None : BodyLength.Of(_content.Length);
        parts = _parts;
        return _head;
    }

    /// <summary>All that follows the head.</summary>
    public BodyPiece ContentFor(bool isToHead) => isToHead ? BodyPiece.End : new BodyPiece { Data = _content, IsLast = true };

    private void Add(StringBuilder text, KnownHeader known, string name, string value)
    {
        _parts.Fields.TryAdd(new ByteRange(text.Length, name.Length), new ByteRange(text.Length + name.Length + 2, value.Length), known);
        text.Append(name).Append(": ").Append(value).Append("\r\n");
    }
}
