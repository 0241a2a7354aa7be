using System;

namespace NativeProxy.Logging;

/// <summary>
/// One line in the combined log format of Apache and nginx, for tools that read nothing else; times are UTC, and the byte count is
/// that of the content, without head and framing (Apache's <c>%B</c>, nginx's <c>$body_bytes_sent</c>): 0, never <c>-</c>, for an empty one.
/// Stateless; log writer thread.
/// </summary>
internal static class CombinedFormat
{
    /// <summary><c>ip - - [time] "request" status bytes "referer" "user agent"</c>.</summary>
    public static void Append(LogText text, in AccessRecord record)
    {
        AddressText.Append(text, record.ClientAddress);
        text.Append(" - - ["u8);
        LogTime.AppendCombined(text, record.Numbers.StartWallMs);
        text.Append("] \""u8);
        if (record.Method.IsEmpty)
        {
            text.Append("-"u8);
        }
        else
        {
            text.AppendQuotable(record.Method);
            text.Append(" "u8);
            text.AppendQuotable(record.Target);
            text.Append(" "u8);
            text.AppendQuotable(record.Version);
        }

        text.Append("\" "u8);
        AppendStatus(text, record.Numbers.Status);
        text.Append(" "u8);
        text.AppendNumber(record.Numbers.BodyBytesSent);
        AppendQuoted(text, record.Referer);
        AppendQuoted(text, record.UserAgent);
        text.Append("\n"u8);
    }

    /// <summary>Where nothing was answered, what Apache writes for whatever there is not.</summary>
    private static void AppendStatus(LogText text, int status)
    {
        if (status == AccessNumbers.Unknown)
            text.Append("-"u8);
        else
            text.AppendDigits(Math.Clamp(status, 0, 999), 3);
    }

    private static void AppendQuoted(LogText text, ReadOnlySpan<byte> value)
    {
        text.Append(" \""u8);
        text.AppendQuotable(value.IsEmpty ? "-"u8 : value);
        text.Append("\""u8);
    }
}
