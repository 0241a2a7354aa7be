using System;
using System.Buffers.Text;

namespace NativeProxy.Http;

/// <summary>
/// Reads the date of a field in all three forms that a recipient must take (RFC 9110 section 5.6.7): <c>Sun, 06 Nov 1994 08:49:37 GMT</c>,
/// <c>Sunday, 06-Nov-94 08:49:37 GMT</c> (RFC 850) and <c>Sun Nov  6 08:49:37 1994</c> (asctime). Stateless. Never allocates, never throws.
/// </summary>
internal static class HttpDateParser
{
    private const int FixedBytes = 29;
    private const int AsctimeBytes = 24;

    /// <summary>Bytes behind the day's name and the comma: <c> 06-Nov-94 08:49:37 GMT</c>.</summary>
    private const int Rfc850RestBytes = 23;

    private const int YearsAheadMax = 50;

    private static ReadOnlySpan<byte> Months => "JanFebMarAprMayJunJulAugSepOctNovDec"u8;

    /// <summary>False when it is none of the three, or no such day or time.</summary>
    /// <param name="text">The value, without the blanks around it.</param>
    /// <param name="nowWallMs">Now, which tells the century of a year of two digits: not more than 50 years ahead.</param>
    /// <param name="wallMs">Milliseconds since 1970-01-01 UTC.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, long nowWallMs, out long wallMs)
    {
        wallMs = 0;
        if (text.Length == FixedBytes && Utf8Parser.TryParse(text, out DateTimeOffset date, out int used, 'R') && used == FixedBytes)
        {
            wallMs = date.ToUnixTimeMilliseconds();
            return true;
        }
        return text.Length == AsctimeBytes ? TryReadAsctime(text, out wallMs) : TryReadRfc850(text, nowWallMs, out wallMs);
    }

    /// <summary><c>Sun Nov  6 08:49:37 1994</c>: the day has a blank where a second digit would be.</summary>
    private static bool TryReadAsctime(ReadOnlySpan<byte> text, out long wallMs)
    {
        wallMs = 0;
        return IsShortDay(text[..3]) && text[3] == ' ' && text[7] == ' ' && text[10] == ' ' && text[19] == ' '
            && TryReadMonth(text.Slice(4, 3), out int month)
            && TryReadNumber(text[8] == ' ' ? text.Slice(9, 1) : text.Slice(8, 2), out int day)
            && TryReadNumber(text.Slice(20, 4), out int year)
            && TryReadClock(text.Slice(11, 8), out TimeSpan clock)
            && TryPutTogether(year, month, day, clock, out wallMs);
    }

    private static bool TryReadRfc850(ReadOnlySpan<byte> text, long nowWallMs, out long wallMs)
    {
        wallMs = 0;
        int comma = text.IndexOf((byte)',');
        if (comma < 0 || !IsLongDay(text[..comma]) || text.Length != comma + 1 + Rfc850RestBytes)
            return false;
        ReadOnlySpan<byte> rest = text[(comma + 1)..];
        if (rest[0] != ' ' || rest[3] != '-' || rest[7] != '-' || rest[10] != ' ' || !rest[19..].SequenceEqual(" GMT"u8)
            || !TryReadNumber(rest.Slice(1, 2), out int day) || !TryReadMonth(rest.Slice(4, 3), out int month)
            || !TryReadNumber(rest.Slice(8, 2), out int year)
            || !TryReadClock(rest.Slice(11, 8), out TimeSpan clock))
        {
            return false;
        }
        int thisYear = DateTimeOffset.FromUnixTimeMilliseconds(nowWallMs).Year;
        year += thisYear / 100 * 100;
        if (year > thisYear + YearsAheadMax)
            year -= 100;
        return TryPutTogether(year, month, day, clock, out wallMs);
    }

    private static bool TryPutTogether(int year, int month, int day, TimeSpan clock, out long wallMs)
    {
        wallMs = 0;
        if (year < 1 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return false;
        wallMs = new DateTimeOffset(year, month, day, 0, 0, 0, TimeSpan.Zero).Add(clock).ToUnixTimeMilliseconds();
        return true;
    }

    /// <summary><c>08:49:37</c>; a leap second counts as the one before.</summary>
    private static bool TryReadClock(ReadOnlySpan<byte> text, out TimeSpan clock)
    {
        bool isRead = TryReadNumber(text[..2], out int hour) & TryReadNumber(text.Slice(3, 2), out int minute) & TryReadNumber(text.Slice(6, 2),
            out int second)
            & text[2] == ':' & text[5] == ':' & hour < 24 & minute < 60 & second <= 60;
        clock = isRead ? new TimeSpan(hour, minute, Math.Min(second, 59)) : default;
        return isRead;
    }

    private static bool TryReadMonth(ReadOnlySpan<byte> name, out int month)
    {
        for (month = 1; month <= 12; month++)
        {
            if (Months.Slice((month - 1) * 3, 3).SequenceEqual(name))
                return true;
        }
        return false;
    }

    private static bool TryReadNumber(ReadOnlySpan<byte> digits, out int number)
    {
        number = 0;
        foreach (byte digit in digits)
        {
            if (!AsciiBytes.IsDigit(digit))
                return false;
            number = (number * 10) + (digit - '0');
        }
        return true;
    }

    private static bool IsShortDay(ReadOnlySpan<byte> name) => "SunMonTueWedThuFriSat"u8.IndexOf(name) is >= 0 and var at && at % 3 == 0;

    private static bool IsLongDay(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("Sunday"u8) || name.SequenceEqual("Monday"u8) || name.SequenceEqual("Tuesday"u8) || name.SequenceEqual("Wednesday"u8)
        || name.SequenceEqual("Thursday"u8) || name.SequenceEqual("Friday"u8) || name.SequenceEqual("Saturday"u8);
}
