using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
    public static ParseOutcome Parse(ReadOnlySpan<byte> bytes, int start, int bytesMax, HeaderTable table) =>
        bytes.Length - start < bytesMax
            ? ParseLines(bytes, start, table, StopBlock.Before(start))
            : ParseLines(bytes[..(start + bytesMax)], start, table, StopBlock.Before(start)).Limited(true, RejectReason.HeadTooLarge);

    /// <summary>Goes from line end to line end, as long as the lines are sound. The span ends where the limit is.</summary>
    /// <param name="block">The one with the end of the line before, without the stops of that line; or an empty one.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ParseOutcome ParseLines(ReadOnlySpan<byte> bytes, int start, HeaderTable table, StopBlock block)
    {
        int line = start;
        while (true)
        {
            if (block.Bits == 0)
            {
                block = LineScan.NextStops(bytes, Math.Max(block.Start + StopBlock.BlockBytes, line));
            }

            int end = block.First;
            if (!LineScan.IsLineEnd(bytes, end))
            {
                if (block.Bits != 0 && end < bytes.Length && bytes[end] == '\t')
                {
                    block = block.WithoutFirst();
                    continue;
                }

                return FaultOf(bytes, line);
            }

            if (end == line)
            {
                return ParseOutcome.Done(line + 2 - start);
            }

            KnownHeader known;
            if (ByteScan.TryReadShortName(bytes, line, out int nameBytes, out Vector128<byte> lower))
            {
                known = KnownHeaders.FindShort(lower, nameBytes);
            }
            else
            {
                nameBytes = OtherNameBytes(bytes, line);
                if (nameBytes == 0)
                {
                    return FaultOf(bytes, line);
                }

                known = KnownHeaders.Find(bytes.Slice(line, nameBytes));
            }

            ByteRange value = LineScan.Value(bytes, line + nameBytes + 1, end);
            if (!table.TryAdd(new ByteRange(line, nameBytes), value, known))
            {
                return ParseOutcome.Rejected(RejectReason.TooManyFields);
            }

            block = block.WithoutFirst().WithoutFirst(); // CR and LF
            line = end + 2;
        }
    }

    /// <summary>Length of any token in front of a colon; zero when there is none.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int OtherNameBytes(ReadOnlySpan<byte> bytes, int line)
    {
        int end = ByteScan.TokenEnd(bytes, line);
        return end < bytes.Length && bytes[end] == ':' ? end - line : 0;
    }

    /// <summary>Says what is wrong with the line from <paramref name="line"/>, or that it is not complete.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ParseOutcome FaultOf(ReadOnlySpan<byte> bytes, int line)
    {
        if (line >= bytes.Length)
        {
            return ParseOutcome.NeedMore;
        }

        if (bytes[line] == '\r')
        {
            return LineFault.LineEnd(bytes, line, RejectReason.BareCarriageReturn);
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
        return lineEnd == bytes.Length
            ? ParseOutcome.NeedMore
            : LineFault.Of(bytes, lineEnd, RejectReason.BadFieldValue, RejectReason.BadFieldValue);
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
