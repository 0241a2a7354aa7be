using System;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// Reads the trailer section behind the last chunk, including the blank line (RFC 9112 section 7.1.2), and says which
/// of its fields may be passed on. Stateless, like <see cref="FieldBlockParser"/>, which does the work.
/// </summary>
internal static class TrailerParser
{
    /// <param name="bytes">From the first byte behind the last-chunk line.</param>
    /// <param name="table">Overwritten; not the table of the head.</param>
    /// <returns>Too many bytes or fields are TrailerTooLarge, everything else that is wrong is BadTrailer.</returns>
    public static ParseOutcome Parse(ReadOnlySpan<byte> bytes, int bytesMax, HeaderTable table)
    {
        table.Clear();
        ParseOutcome outcome = FieldBlockParser.Parse(bytes, 0, bytesMax, table);
        if (outcome.Status != ParseStatus.Rejected)
            return outcome;

        return ParseOutcome.Rejected(
            outcome.Reason is RejectReason.HeadTooLarge or RejectReason.TooManyFields
                ? RejectReason.TrailerTooLarge
                : RejectReason.BadTrailer);
    }

    /// <summary>
    /// False for what RFC 9110 section 6.5.1 keeps out of trailers: framing, routing, hop-by-hop, authentication, request
    /// modifiers and content format. A recipient that merges trailers into the head would be misled by them.
    /// </summary>
    public static bool MayForward(KnownHeader known) => known switch
    {
        KnownHeader.None or KnownHeader.Server or KnownHeader.UserAgent or KnownHeader.Date or KnownHeader.ETag or
            KnownHeader.LastModified or KnownHeader.Expires => true,
        _ => false,
    };
}
