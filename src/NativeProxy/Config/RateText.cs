using System.Globalization;

namespace NativeProxy.Config;

/// <summary>So many in a time.</summary>
/// <param name="Count">How many, from 1.</param>
/// <param name="PeriodMs">In which time.</param>
internal readonly record struct Rate(int Count, long PeriodMs);

/// <summary>Reads a rate: `10/s`, `100/m`, `1000/h`. Pure.</summary>
internal static class RateText
{
    public const string Pattern = "^[0-9]{1,7}/[smh]$";

    public const string Expected = "a rate such as \"10/s\", \"100/m\" or \"1000/h\" (1 to 1000000)";

    /// <summary>More are no limit.</summary>
    public const int CountMax = 1_000_000;

    public static bool TryParse(string text, out Rate rate)
    {
        rate = default;
        int slash = text.IndexOf('/');
        if (slash is < 1 or > 7 || slash != text.Length - 2)
            return false;
        bool isNumber = int.TryParse(text[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out int count);
        long periodMs = text[^1] switch
        {
            's' => 1000,
            'm' => 60 * 1000,
            'h' => 60 * 60 * 1000,
            _ => 0,
        };
        rate = new Rate(count, periodMs);
        return isNumber && count is >= 1 and <= CountMax && periodMs > 0;
    }

    /// <summary>The rate of a checked setting.</summary>
    public static Rate Of(string text) => TryParse(text, out Rate rate) ? rate : new Rate(CountMax, 1000);
}
