using System;

namespace NativeProxy.Logging;

/// <summary>
/// Dates of log lines from milliseconds since 1970-01-01, always UTC. Stateless; reads no clock. The text keeps the last one for the next line.
/// </summary>
internal static class LogTime
{
    /// <summary>The end of the year 9999.</summary>
    private const long WallMsMax = 253_402_300_799_999;

    /// <summary>How the date of a second is written.</summary>
    private enum Style
    {
        Iso,
        DayMonthYear,
    }

    /// <summary><c>2026-11-22T10:11:12.123Z</c>.</summary>
    public static void AppendIso(LogText text, long wallMs)
    {
        AppendSecond(text, wallMs, Style.Iso);
        AppendMillisecond(text, wallMs);
        text.Append("Z"u8);
    }

    /// <summary><c>22/Nov/2026:10:11:12.123</c>.</summary>
    public static void AppendHaproxy(LogText text, long wallMs)
    {
        AppendSecond(text, wallMs, Style.DayMonthYear);
        AppendMillisecond(text, wallMs);
    }

    /// <summary><c>22/Nov/2026:10:11:12 +0000</c>.</summary>
    public static void AppendCombined(LogText text, long wallMs)
    {
        AppendSecond(text, wallMs, Style.DayMonthYear);
        text.Append(" +0000"u8);
    }

    /// <summary>Thousands of lines have the same second.</summary>
    private static void AppendSecond(LogText text, long wallMs, Style style)
    {
        long second = Math.Clamp(wallMs, 0, WallMsMax) / 1000;
        long key = (second * 2) + (long)style;
        if (text.TryAppendDate(key))
            return;
        int start = text.Length;
        (DateOnly date, TimeOnly time) = DateTime.UnixEpoch.AddSeconds(second);
        if (style == Style.Iso)
            AppendYearMonthDay(text, date);
        else
            AppendDayMonthYear(text, date);
        AppendClock(text, time);
        text.KeepDate(key, start);
    }

    private static void AppendYearMonthDay(LogText text, DateOnly date)
    {
        (int year, int month, int day) = date;
        text.AppendDigits(year, 4);
        text.Append("-"u8);
        text.AppendDigits(month, 2);
        text.Append("-"u8);
        text.AppendDigits(day, 2);
        text.Append("T"u8);
    }

    private static void AppendDayMonthYear(LogText text, DateOnly date)
    {
        (int year, int month, int day) = date;
        text.AppendDigits(day, 2);
        text.Append("/"u8);
        text.Append("JanFebMarAprMayJunJulAugSepOctNovDec"u8.Slice((month - 1) * 3, 3));
        text.Append("/"u8);
        text.AppendDigits(year, 4);
        text.Append(":"u8);
    }

    private static void AppendClock(LogText text, TimeOnly time)
    {
        text.AppendDigits(time.Hour, 2);
        text.Append(":"u8);
        text.AppendDigits(time.Minute, 2);
        text.Append(":"u8);
        text.AppendDigits(time.Second, 2);
    }

    private static void AppendMillisecond(LogText text, long wallMs)
    {
        text.Append("."u8);
        text.AppendDigits((int)(Math.Clamp(wallMs, 0, WallMsMax) % 1000), 3);
    }
}
