using System;

namespace NativeProxy.Logging;

/// <summary>Dates of log lines from milliseconds since 1970-01-01, always UTC. Stateless; reads no clock.</summary>
internal static class LogTime
{
    /// <summary><c>2026-11-22T10:11:12.123Z</c>.</summary>
    public static void AppendIso(LogText text, long wallMs)
    {
        (DateOnly date, TimeOnly time) = TimeOf(wallMs);
        (int year, int month, int day) = date;
        text.AppendDigits(year, 4);
        text.Append("-"u8);
        text.AppendDigits(month, 2);
        text.Append("-"u8);
        text.AppendDigits(day, 2);
        text.Append("T"u8);
        AppendClock(text, time);
        AppendMillisecond(text, time);
        text.Append("Z"u8);
    }

    /// <summary><c>22/Nov/2026:10:11:12.123</c>.</summary>
    public static void AppendHaproxy(LogText text, long wallMs)
    {
        (DateOnly date, TimeOnly time) = TimeOf(wallMs);
        AppendDayMonthYear(text, date);
        AppendClock(text, time);
        AppendMillisecond(text, time);
    }

    /// <summary><c>22/Nov/2026:10:11:12 +0000</c>.</summary>
    public static void AppendCombined(LogText text, long wallMs)
    {
        (DateOnly date, TimeOnly time) = TimeOf(wallMs);
        AppendDayMonthYear(text, date);
        AppendClock(text, time);
        text.Append(" +0000"u8);
    }

    private static DateTime TimeOf(long wallMs) =>
        DateTime.UnixEpoch.AddMilliseconds(Math.Clamp(wallMs, 0,
            (DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond));

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

    private static void AppendMillisecond(LogText text, TimeOnly time)
    {
        text.Append("."u8);
        text.AppendDigits(time.Millisecond, 3);
    }
}
