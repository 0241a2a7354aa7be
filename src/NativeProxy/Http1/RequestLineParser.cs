using System;
using System.Runtime.CompilerServices;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>
/// Reads one request line (RFC 9112 section 3): one SP between the parts, CRLF behind them, nothing else.
/// In: bytes from the method. Out: Done(length with CRLF) | NeedMore | Rejected(reason); positions go to the head.
/// Stateless. Never allocates, never throws, never reads past the span.
/// </summary>
internal static class RequestLineParser
{
    /// <summary>"GET / HTTP/1.1" without CRLF.</summary>
    private const int CommonLineBytesMin = 14;

    /// <param name="start">Index of the first byte of the method.</param>
    /// <param name="limits">The longest line, and what a target may hold.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ParseOutcome Parse(ReadOnlySpan<byte> bytes, int start, in HeadLimits limits, RequestHead head)
    {
        int windowBytes = (int)Math.Min((long)limits.RequestLineBytesMax + 2, int.MaxValue);
        bool isFull = bytes.Length - start >= windowBytes;
        ParseOutcome outcome = ParseLine(isFull ? bytes[..(start + windowBytes)] : bytes, start, limits.AllowsNonAsciiTarget, head);
        return outcome.Limited(isFull, RejectReason.RequestLineTooLong);
    }

    /// <summary>
    /// Reads the line at the start of the span, whose CRLF is known, from both ends: a common method, a target in origin
    /// form, one of our versions. False when anything else is there: then <see cref="Parse"/> reads it from the left,
    /// part by part.
    /// </summary>
    /// <param name="lineEnd">At the CR.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryParseCommon(ReadOnlySpan<byte> bytes, int lineEnd, RequestHead head)
    {
        if (lineEnd < CommonLineBytesMin || !LineScan.TryFindVersion(bytes, lineEnd, out int minor))
            return false;

        int methodBytes = HttpMethods.CommonBytes(LineScan.Word(bytes, 0), out HttpMethod method);
        int targetStart = methodBytes + 1;
        int targetEnd = lineEnd - VersionParser.VersionBytes - 1;
        if (methodBytes == 0 || bytes[targetStart] != '/' || targetStart >= targetEnd || !ByteScan.IsTarget(bytes, targetStart, targetEnd))
            return false;

        head.Method = new ByteRange(0, methodBytes);
        head.MethodKind = method;
        head.Version = (HttpVersion)minor;
        TargetRules.SetOrigin(head, ByteRange.Between(targetStart, targetEnd));
        return true;
    }

    private static ParseOutcome ParseLine(ReadOnlySpan<byte> bytes, int start, bool allowsNonAscii, RequestHead head)
    {
        int methodEnd = ByteScan.TokenEnd(bytes, start);
        if (methodEnd == bytes.Length)
            return ParseOutcome.NeedMore;

        if (bytes[methodEnd] != ' ' || methodEnd == start)
            return LineFault.Of(bytes, methodEnd, RejectReason.BadMethodToken, RejectReason.BadMethodToken);

        int targetStart = methodEnd + 1;
        int targetEnd = allowsNonAscii ? TargetEndBeyondAscii(bytes, targetStart) : ByteScan.TargetEnd(bytes, targetStart);
        if (targetEnd == bytes.Length)
            return ParseOutcome.NeedMore;

        if (bytes[targetEnd] != ' ' || targetEnd == targetStart)
        {
            // A line that ends behind the target is the "simple request" of HTTP/0.9.
            return LineFault.Of(bytes, targetEnd, RejectReason.BadTarget, RejectReason.BadVersion);
        }

        int versionStart = targetEnd + 1;
        ParseOutcome version = VersionParser.Parse(bytes, versionStart, out int minor);
        if (version.Status != ParseStatus.Done)
            return version;

        int versionEnd = versionStart + VersionParser.VersionBytes;
        ParseOutcome lineEnd = LineFault.LineEnd(bytes, versionEnd, RejectReason.BadVersion);
        if (lineEnd.Status != ParseStatus.Done)
            return lineEnd;

        if (minor < 0)
            return ParseOutcome.Rejected(RejectReason.UnsupportedVersion);

        ByteRange method = ByteRange.Between(start, methodEnd);
        head.Method = method;
        head.MethodKind = HttpMethods.Find(method.Of(bytes));
        head.Target = ByteRange.Between(targetStart, targetEnd);
        head.Version = (HttpVersion)minor;
        return TargetRules.TryClassify(bytes, head)
            ? ParseOutcome.Done(versionEnd + 2 - start)
            : ParseOutcome.Rejected(RejectReason.BadTarget);
    }

    /// <summary>As <see cref="ByteScan.TargetEnd"/>, but over bytes above 0x7f; those of a host are refused where it is taken out.</summary>
    private static int TargetEndBeyondAscii(ReadOnlySpan<byte> bytes, int start)
    {
        int end = ByteScan.TargetEnd(bytes, start);
        while (end < bytes.Length && bytes[end] >= 0x80)
            end = ByteScan.TargetEnd(bytes, end + 1);
        return end;
    }
}
