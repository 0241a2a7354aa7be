using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// Reads field lines up to and including the blank line (RFC 9112 section 5), for heads and trailers.
/// In: bytes from the first field line. Out: Done(length) | NeedMore | Rejected(reason); fields are added to the table.
/// Stateless. Never allocates, never throws, never reads past the span.
/// </summary>
internal static class FieldBlockParser
{
    /// <summary>Longer lines are left to a search in longer strides.</summary>
    private const int CommonLineBytesMax = 3 * LineCursor.BlockBytes;

    /// <param name="bytes">Ranges in the table count from its first byte.</param>
    /// <param name="start">Index of the first field line.</param>
    /// <param name="bytesMax">Most bytes from <paramref name="start"/> to the end of the blank line.</param>
    /// <param name="table">Cleared by the caller, who thereby sets how many fields are allowed.</param>
    /// <returns>Done counts from <paramref name="start"/>.</returns>
    public static ParseOutcome Parse(ReadOnlySpan<byte> bytes, int start, int bytesMax, HeaderTable table)
    {
        bool isFull = bytes.Length - start >= bytesMax;
        ReadOnlySpan<byte> window = isFull ? bytes[..(start + bytesMax)] : bytes;
        ParseOutcome outcome = ParseLines(window, LineScan.At(window, start), table);
        return outcome.Status == ParseStatus.Done
            ? ParseOutcome.Done(outcome.ConsumedBytes - start)
            : outcome.Limited(isFull, RejectReason.HeadTooLarge);
    }

    /// <summary>The same from a line in the middle of a head; the span ends where the limit is.</summary>
    /// <returns>Done counts from the start of the span.</returns>
    public static ParseOutcome ParseLines(ReadOnlySpan<byte> bytes, LineCursor cursor, HeaderTable table)
    {
        while (true)
        {
            cursor = CallParseCommonLines(bytes, cursor, table);
            int line = cursor.Line;
            if (cursor.Stops == 0)
            {
                cursor = LineScan.NextBlock(bytes, cursor);
                if (cursor.Stops == 0)
                    return FaultOf(bytes, line);

                continue;
            }

            int end = cursor.FirstStop;
            if (bytes[end] == '\t')
            {
                cursor = cursor.PastFirstStop;
                continue;
            }

            if (!LineScan.IsLineEnd(bytes, end))
                return FaultOf(bytes, line);

            if (end == line)
                return ParseOutcome.Done(end + 2);

            int colon = ByteScan.TokenEnd(bytes, line);
            if (bytes[colon] != ':' || colon == line)
                return FaultOf(bytes, line);

            ByteRange name = ByteRange.Between(line, colon);
            if (!table.TryAdd(name, AsciiBytes.Trim(bytes, colon + 1, end), KnownHeaders.Find(name.Of(bytes))))
                return ParseOutcome.Rejected(RejectReason.TooManyFields);

            cursor = cursor.PastLineEnd;
        }
    }

    /// <summary>
    /// Goes from line to line as long as they are what nearly all lines are: a short name, one SP, a value without other
    /// blanks around it, not very long. Calls nothing, so that everything stays in registers.
    /// </summary>
    /// <param name="isEnd">The cursor is at the blank line, the CRLF of which is there.</param>
    /// <returns>At the first line that is not like that.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LineCursor ParseCommonLines(ReadOnlySpan<byte> bytes, LineCursor cursor, HeaderTable table, out bool isEnd)
    {
        int line = cursor.Line;
        int blockStart = cursor.BlockStart;
        ulong stops = cursor.Stops;
        while (true)
        {
            while (stops == 0)
            {
                int next = Math.Max(blockStart + LineCursor.BlockBytes, line);
                if (next - line > CommonLineBytesMax || !LineScan.TryFindStops(bytes, next, out stops))
                {
                    isEnd = false;
                    return new LineCursor(line, blockStart, stops: 0);
                }

                blockStart = next;
            }

            int end = blockStart + BitOperations.TrailingZeroCount(stops);
            if (!LineScan.IsLineEnd(bytes, end))
                break;

            if (end == line)
            {
                isEnd = true;
                return new LineCursor(line, blockStart, stops);
            }

            if (!ByteScan.TryReadShortName(bytes, line, out int nameBytes, out Vector128<byte> lower))
                break;

            int valueStart = line + nameBytes + 1;
            if (!LineScan.TryTrim(bytes, ref valueStart, end) ||
                !table.TryAdd(new ByteRange(line, nameBytes), ByteRange.Between(valueStart, end), KnownHeaders.FindShort(lower, nameBytes)))
            {
                break;
            }

            stops = LineCursor.WithoutFirst(LineCursor.WithoutFirst(stops)); // CR and LF
            line = end + 2;
        }

        isEnd = false;
        return new LineCursor(line, blockStart, stops);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static LineCursor CallParseCommonLines(ReadOnlySpan<byte> bytes, LineCursor cursor, HeaderTable table) =>
        ParseCommonLines(bytes, cursor, table, out _);

    /// <summary>Says what is wrong with the line from <paramref name="line"/>, or that it is not complete.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ParseOutcome FaultOf(ReadOnlySpan<byte> bytes, int line)
    {
        if (line >= bytes.Length)
            return ParseOutcome.NeedMore;

        if (bytes[line] == '\r')
            return LineFault.LineEnd(bytes, line, RejectReason.BareCarriageReturn);

        int colon = ByteScan.TokenEnd(bytes, line);
        if (colon == bytes.Length)
            return ParseOutcome.NeedMore;

        if (bytes[colon] != ':' || colon == line)
            return NameFault(bytes, line, colon);

        int lineEnd = ByteScan.TextEnd(bytes, colon + 1);
        return lineEnd == bytes.Length
            ? ParseOutcome.NeedMore
            : LineFault.Of(bytes, lineEnd, RejectReason.BadFieldValue, RejectReason.BadFieldValue);
    }

    /// <summary>The line from <paramref name="line"/> has something else than a token and a colon.</summary>
    private static ParseOutcome NameFault(ReadOnlySpan<byte> bytes, int line, int stop)
    {
        if (!AsciiBytes.IsBlank(bytes[stop]))
            return LineFault.Of(bytes, stop, RejectReason.BadFieldName, RejectReason.BadFieldName);

        // A blank in front of a line continues the one before (RFC 9112 section 5.2); one behind a name is the colon
        // that some parsers skip to (section 5.1).
        return ParseOutcome.Rejected(stop == line ? RejectReason.ObsFold : RejectReason.SpaceBeforeColon);
    }
}
