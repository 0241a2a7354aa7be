using System;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// Decides which body follows a head (RFC 9112 section 6) and refuses every message whose length two parsers could read
/// differently (section 11.2). All such refusals are in this file, and none of them can be switched off. Of a server some faults
/// are taken that lead nobody astray, since the client gets framing of our own (<see cref="ServerFault"/>). Pure.
/// </summary>
internal static class MessageFraming
{
    /// <param name="bytes">The span that the head's ranges count from.</param>
    public static BodyFraming OfRequest(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        HeaderTable fields = head.Fields;
        if (fields.Contains(KnownHeader.TransferEncoding))
        {
            return fields.Contains(KnownHeader.ContentLength)
                ? BodyFraming.Rejected(RejectReason.LengthWithTransferEncoding)
                : OfCodings(bytes, fields, head.MinorVersion);
        }

        // Without either field a request has no body (RFC 9112 section 6.3, rule 7).
        return fields.Contains(KnownHeader.ContentLength) ? OfContentLength(bytes, fields) : BodyFraming.None;
    }

    /// <param name="requestMethod">Method of the request that this is the answer to.</param>
    /// <param name="upgradeForwarded">The request was forwarded with Upgrade, so that 101 may answer it.</param>
    public static BodyFraming OfResponse(
        ReadOnlySpan<byte> bytes, ResponseHead head, HttpMethod requestMethod, bool upgradeForwarded)
    {
        int status = head.StatusCode;
        HeaderTable fields = head.Fields;
        if (status == 101 && upgradeForwarded)
            return OfSwitch(bytes, fields);

        if (status < 200 && AnnouncesBody(bytes, fields))
            return BodyFraming.Rejected(RejectReason.BodyOnInterim);

        if (status == 101)
            return BodyFraming.Rejected(RejectReason.UnexpectedUpgrade);

        // The fields of these describe another message or nothing at all (RFC 9112 section 6.3, rule 1).
        if (requestMethod == HttpMethod.Head || status is < 200 or 204 or 304)
            return OfBodyless(bytes, fields);

        if (requestMethod == HttpMethod.Connect && status is >= 200 and < 300)
            return BodyFraming.Tunnel;

        return fields.Contains(KnownHeader.TransferEncoding)
            ? OfServersCoding(bytes, fields, head.MinorVersion)
            : OfServersLength(bytes, fields);
    }

    /// <summary>
    /// True for a 204 that announces a body: it has none (RFC 9112 section 6.3, rule 1), but a server that says so may send one all the
    /// same, so its connection must not carry another exchange.
    /// </summary>
    public static bool MayBodyFollow(ReadOnlySpan<byte> bytes, ResponseHead head) => head.StatusCode == 204 && AnnouncesBody(bytes, head.Fields);

    /// <summary>Content-Length: 0 announces none; some servers send it with everything.</summary>
    private static bool AnnouncesBody(ReadOnlySpan<byte> bytes, HeaderTable fields) =>
        fields.Contains(KnownHeader.TransferEncoding)
        || (fields.Contains(KnownHeader.ContentLength) && OfContentLength(bytes, fields) is not { Reason: RejectReason.None, LengthBytes: 0 });

    /// <summary>
    /// No body follows, but a length goes on to the client: one that could be read in two ways is refused here as well, and one beside a coding
    /// does not go on.
    /// </summary>
    private static BodyFraming OfBodyless(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        if (!fields.Contains(KnownHeader.ContentLength))
            return BodyFraming.None;

        RejectReason reason = OfContentLength(bytes, fields).Reason;
        if (reason != RejectReason.None)
            return BodyFraming.Rejected(reason);

        if (!fields.Contains(KnownHeader.TransferEncoding))
            return BodyFraming.None;

        return BodyFraming.None.With(IsIdentity(bytes, fields) ? ServerFault.IdentityCoding : ServerFault.LengthWithCoding);
    }

    /// <summary>
    /// A 101 that was asked for. A length on it means nothing: nothing that follows is HTTP, and the connection never will be again. A coding,
    /// or a length that is none, is more than a slip.
    /// </summary>
    private static BodyFraming OfSwitch(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        if (!AnnouncesBody(bytes, fields))
            return BodyFraming.Tunnel;

        return fields.Contains(KnownHeader.TransferEncoding) || OfContentLength(bytes, fields).Reason != RejectReason.None
            ? BodyFraming.Rejected(RejectReason.BodyOnInterim)
            : BodyFraming.Tunnel.With(ServerFault.LengthOnSwitch);
    }

