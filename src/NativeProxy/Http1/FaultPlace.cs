using System;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// Where in a refused message the rule was broken. The parsers do not say it, since nobody asks for good messages; once a prefix is refused every
/// longer one is, so the shortest refused prefix ends with the byte that broke it. Costs a parse per power of two: for messages that are refused
/// only. Pure; overwrites the head that it is lent.
/// </summary>
internal static class FaultPlace
{
    /// <summary>The place in a request that was refused by its head.</summary>
    /// <param name="bytes">From its first byte on.</param>
    /// <param name="limits">By which it was read.</param>
    /// <param name="head">Overwritten.</param>
    /// <param name="reason">The rule that it broke.</param>
    public static int OfRequest(ReadOnlySpan<byte> bytes, in HeadLimits limits, RequestHead head, RejectReason reason)
    {
        int length = bytes.Length;
        if (RequestHeadParser.Parse(bytes, limits, head).Status == ParseStatus.Rejected)
        {
            length = 0;
            for (int bad = bytes.Length; bad - length > 1;)
            {
                int middle = length + ((bad - length) / 2);
                if (RequestHeadParser.Parse(bytes[..middle], limits, head).Status == ParseStatus.Rejected)
                    bad = middle;
                else
                    length = middle;
            }
            length++;
            RequestHeadParser.Parse(bytes[..Math.Min(length, bytes.Length)], limits, head);
        }
        bool isOfTarget = reason is RejectReason.BadTarget or RejectReason.PathAboveRoot or RejectReason.PathNotNormal or RejectReason.AmbiguousPath;
        if (isOfTarget && (length == bytes.Length || EndsLine(bytes, length)) && head.Target.Length > 0 && head.Target.End <= bytes.Length)
            return head.Target.Start;
        return Within(bytes, OfField(bytes, head.Fields, reason) ?? AtByte(length, reason));
    }

    /// <summary>The place in a response that was refused by its head.</summary>
    /// <param name="bytes">From its first byte on.</param>
    /// <param name="limits">By which it was read.</param>
    /// <param name="head">Overwritten.</param>
    /// <param name="reason">The rule that it broke.</param>
    public static int OfResponse(ReadOnlySpan<byte> bytes, in HeadLimits limits, ResponseHead head, RejectReason reason)
    {
        // What is not there has no byte: behind the last one.
        if (reason == RejectReason.IncompleteHead)
            return bytes.Length;
        if (ResponseHeadParser.Parse(bytes, limits, head).Status != ParseStatus.Rejected)
            return Within(bytes, OfField(bytes, head.Fields, reason) ?? 0);
        int length = 0;
        for (int bad = bytes.Length; bad - length > 1;)
        {
            int middle = length + ((bad - length) / 2);
            if (ResponseHeadParser.Parse(bytes[..middle], limits, head).Status == ParseStatus.Rejected)
                bad = middle;
            else
                length = middle;
        }
        return Within(bytes, AtByte(length + 1, reason));
    }

    /// <summary>The place in a trailer section that was refused.</summary>
    /// <param name="bytes">From its first byte on.</param>
    /// <param name="table">Overwritten.</param>
    public static int OfTrailers(ReadOnlySpan<byte> bytes, HeaderTable table)
    {
        int length = 0;
        for (int bad = bytes.Length; bad - length > 1;)
        {
            int middle = length + ((bad - length) / 2);
            if (TrailerParser.Parse(bytes[..middle], WireScratch.TrailerBytesMax, table).Status == ParseStatus.Rejected)
                bad = middle;
            else
                length = middle;
        }
        return length;
    }

    private static int Within(ReadOnlySpan<byte> bytes, int place) => Math.Clamp(place, 0, Math.Max(0, bytes.Length - 1));

    private static bool EndsLine(ReadOnlySpan<byte> bytes, int length) => length > 0 && bytes[length - 1] is (byte)'\n' or (byte)'\r';

    /// <summary>A CR that no LF follows is known by the byte behind it.</summary>
    private static int AtByte(int length, RejectReason reason) => length - (reason == RejectReason.BareCarriageReturn ? 2 : 1);

    /// <summary>Where the head is well formed, and one of its fields says what it must not; null where the rule is not about a field.</summary>
    private static int? OfField(ReadOnlySpan<byte> bytes, HeaderTable fields, RejectReason reason) => reason switch
    {
        RejectReason.BadContentLength => First(fields, KnownHeader.ContentLength),
        RejectReason.DuplicateContentLength => OfDuplicate(bytes, fields),
        RejectReason.DuplicateHost => Second(fields, KnownHeader.Host),
        RejectReason.BadHost => First(fields, KnownHeader.Host),
        RejectReason.BadMaxForwards => First(fields, KnownHeader.MaxForwards),
        RejectReason.BadConnectionOption => First(fields, KnownHeader.Connection),
        RejectReason.UnexpectedUpgrade => First(fields, KnownHeader.Upgrade),
        RejectReason.BadTransferEncoding or RejectReason.UnknownTransferCoding or RejectReason.TransferEncodingInHttp10 =>
            First(fields, KnownHeader.TransferEncoding),
        RejectReason.LengthWithTransferEncoding or RejectReason.BodyOnConnect or RejectReason.BodyOnInterim =>
            Later(First(fields, KnownHeader.ContentLength), First(fields, KnownHeader.TransferEncoding)),
        _ => null,
    };

    private static int? OfDuplicate(ReadOnlySpan<byte> bytes, HeaderTable fields)
    {
        if (Second(fields, KnownHeader.ContentLength) is { } second)
            return second;
        int index = fields.FirstIndexOf(KnownHeader.ContentLength);
        return index < 0 ? null : fields[index].Value.Start + Math.Max(0, fields[index].Value.Of(bytes).IndexOf((byte)','));
    }

    private static int? Later(int? one, int? other) => one is null || other > one ? other : one;

    private static int? First(HeaderTable fields, KnownHeader known)
    {
        int index = fields.FirstIndexOf(known);
        return index < 0 ? null : fields[index].Value.Start;
    }

    private static int? Second(HeaderTable fields, KnownHeader known)
    {
        int index = fields.FirstIndexOf(known);
        int second = index < 0 ? -1 : fields.NextIndexOf(known, index);
        return second < 0 ? null : fields[second].Name.Start;
    }
}
