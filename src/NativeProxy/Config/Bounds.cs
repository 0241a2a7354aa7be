using System.Globalization;

namespace NativeProxy.Config;

/// <summary>Words for allowed ranges in error messages, in the units of the file. Pure. A bound at the end of its type is not mentioned.</summary>
internal static class Bounds
{
    /// <summary>"an integer from 1 to 256".</summary>
    public static string Integer(long min, long max) =>
        "an integer " + Range(min.ToString(CultureInfo.InvariantCulture), max.ToString(CultureInfo.InvariantCulture), max);

    /// <summary>`a duration from "0s" to "24h"`.</summary>
    public static string Duration(long minMs, long maxMs) =>
        "a duration " + Range($"\"{Units.FormatDuration(minMs)}\"", $"\"{Units.FormatDuration(maxMs)}\"", maxMs);

    /// <summary>`a size from 256 to "1MiB"`.</summary>
    public static string Size(long minBytes, long maxBytes) => "a size " + Range(SizeText(minBytes), SizeText(maxBytes), maxBytes);

    private static string Range(string min, string max, long maxValue) =>
        maxValue is int.MaxValue or long.MaxValue ? $"of at least {min}" : $"from {min} to {max}";

    private static string SizeText(long sizeBytes)
    {
        string text = Units.FormatSize(sizeBytes);
        return char.IsAsciiDigit(text[^1]) ? text : $"\"{text}\"";
    }
}
