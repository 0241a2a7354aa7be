using System;
using System.Runtime.CompilerServices;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// Reads a whole request head: leading empty lines, request line, field lines, blank line (RFC 9112 sections 2 to 5),
/// and checks Host. In: bytes from the start of a message. Out: Done(length of the head) | NeedMore | Rejected(reason).
/// Stateless: a call that needed more is repeated with more bytes. Never allocates, never throws, never reads past the
/// span. Framing is not its business: see <see cref="MessageFraming"/>.
/// </summary>
internal static class RequestHeadParser
{
    /// <summary>RFC 9112 section 2.2 asks to skip at least one empty line before a request; more than these is a flood.</summary>
    public const int LeadingEmptyLinesMax = 4;

    /// <param name="head">Overwritten; valid after Done only.</param>
    public static ParseOutcome Parse(ReadOnlySpan<byte> bytes, in HeadLimits limits, RequestHead head)
    {
        // What nearly every head is, without a call in between, so that everything stays in registers. Wherever it turns
        // out to be different the rest is left to the methods for all cases.
        LineCursor cursor = LineScan.At(bytes, 0);
        int lineEnd = cursor.FirstStop;
        if (bytes.Length >= limits.HeadBytesMax || lineEnd > limits.RequestLineBytesMax || !LineScan.IsLineEnd(bytes, lineEnd) ||
            !RequestLineParser.TryParseCommon(bytes, lineEnd, head))
        {
            return ParseAny(bytes, limits, head);
        }

        HeaderTable fields = head.Fields;
        fields.Clear(limits.FieldCountMax);
        cursor = FieldBlockParser.ParseCommonLines(bytes, cursor.PastLineEnd, fields, out bool isEnd);
        if (!isEnd)
            return ParseFields(bytes, cursor, head);

        int headEnd = cursor.Line + 2;
        if (fields.Count == 0 || fields.IsRepeated(KnownHeader.Host))
            return CheckHost(bytes, headEnd, head);

        ref HeaderField host = ref fields[0];
        bool isCommon = host.Known == KnownHeader.Host
            && (ByteScan.IsShortPlainHost(bytes, host.Value) || ByteScan.IsShortHostWithPort(bytes, host.Value));
        if (!isCommon)
            return CheckHost(bytes, headEnd, head);

        head.Host = host.Value;
        return ParseOutcome.Done(headEnd);
    }

    /// <summary>
    /// How many bytes of complete empty lines precede a request. A session drops them, so that a connection on which
    /// nothing but a stray CRLF arrived still counts as idle.
    /// </summary>
    public static int EmptyLineBytes(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        while (count < bytes.Length - 1 && bytes[count] == '\r' && bytes[count + 1] == '\n')
            count += 2;

        return count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ParseOutcome ParseAny(ReadOnlySpan<byte> bytes, in HeadLimits limits, RequestHead head)
    {
        bool isFull = bytes.Length >= limits.HeadBytesMax;
        ReadOnlySpan<byte> window = isFull ? bytes[..limits.HeadBytesMax] : bytes;
        ParseOutcome skipped = SkipEmptyLines(window);
        if (skipped.Status != ParseStatus.Done)
            return skipped.Limited(isFull, RejectReason.HeadTooLarge);

        int lineStart = skipped.ConsumedBytes;
        ParseOutcome line = RequestLineParser.Parse(window, lineStart, limits, head);
        if (line.Status != ParseStatus.Done)
            return line.Limited(isFull, RejectReason.RequestLineTooLong);

        head.Fields.Clear(limits.FieldCountMax);
        LineCursor cursor = LineScan.At(window, lineStart + line.ConsumedBytes);
        return ParseFields(window, cursor, head).Limited(isFull, RejectReason.HeadTooLarge);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ParseOutcome ParseFields(ReadOnlySpan<byte> bytes, LineCursor cursor, RequestHead head)
    {
        ParseOutcome fields = FieldBlockParser.ParseLines(bytes, cursor, head.Fields);
        return fields.Status == ParseStatus.Done ? CheckHost(bytes, fields.ConsumedBytes, head) : fields;
    }

    private static ParseOutcome SkipEmptyLines(ReadOnlySpan<byte> bytes)
    {
        int skipped = EmptyLineBytes(bytes);
        if (skipped > LeadingEmptyLinesMax * 2)
            return ParseOutcome.Rejected(RejectReason.BadMethodToken);

        if (skipped == bytes.Length)
            return ParseOutcome.NeedMore;

        return bytes[skipped] is (byte)'\r' or (byte)'\n'
            ? LineFault.LineEnd(bytes, skipped, RejectReason.BareCarriageReturn)
            : ParseOutcome.Done(skipped);
    }

    /// <summary>RFC 9112 section 3.2: exactly one valid Host in HTTP/1.1, at most one in HTTP/1.0.</summary>
    /// <returns>Done at the end of the head, or Rejected.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ParseOutcome CheckHost(ReadOnlySpan<byte> bytes, int headEnd, RequestHead head)
    {
        HeaderTable fields = head.Fields;
        int index = fields.FirstIndexOf(KnownHeader.Host);
        head.Host = default;
        if (index < 0)
            return head.MinorVersion == 0 ? ParseOutcome.Done(headEnd) : ParseOutcome.Rejected(RejectReason.MissingHost);

        if (fields.IsRepeated(KnownHeader.Host))
            return ParseOutcome.Rejected(RejectReason.DuplicateHost);

        head.Host = fields[index].Value;
        return HostRules.IsHostValue(bytes, head.Host) ? ParseOutcome.Done(headEnd) : ParseOutcome.Rejected(RejectReason.BadHost);
    }
}