    private static BodyFraming OfServersLength(ReadOnlySpan<byte> bytes, HeaderTable fields) =>
        fields.Contains(KnownHeader.ContentLength) ? OfContentLength(bytes, fields) : BodyFraming.UntilClose;

    /// <summary>A sound length beside a sound coding does not count; "identity" alone is as if no field were there.</summary>
    private static BodyFraming OfServersCoding(ReadOnlySpan<byte> bytes, HeaderTable fields, int minorVersion)
    {
        if (IsIdentity(bytes, fields))
            return OfServersLength(bytes, fields).With(ServerFault.IdentityCoding);

        BodyFraming coding = OfCodings(bytes, fields, minorVersion);
        if (coding.Reason != RejectReason.None || !fields.Contains(KnownHeader.ContentLength))
            return coding;

        BodyFraming length = OfContentLength(bytes, fields);
        return length.Reason != RejectReason.None ? length : coding.With(ServerFault.LengthWithCoding);
    }

    private static bool IsIdentity(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        int index = fields.FirstIndexOf(KnownHeader.TransferEncoding);
        ReadOnlySpan<byte> value = fields[index].Value.Of(bytes);
        return fields.NextIndexOf(KnownHeader.TransferEncoding, index) < 0
            && AsciiBytes.IsToken(value) && AsciiBytes.EqualsLower(value, "identity"u8);
    }

    /// <summary>
    /// RFC 9112 section 6.1: not in HTTP/1.0; "chunked" once and alone. Other codings are 501 when the list is sound: the
    /// proxy would have to decode them to know where the body ends.
    /// </summary>
    private static BodyFraming OfCodings(ReadOnlySpan<byte> bytes, HeaderTable fields, int minorVersion)
    {
        if (minorVersion == 0)
            return BodyFraming.Rejected(RejectReason.TransferEncodingInHttp10);

        bool isChunked = false;
        bool isUnknown = false;
        int index = fields.FirstIndexOf(KnownHeader.TransferEncoding);
        for (; index >= 0; index = fields.NextIndexOf(KnownHeader.TransferEncoding, index))
        {
            if (!TryReadCodings(fields[index].Value.Of(bytes), ref isChunked, ref isUnknown))
                return BodyFraming.Rejected(RejectReason.BadTransferEncoding);
        }

        return isUnknown ? BodyFraming.Rejected(RejectReason.UnknownTransferCoding) : BodyFraming.Chunked;
    }

    /// <summary>Every element a token, none empty, nothing behind "chunked", in this field or an earlier one.</summary>
    private static bool TryReadCodings(ReadOnlySpan<byte> value, ref bool isChunked, ref bool isUnknown)
    {
        while (true)
        {
            int comma = value.IndexOf((byte)',');
            ReadOnlySpan<byte> element = comma < 0 ? value : value[..comma];
            ReadOnlySpan<byte> coding = AsciiBytes.Trim(element, 0, element.Length).Of(element);
            if (isChunked || !AsciiBytes.IsToken(coding))
                return false;

            isChunked = AsciiBytes.EqualsLower(coding, "chunked"u8);
            isUnknown |= !isChunked;
            if (comma < 0)
                return true;

            value = value[(comma + 1)..];
        }
    }

    /// <summary>One field, one value, digits only. Equal duplicates are refused as well, which section 6.3 rule 5 allows.</summary>
    private static BodyFraming OfContentLength(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        int index = fields.FirstIndexOf(KnownHeader.ContentLength);
        ReadOnlySpan<byte> value = fields[index].Value.Of(bytes);
        if (fields.NextIndexOf(KnownHeader.ContentLength, index) >= 0 || value.Contains((byte)','))
            return BodyFraming.Rejected(RejectReason.DuplicateContentLength);

        return AsciiBytes.TryReadDecimal(value, out long lengthBytes)
            ? BodyFraming.Length(lengthBytes)
            : BodyFraming.Rejected(RejectReason.BadContentLength);
    }
}
