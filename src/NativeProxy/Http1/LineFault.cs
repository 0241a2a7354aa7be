using System;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// Names the fault of a byte that stopped a scan inside a line. CR and LF are told apart from ordinary bad bytes, since
/// a line end that only some parsers see is how requests are smuggled (RFC 9112 section 2.2).
/// </summary>
internal static class LineFault
{
    /// <param name="index">Where the scan stopped; inside <paramref name="bytes"/>.</param>
    /// <param name="badByte">The reason when it is an ordinary byte.</param>
    /// <param name="earlyEnd">The reason when it is a proper CRLF, so that the line is too short.</param>
    public static ParseOutcome Of(ReadOnlySpan<byte> bytes, int index, RejectReason badByte, RejectReason earlyEnd)
    {
        byte stop = bytes[index];
        if (stop == '\n')
            return ParseOutcome.Rejected(RejectReason.BareLineFeed);

        if (stop != '\r')
            return ParseOutcome.Rejected(badByte);

        if (index + 1 == bytes.Length)
        {
            return ParseOutcome.NeedMore; // lost either way, but the next byte tells the reason
        }

        return ParseOutcome.Rejected(bytes[index + 1] == '\n' ? earlyEnd : RejectReason.BareCarriageReturn);
    }

    /// <summary>Expects CRLF at <paramref name="index"/>; Done counts these two bytes.</summary>
    public static ParseOutcome LineEnd(ReadOnlySpan<byte> bytes, int index, RejectReason badByte)
    {
        if (index >= bytes.Length)
            return ParseOutcome.NeedMore;

        if (bytes[index] == '\r' && index + 1 < bytes.Length && bytes[index + 1] == '\n')
            return ParseOutcome.Done(2);

        return Of(bytes, index, badByte, badByte);
    }
}
