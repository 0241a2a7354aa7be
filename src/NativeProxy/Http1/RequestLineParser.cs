using System;
using System.Runtime.InteropServices;

namespace NativeProxy.Http1;

/// <summary>
/// Reads one request line (RFC 9112 section 3): one SP between the parts, CRLF behind them, nothing else.
/// In: bytes from the method. Out: Done(length with CRLF) | NeedMore | Rejected(reason); positions go to the head.
/// Stateless. Never allocates, never throws, never reads past the span.
/// </summary>
internal static class RequestLineParser
{
    /// <summary>The version of nearly every request, and the other one that is ours, as they lie in memory.</summary>
    private static ReadOnlySpan<byte> Version11 => "HTTP/1.1"u8;

    private static ReadOnlySpan<byte> Version10 => "HTTP/1.0"u8;

    /// <param name="start">Index of the first byte of the method.</param>
    /// <param name="lineBytesMax">Without CRLF.</param>
    /// <param name="block">The first one from <paramref name="start"/> that holds a stop.</param>
    public static ParseOutcome Parse(ReadOnlySpan<byte> bytes, int start, int lineBytesMax, RequestHead head, StopBlock block)
    {
        int lineEnd = block.First;
        if (lineEnd - start <= lineBytesMax && LineScan.IsLineEnd(bytes, lineEnd) && TryParseSound(bytes, start, lineEnd, head))
        {
            return ParseOutcome.Done(lineEnd + 2 - start);
        }

        int windowBytes = (int)Math.Min((long)lineBytesMax + 2, int.MaxValue);
        bool isFull = bytes.Length - start >= windowBytes;
        ParseOutcome outcome = ParseLine(isFull ? bytes[..(start + windowBytes)] : bytes, start, head);
        return isFull && outcome.Status == ParseStatus.NeedMore
            ? ParseOutcome.Rejected(RejectReason.RequestLineTooLong)
            : outcome;
    }

    /// <summary>Reads a whole line from both ends. False when anything about it is rare or wrong: then it is read from the
    /// left, part by part, which finds the same or the reason.</summary>
    private static bool TryParseSound(ReadOnlySpan<byte> bytes, int start, int lineEnd, RequestHead head)
    {
        int targetEnd = lineEnd - VersionParser.VersionBytes - 1;
        int methodEnd = ByteScan.TokenEnd(bytes, start);
        int targetStart = methodEnd + 1;
        if (methodEnd == start || targetStart >= targetEnd || bytes[methodEnd] != ' ' ||
            ByteScan.TargetEnd(bytes, targetStart) != targetEnd || bytes[targetEnd] != ' ')
        {
            return false;
        }

        ulong version = MemoryMarshal.Read<ulong>(bytes[(targetEnd + 1)..]);
        bool isVersion11 = version == MemoryMarshal.Read<ulong>(Version11);
        if (!isVersion11 && version != MemoryMarshal.Read<ulong>(Version10))
        {
            return false;
        }

        ByteRange method = ByteRange.Between(start, methodEnd);
        head.Method = method;
        head.MethodKind = HttpMethods.Find(method.Of(bytes));
        head.Target = ByteRange.Between(targetStart, targetEnd);
        head.MinorVersion = isVersion11 ? 1 : 0;
        return TargetRules.TryClassify(bytes, head);
    }

    private static ParseOutcome ParseLine(ReadOnlySpan<byte> bytes, int start, RequestHead head)
    {
        int methodEnd = ByteScan.TokenEnd(bytes, start);
        if (methodEnd == bytes.Length)
        {
            return ParseOutcome.NeedMore;
        }

        if (bytes[methodEnd] != ' ' || methodEnd == start)
        {
            return LineFault.Of(bytes, methodEnd, RejectReason.BadMethodToken, RejectReason.BadMethodToken);
        }

        int targetStart = methodEnd + 1;
        int targetEnd = ByteScan.TargetEnd(bytes, targetStart);
        if (targetEnd == bytes.Length)
        {
            return ParseOutcome.NeedMore;
        }

        if (bytes[targetEnd] != ' ' || targetEnd == targetStart)
        {
            // A line that ends behind the target is the "simple request" of HTTP/0.9.
            return LineFault.Of(bytes, targetEnd, RejectReason.BadTarget, RejectReason.BadVersion);
        }

        int versionStart = targetEnd + 1;
        ParseOutcome version = VersionParser.Parse(bytes, versionStart, out int minor);
        if (version.Status != ParseStatus.Done)
        {
            return version;
        }

        int versionEnd = versionStart + VersionParser.VersionBytes;
        ParseOutcome lineEnd = LineFault.LineEnd(bytes, versionEnd, RejectReason.BadVersion);
        if (lineEnd.Status != ParseStatus.Done)
        {
            return lineEnd;
        }

        if (minor < 0)
        {
            return ParseOutcome.Rejected(RejectReason.UnsupportedVersion);
        }

        ByteRange method = ByteRange.Between(start, methodEnd);
        head.Method = method;
        head.MethodKind = HttpMethods.Find(method.Of(bytes));
        head.Target = ByteRange.Between(targetStart, targetEnd);
        head.MinorVersion = minor;
        return TargetRules.TryClassify(bytes, head)
            ? ParseOutcome.Done(versionEnd + 2 - start)
            : ParseOutcome.Rejected(RejectReason.BadTarget);
    }
}
