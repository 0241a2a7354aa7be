using System;
using System.Runtime.CompilerServices;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// Reads a whole response head: status line, field lines, blank line (RFC 9112 sections 4 and 5).
/// In: bytes from the start of a message; no empty line may precede it. Out: Done(length of the head) | NeedMore |
/// Rejected(reason). Stateless. Never allocates, never throws, never reads past the span.
/// </summary>
internal static class ResponseHeadParser
{
    private const int StatusDigits = 3;

    /// <summary>"HTTP/1.1 200 ", without a reason.</summary>
    private const int CommonLineBytesMin = 13;

    /// <param name="limits">RequestLineBytesMax is not used.</param>
    /// <param name="head">Overwritten; valid after Done only.</param>
    public static ParseOutcome Parse(ReadOnlySpan<byte> bytes, in HeadLimits limits, ResponseHead head)
    {
        // What nearly every head is; wherever it turns out to be different, the methods for all cases read it from its start.
        LineCursor cursor = LineScan.At(bytes, 0);
        int lineEnd = cursor.FirstStop;
        if (bytes.Length >= limits.HeadBytesMax || !LineScan.IsLineEnd(bytes, lineEnd) || !TryParseCommonLine(bytes, lineEnd, head))
            return ParseAny(bytes, limits, head);

        head.Fields.Clear(limits.FieldCountMax);
        return FieldBlockParser.ParseLines(bytes, cursor.PastLineEnd, head.Fields);
    }

    /// <summary>Reads "HTTP/1.1 ddd " and a reason without HTAB, perhaps empty. False when anything else is there.</summary>
    /// <param name="lineEnd">At the CR; no byte in front of it ends a line.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryParseCommonLine(ReadOnlySpan<byte> bytes, int lineEnd, ResponseHead head)
    {
        if (lineEnd < CommonLineBytesMin || !bytes.StartsWith("HTTP/1.1 "u8) || bytes[CommonLineBytesMin - 1] != ' ')
            return false;

        uint hundreds = (uint)bytes[CommonLineBytesMin - 4] - '0';
        uint tens = (uint)bytes[CommonLineBytesMin - 3] - '0';
        uint ones = (uint)bytes[CommonLineBytesMin - 2] - '0';
        if (hundreds - 1 > 8 || tens > 9 || ones > 9)
            return false;

        head.Version = HttpVersion.Http11;
        head.StatusCode = (int)((hundreds * 100) + (tens * 10) + ones);
        head.Reason = ByteRange.Between(CommonLineBytesMin, lineEnd);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ParseOutcome ParseAny(ReadOnlySpan<byte> bytes, in HeadLimits limits, ResponseHead head)
    {
        bool isFull = bytes.Length >= limits.HeadBytesMax;
        ReadOnlySpan<byte> window = isFull ? bytes[..limits.HeadBytesMax] : bytes;
        ParseOutcome line = ParseStatusLine(window, head);
        if (line.Status != ParseStatus.Done)
        {
            return isFull && line.Status == ParseStatus.NeedMore
                ? ParseOutcome.Rejected(RejectReason.HeadTooLarge)
                : line;
        }

        int fieldsStart = line.ConsumedBytes;
        head.Fields.Clear(limits.FieldCountMax);
        ParseOutcome fields = FieldBlockParser.Parse(window, fieldsStart, limits.HeadBytesMax - fieldsStart, head.Fields);
        return fields.Status == ParseStatus.Done ? ParseOutcome.Done(fieldsStart + fields.ConsumedBytes) : fields;
    }

    private static ParseOutcome ParseStatusLine(ReadOnlySpan<byte> bytes, ResponseHead head)
    {
        ParseOutcome version = VersionParser.Parse(bytes, 0, out int minor);
        if (version.Status != ParseStatus.Done)
            return version.Reason == RejectReason.BadVersion ? Bad : version;

        ParseOutcome status = ParseStatusCode(bytes, VersionParser.VersionBytes, out int statusCode);
        if (status.Status != ParseStatus.Done)
            return status;

        int statusEnd = VersionParser.VersionBytes + status.ConsumedBytes;
        int reasonStart = statusEnd < bytes.Length && bytes[statusEnd] == ' ' ? statusEnd + 1 : statusEnd;

        // Without the SP the line must end at once; many servers leave it out together with the reason.
        int reasonEnd = reasonStart == statusEnd ? statusEnd : ByteScan.TextEnd(bytes, reasonStart);
        ParseOutcome lineEnd = LineFault.LineEnd(bytes, reasonEnd, RejectReason.BadStatusLine);
        if (lineEnd.Status != ParseStatus.Done)
            return lineEnd;

        if (minor < 0)
            return ParseOutcome.Rejected(RejectReason.UnsupportedVersion);

        head.Version = (HttpVersion)minor;
        head.StatusCode = statusCode;
        head.Reason = ByteRange.Between(reasonStart, reasonEnd);
        return ParseOutcome.Done(reasonEnd + 2);
    }

    private static ParseOutcome Bad => ParseOutcome.Rejected(RejectReason.BadStatusLine);

    /// <summary>
    /// SP and three digits, 100 to 599 (RFC 9110 section 15). Above, no class is defined, but nothing about the message depends on it:
    /// it passes (<see cref="ServerFault.StatusAbove599"/>).
    /// </summary>
    private static ParseOutcome ParseStatusCode(ReadOnlySpan<byte> bytes, int start, out int statusCode)
    {
        statusCode = 0;
        for (int i = 0; i <= StatusDigits; i++)
        {
            int index = start + i;
            if (index == bytes.Length)
                return ParseOutcome.NeedMore;

            byte value = bytes[index];
            bool isFine = i switch
            {
                0 => value == ' ',
                1 => value is >= (byte)'1' and <= (byte)'9',
                _ => AsciiBytes.IsDigit(value),
            };
            if (!isFine)
                return LineFault.Of(bytes, index, RejectReason.BadStatusLine, RejectReason.BadStatusLine);

            statusCode = i == 0 ? 0 : (statusCode * 10) + (value - '0');
        }

        return ParseOutcome.Done(StatusDigits + 1);
    }
}
