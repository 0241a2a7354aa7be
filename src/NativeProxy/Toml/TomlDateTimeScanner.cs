using System;

namespace NativeProxy.Toml;

/// <summary>
/// The four date and time kinds of TOML 1.0 (RFC 3339). Stateless; allocates nothing. Fractions are cut (never rounded) to 100 ns.
/// Three things RFC 3339 can write and .NET cannot hold are refused: the year 0000, the leap second 60, and an instant outside the years 1 to 9999 in UTC.
/// An offset beyond 14 hours, which <see cref="DateTimeOffset"/> cannot hold, is given as the same instant in UTC.
/// </summary>
internal static class TomlDateTimeScanner
{
    private const int HostOffsetMinutesMax = 14 * 60;
    private const int FractionDigitsKept = 7;
    private const string Forms = "1979-05-27, 07:32:00, 1979-05-27T07:32:00 or 1979-05-27T07:32:00Z, all digits written out";

    /// <summary>True when the digits at this index begin a date or a time and not a number.</summary>
    public static bool LooksLikeDateOrTime(ReadOnlySpan<byte> text, int index)
    {
        int start = index;
        while (TomlBytes.IsDigit(TomlBytes.At(text, index)))
            index++;
        return index > start && TomlBytes.At(text, index) is (byte)'-' or (byte)':';
    }

    /// <summary>Scans the date, time or both that start at <paramref name="start"/>.</summary>
    public static bool TryScan(ReadOnlySpan<byte> text, int start, out TomlScalar value, out int end, out TomlFault fault)
    {
        string? problem = ScanAny(text, start, out value, out end);
        if (problem is null && !TomlBytes.EndsValue(text, end))
            problem = "a date or time has something after it that does not belong to it";
        fault = problem is null ? default : new TomlFault(start, ReachOf(text, start, end), problem, Forms);
        return problem is null;
    }

    /// <returns>null, or what is wrong; then <paramref name="index"/> is where it was noticed.</returns>
    private static string? ScanAny(ReadOnlySpan<byte> text, int start, out TomlScalar value, out int index)
    {
        value = default;
        index = start;
        if (TomlBytes.At(text, start + 2) == ':')
        {
            string? timeProblem = ScanTime(text, ref index, out long timeTicks);
            value = new TomlScalar(TomlTokenKind.LocalTime, timeTicks);
            return timeProblem;
        }
        if (ScanDate(text, ref index, out long ticks) is string dateProblem)
            return dateProblem;
        if (!IsTimeNext(text, index))
        {
            value = new TomlScalar(TomlTokenKind.LocalDate, ticks);
            return null;
        }
        index++;
        if (ScanTime(text, ref index, out long ofDayTicks) is string problem)
            return problem;
        ticks += ofDayTicks;
        if (TomlBytes.At(text, index) is (byte)'Z' or (byte)'z' or (byte)'+' or (byte)'-')
            return ScanOffset(text, ref index, ticks, out value);
        value = new TomlScalar(TomlTokenKind.LocalDateTime, ticks);
        return null;
    }

    /// <summary>A space separates date and time only when a digit follows; otherwise it ends a local date.</summary>
    private static bool IsTimeNext(ReadOnlySpan<byte> text, int index) =>
        TomlBytes.At(text, index) is (byte)'T' or (byte)'t' ||
        (TomlBytes.At(text, index) == ' ' && TomlBytes.IsDigit(TomlBytes.At(text, index + 1)));

    private static string? ScanDate(ReadOnlySpan<byte> text, ref int index, out long ticks)
    {
        ticks = 0;
        if (!TryDigits(text, ref index, 4, out int year) || !TryByte(text, ref index, (byte)'-') ||
            !TryDigits(text, ref index, 2, out int month) || !TryByte(text, ref index, (byte)'-') ||
            !TryDigits(text, ref index, 2, out int day))
            return "a date is not written as YYYY-MM-DD";
        if (year == 0)
            return "a date has the year 0000";
        if (month is < 1 or > 12)
            return "a date has a month that does not exist";
        if (day < 1 || day > DateTime.DaysInMonth(year, month))
            return "a date has a day that its month does not have";
        ticks = new DateTime(year, month, day).Ticks;
        return null;
    }

    private static string? ScanTime(ReadOnlySpan<byte> text, ref int index, out long ticks)
    {
        ticks = 0;
        if (!TryDigits(text, ref index, 2, out int hour) || !TryByte(text, ref index, (byte)':') ||
            !TryDigits(text, ref index, 2, out int minute) || !TryByte(text, ref index, (byte)':') ||
            !TryDigits(text, ref index, 2, out int second))
            return "a time is not written as HH:MM:SS";
        if (hour > 23 || minute > 59 || second > 59)
            return "a time is past 23:59:59";
        ticks = hour * TimeSpan.TicksPerHour + minute * TimeSpan.TicksPerMinute + second * TimeSpan.TicksPerSecond;
        if (!TryByte(text, ref index, (byte)'.'))
            return null;
        int fractionStart = index;
        long unitTicks = TimeSpan.TicksPerSecond;
        for (; TomlBytes.IsDigit(TomlBytes.At(text, index)); index++)
        {
            if (index - fractionStart >= FractionDigitsKept)
                continue;
            unitTicks /= 10;
            ticks += (text[index] - '0') * unitTicks;
        }
        return index > fractionStart ? null : "a time has a dot without digits after it";
    }

    private static string? ScanOffset(ReadOnlySpan<byte> text, ref int index, long localTicks, out TomlScalar value)
    {
        value = default;
        byte sign = text[index++];
        int offsetMinutes = 0;
        if (sign is (byte)'+' or (byte)'-')
        {
            if (!TryDigits(text, ref index, 2, out int hours) || !TryByte(text, ref index, (byte)':') || !TryDigits(text, ref index, 2, out int minutes))
                return "an offset from UTC is not written as +HH:MM or -HH:MM";
            if (hours > 23 || minutes > 59)
                return "an offset from UTC is past 23:59";
            offsetMinutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
        }
        long utcTicks = localTicks - offsetMinutes * TimeSpan.TicksPerMinute;
        if (utcTicks < 0 || utcTicks > DateTime.MaxValue.Ticks)
            return "a date and time is outside the years 1 to 9999 in UTC";
        value = Math.Abs(offsetMinutes) > HostOffsetMinutesMax
            ? new TomlScalar(TomlTokenKind.OffsetDateTime, utcTicks)
            : new TomlScalar(TomlTokenKind.OffsetDateTime, localTicks, (short)offsetMinutes);
        return null;
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, ref int index, int count, out int value)
    {
        value = 0;
        for (int end = index + count; index < end; index++)
        {
            byte b = TomlBytes.At(text, index);
            if (!TomlBytes.IsDigit(b))
                return false;
            value = value * 10 + (b - '0');
        }
        return true;
    }

    private static bool TryByte(ReadOnlySpan<byte> text, ref int index, byte wanted)
    {
        if (TomlBytes.At(text, index) != wanted)
            return false;
        index++;
        return true;
    }

    /// <summary>Bytes from the start to the end of the word in which the problem was noticed.</summary>
    private static int ReachOf(ReadOnlySpan<byte> text, int start, int noticedIndex)
    {
        int index = Math.Min(noticedIndex, text.Length);
        return index - start + TomlBytes.WordLength(text, index);
    }
}
