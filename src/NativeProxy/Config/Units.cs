// This file is compiled twice: here, and (by a link) into the settings generator, so that a default written in the
// schema and a value written by a user are read by the same code. It therefore keeps to netstandard2.0.
#if SETTINGS_GENERATOR
namespace NativeProxy.Generators;
#else
namespace NativeProxy.Config;
#endif

/// <summary>
/// The units of the settings file: durations as a whole number with ms, s, m or h; sizes as a whole number with KiB, MiB or GiB.
/// Pure text to number and back; no fractions, no blanks, no sign, no sums ("1h30m" is written "90m"). Never throws.
/// </summary>
internal static class Units
{
    private const long Second = 1000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;
    private const long Kibibyte = 1024;
    private const long Mebibyte = 1024 * Kibibyte;
    private const long Gibibyte = 1024 * Mebibyte;

    /// <summary>Reads "250ms", "75s", "10m" or "1h" into milliseconds; false for anything else and for what does not fit a long.</summary>
    public static bool TryParseDuration(string text, out long durationMs)
    {
        int digits = SplitNumber(text, out durationMs);
        return digits > 0 && TryScale(ref durationMs, text.Substring(digits) switch
        {
            "ms" => 1,
            "s" => Second,
            "m" => Minute,
            "h" => Hour,
            _ => 0,
        });
    }

    /// <summary>Reads "64KiB", "16MiB" or "1GiB" into bytes; false for anything else and for what does not fit a long.</summary>
    public static bool TryParseSize(string text, out long sizeBytes)
    {
        int digits = SplitNumber(text, out sizeBytes);
        return digits > 0 && TryScale(ref sizeBytes, text.Substring(digits) switch
        {
            "KiB" => Kibibyte,
            "MiB" => Mebibyte,
            "GiB" => Gibibyte,
            _ => 0,
        });
    }

    /// <summary>Writes milliseconds with the largest unit that leaves a whole number: 86400000 is "24h", 75000 is "75s", 0 is "0s".</summary>
    public static string FormatDuration(long durationMs)
    {
        if (durationMs % Second != 0)
            return durationMs + "ms";
        if (durationMs == 0 || durationMs % Minute != 0)
            return durationMs / Second + "s";
        return durationMs % Hour != 0 ? durationMs / Minute + "m" : durationMs / Hour + "h";
    }

    /// <summary>Writes bytes with the largest unit that leaves a whole number: 1048576 is "1MiB", 256 is "256" (a bare number of bytes).</summary>
    public static string FormatSize(long sizeBytes)
    {
        if (sizeBytes == 0 || sizeBytes % Kibibyte != 0)
            return sizeBytes.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (sizeBytes % Mebibyte != 0)
            return sizeBytes / Kibibyte + "KiB";
        return sizeBytes % Gibibyte != 0 ? sizeBytes / Mebibyte + "MiB" : sizeBytes / Gibibyte + "GiB";
    }

    /// <summary>Reads the leading ASCII digits; returns how many there are, 0 when there are none or the number does not fit.</summary>
    private static int SplitNumber(string text, out long number)
    {
        number = 0;
        int count = 0;
        while (count < text.Length && text[count] is >= '0' and <= '9')
        {
            int digit = text[count] - '0';
            if (number > (long.MaxValue - digit) / 10)
                return 0;
            number = number * 10 + digit;
            count++;
        }

        return count;
    }

    private static bool TryScale(ref long number, long factor)
    {
        if (factor == 0 || number > long.MaxValue / factor)
            return false;
        number *= factor;
        return true;
    }
}
