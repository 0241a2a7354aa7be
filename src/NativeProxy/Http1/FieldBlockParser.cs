using System;
using System.Runtime.CompilerServices;

namespace NativeProxy.Http1;

/// <summary>
/// Reads field lines up to and including the blank line (RFC 9112 section 5), for heads and trailers.
/// In: bytes from the first field line. Out: Done(length) | NeedMore | Rejected(reason); fields are added to the table.
/// Stateless. Never allocates, never throws, never reads past the span.
/// </summary>
internal static class FieldBlockParser
{
    /// <param name="bytes">Ranges in the table count from its first byte.</param>
    /// <param name="start">Index of the first field line.</param>
    /// <param name="bytesMax">Most bytes from <paramref name="start"/> to the end of the blank line.</param>
    /// <param name="table">Cleared by the caller, who thereby sets how many fields are allowed.</param>
    /// <returns>Done counts from <paramref name="start"/>.</returns>
    public static ParseOutcome Parse(ReadOnlySpan<byte> bytes, int start, int bytesMax, HeaderTable table)
    {
        bool isFull = bytes.Length - start >= bytesMax;
        ParseOutcome outcome = ParseLines(isFull ? bytes[..(start + bytesMax)] : bytes, start, table);
        return isFull && outcome.Status == ParseStatus.NeedMore
            ? ParseOutcome.Rejected(RejectReason.HeadTooLarge)
            : outcome;
    }

    private static ParseOutcome ParseLines(ReadOnlySpan<byte> bytes, int start, HeaderTable table)
    {
        int line = start;
        while (line < bytes.Length)
        {
            if (bytes[line] == '\r')
            {
                ParseOutcome end = LineFault.LineEnd(bytes, line, RejectReason.BareCarriageReturn);
                return end.Status == ParseStatus.Done ? ParseOutcome.Done(line + 2 - start) : end;
            }

            int colon = ByteScan.TokenEnd(bytes, line);
            if (colon == bytes.Length)
            {
                return ParseOutcome.NeedMore;
            }

            if (bytes[colon] != ':' || colon == line)
            {
                return NameFault(bytes, line, colon);
            }

            int lineEnd = ByteScan.TextEnd(bytes, colon + 1);
            if (lineEnd + 1 >= bytes.Length || bytes[lineEnd] != '\r' || bytes[lineEnd + 1] != '\n')
            {
                return lineEnd == bytes.Length
                    ? ParseOutcome.NeedMore
                    : LineFault.Of(bytes, lineEnd, RejectReason.BadFieldValue, RejectReason.BadFieldValue);
            }

            ByteRange name = ByteRange.Between(line, colon);
            ByteRange value = Trim(bytes, colon + 1, lineEnd);
            if (!table.TryAdd(name, value, KnownHeaders.Find(name.Of(bytes))))
            {
                return ParseOutcome.Rejected(RejectReason.TooManyFields);
            }

            line = lineEnd + 2;
        }

        return ParseOutcome.NeedMore;
    }

    /// <summary>Quick where a value has one SP before it and nothing behind it, as it nearly always has.</summary>
    /// <param name="end">At the CR; a colon or the value precedes it.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ByteRange Trim(ReadOnlySpan<byte> bytes, int start, int end)
    {
        if (bytes[start] == ' ')
        {
            start++;
        }

        return AsciiBytes.IsBlank(bytes[start]) || AsciiBytes.IsBlank(bytes[end - 1])
            ? AsciiBytes.Trim(bytes, start, end)
            : ByteRange.Between(start, end);
    }

    /// <summary>The line from <paramref name="line"/> has something else than a token and a colon.</summary>
    private static ParseOutcome NameFault(ReadOnlySpan<byte> bytes, int line, int stop)
    {
        if (!AsciiBytes.IsBlank(bytes[stop]))
        {
            return LineFault.Of(bytes, stop, RejectReason.BadFieldName, RejectReason.BadFieldName);
        }

        // A blank in front of a line continues the one before (RFC 9112 section 5.2); one behind a name is the colon
        // that some parsers skip to (section 5.1).
        return ParseOutcome.Rejected(stop == line ? RejectReason.ObsFold : RejectReason.SpaceBeforeColon);
    }
}
