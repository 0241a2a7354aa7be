using System;

namespace NativeProxy.Config;

/// <summary>
/// Guesses what a wrongly written duration or size was meant to be ("75" -> "75s", "5 min" -> "5m", "64KB" -> "64KiB").
/// Pure; only feeds the hints of error messages and never decides a value.
/// </summary>
internal static class UnitHint
{
    /// <summary>A sentence with the likely spelling of a duration, or "" when there is no good guess.</summary>
    public static string ForDuration(string text)
    {
        (string number, string unit) = Split(text);
        string guess = unit.ToLowerInvariant() switch
        {
            "" or "s" or "sec" or "secs" or "second" or "seconds" => number + "s",
            "ms" or "msec" or "millis" or "millisecond" or "milliseconds" => number + "ms",
            "m" or "min" or "mins" or "minute" or "minutes" => number + "m",
            "h" or "hr" or "hrs" or "hour" or "hours" => number + "h",
            "d" or "day" or "days" when int.TryParse(number, out int days) && days < 10_000 => days * 24 + "h",
            _ => "",
        };
        if (!Units.TryParseDuration(guess, out long durationMs))
            return "";
        return unit.Length == 0 && durationMs != 0
            ? $"write \"{guess}\" for {number} seconds, \"{number}ms\" for {number} milliseconds"
            : $"did you mean \"{guess}\"?";
    }

    /// <summary>A sentence with the likely spelling of a size, or "" when there is no good guess.</summary>
    public static string ForSize(string text)
    {
        (string number, string unit) = Split(text);
        string guess = unit.ToLowerInvariant() switch
        {
            "k" or "kb" or "kib" => number + "KiB",
            "m" or "mb" or "mib" => number + "MiB",
            "g" or "gb" or "gib" => number + "GiB",
            _ => "",
        };
        if (Units.TryParseSize(guess, out _))
            return $"did you mean \"{guess}\"?";
        return number.Length > 0 && unit.ToLowerInvariant() is ("" or "b" or "byte" or "bytes")
            ? $"write {number} without quotes for bytes" : "";
    }

    /// <summary>Leading digits, and the rest without blanks; number is empty when the text does not start with a digit.</summary>
    private static (string Number, string Unit) Split(string text)
    {
        string compact = text.Replace(" ", "", StringComparison.Ordinal);
        int digits = 0;
        while (digits < compact.Length && char.IsAsciiDigit(compact[digits]))
            digits++;
        return (compact[..digits], compact[digits..]);
    }
}
