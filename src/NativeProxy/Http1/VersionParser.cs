using System;
using NativeProxy.Http;

namespace NativeProxy.Http1;

/// <summary>Reads "HTTP/1.1" (RFC 9112 section 2.3). Stateless; shared by request line and status line.</summary>
internal static class VersionParser
{
    public const int VersionBytes = 8;

    /// <param name="minor">0 or 1 for HTTP/1.x; -1 for any other version, which is well-formed but not ours.</param>
    /// <returns>Done(8), NeedMore, or BadVersion.</returns>
    public static ParseOutcome Parse(ReadOnlySpan<byte> bytes, int start, out int minor)
    {
        minor = -1;
        ReadOnlySpan<byte> version = bytes[start..];
        if (version.StartsWith("HTTP/1.1"u8))
        {
            minor = 1;
            return ParseOutcome.Done(VersionBytes);
        }

        for (int i = 0; i < VersionBytes; i++)
        {
            if (i == version.Length)
                return ParseOutcome.NeedMore;

            // 'd' stands for any digit.
            byte expected = "HTTP/d.d"u8[i];
            if (expected == 'd' ? !AsciiBytes.IsDigit(version[i]) : version[i] != expected)
                return LineFault.Of(bytes, start + i, RejectReason.BadVersion, RejectReason.BadVersion);
        }

        if (version[5] == '1')
            minor = version[7] == '0' ? 0 : 1;

        return ParseOutcome.Done(VersionBytes);
    }
}
