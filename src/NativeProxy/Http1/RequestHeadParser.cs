using System;
using System.Runtime.CompilerServices;

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
        bool isFull = bytes.Length >= limits.HeadBytesMax;
        if (isFull)
        {
            bytes = bytes[..limits.HeadBytesMax];
        }

        int lineStart = 0;
        if (bytes.IsEmpty || bytes[0] <= '\r')
        {
            ParseOutcome skipped = SkipEmptyLines(bytes);
            if (skipped.Status != ParseStatus.Done)
            {
                return skipped.Limited(isFull, RejectReason.HeadTooLarge);
            }

            lineStart = skipped.ConsumedBytes;
        }

        LineCursor cursor = LineScan.At(bytes, lineStart);
        int lineEnd = cursor.FirstStop;
        if (lineEnd - lineStart > limits.RequestLineBytesMax || !LineScan.IsLineEnd(bytes, lineEnd) ||
            !RequestLineParser.TryParseCommon(bytes, lineStart, lineEnd, head))
        {
            ParseOutcome line = RequestLineParser.Parse(bytes, lineStart, limits.RequestLineBytesMax, head);
            if (line.Status != ParseStatus.Done)
            {
                return line.Limited(isFull, RejectReason.RequestLineTooLong);
            }
        }

        // No byte of a sound request line is a stop, so the first one is its end either way.
        head.Fields.Clear(limits.FieldCountMax);
        ParseOutcome fields = FieldBlockParser.ParseLines(bytes, cursor.PastLineEnd, head.Fields);
        if (fields.Status != ParseStatus.Done)
        {
            return fields.Limited(isFull, RejectReason.HeadTooLarge);
        }

        RejectReason hostFault = CheckHost(bytes, head);
        return hostFault == RejectReason.None
            ? fields
            : ParseOutcome.Rejected(hostFault);
    }

    /// <summary>
    /// How many bytes of complete empty lines precede a request. A session drops them, so that a connection on which
    /// nothing but a stray CRLF arrived still counts as idle.
    /// </summary>
    public static int EmptyLineBytes(ReadOnlySpan<byte> bytes)
    {
        int count = 0;
        while (count < bytes.Length - 1 && bytes[count] == '\r' && bytes[count + 1] == '\n')
        {
            count += 2;
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ParseOutcome SkipEmptyLines(ReadOnlySpan<byte> bytes)
    {
        int skipped = EmptyLineBytes(bytes);
        if (skipped > LeadingEmptyLinesMax * 2)
        {
            return ParseOutcome.Rejected(RejectReason.BadMethodToken);
        }

        if (skipped == bytes.Length)
        {
            return ParseOutcome.NeedMore;
        }

        return bytes[skipped] is (byte)'\r' or (byte)'\n'
            ? LineFault.LineEnd(bytes, skipped, RejectReason.BareCarriageReturn)
            : ParseOutcome.Done(skipped);
    }

    /// <summary>RFC 9112 section 3.2: exactly one valid Host in HTTP/1.1, at most one in HTTP/1.0.</summary>
    private static RejectReason CheckHost(ReadOnlySpan<byte> bytes, RequestHead head)
    {
        HeaderTable fields = head.Fields;

        // Host is nearly always the first field. Asking that one does not have to wait for what the table just noted down.
        int index = fields.Count > 0 && fields[0].Known == KnownHeader.Host ? 0 : fields.FirstIndexOf(KnownHeader.Host);
        head.Host = default;
        if (index < 0)
        {
            return head.MinorVersion == 0 ? RejectReason.None : RejectReason.MissingHost;
        }

        if (fields.NextIndexOf(KnownHeader.Host, index) >= 0)
        {
            return RejectReason.DuplicateHost;
        }

        ByteRange host = fields[index].Value;
        head.Host = host;
        return HostRules.IsHostValue(bytes, host) ? RejectReason.None : RejectReason.BadHost;
    }
}
