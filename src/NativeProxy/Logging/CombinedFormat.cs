using System;

namespace NativeProxy.Logging;

/// <summary>
/// One line in the combined log format of Apache and nginx, for tools that read nothing else; times are UTC and the byte count includes
/// the head. Stateless; log writer thread.
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
        text.AppendDigits(Math.Clamp(record.Numbers.Status, 0, 999), 3);
        text.Append(" "u8);
        text.AppendNumber(record.Numbers.BytesSent);
        AppendQuoted(text, record.Referer);
        AppendQuoted(text, record.UserAgent);
        text.Append("\n"u8);
    }

    private static void AppendQuoted(LogText text, ReadOnlySpan<byte> value)
    {
        text.Append(" \""u8);
        text.AppendQuotable(value.IsEmpty ? "-"u8 : value);
        text.Append("\""u8);
    }
}
