using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using NativeProxy.Config.Toml;
using Xunit;

namespace NativeProxy.Tests.Config.Toml;

/// <summary>
/// Compares a parsed document with the tagged JSON of the vectors: `{"type": "integer", "value": "42"}` for scalars, plain JSON around them.
/// </summary>
internal static class TaggedJson
{
    /// <summary>Every difference, with the path to it; empty when they are equal.</summary>
    public static List<string> Differences(JsonElement expected, TomlTable actual)
    {
        var differences = new List<string>();
        CompareTable("$", expected, actual, differences);
        return differences;
    }

    private static void CompareTable(string path, JsonElement expected, TomlTable actual, List<string> differences)
    {
        int expectedCount = expected.EnumerateObject().Count();
        if (expectedCount != actual.Entries.Count)
            differences.Add($"{path}: {actual.Entries.Count} keys instead of {expectedCount}");
        foreach (JsonProperty property in expected.EnumerateObject())
        {
            if (actual.Find(property.Name) is TomlEntry entry)
                CompareNode($"{path}.{property.Name}", property.Value, entry.Value, differences);
            else
                differences.Add($"{path}.{property.Name}: missing");
        }
    }

    private static void CompareNode(string path, JsonElement expected, TomlNode actual, List<string> differences)
    {
        TomlKind expectedKind = KindOf(expected);
        if (actual.Kind != expectedKind)
            differences.Add($"{path}: {actual.Kind} instead of {expectedKind}");
        else if (expectedKind == TomlKind.Table)
            CompareTable(path, expected, actual.Table, differences);
        else if (expectedKind == TomlKind.Array)
            CompareArray(path, expected, actual.Items, differences);
        else if (!IsSameScalar(expected.GetProperty("value").GetString()!, actual))
            differences.Add($"{path}: another {actual.Kind} instead of {expected.GetProperty("value").GetString()}");
    }

    private static void CompareArray(string path, JsonElement expected, List<TomlNode> actual, List<string> differences)
    {
        if (expected.GetArrayLength() != actual.Count)
        {
            differences.Add($"{path}: {actual.Count} items instead of {expected.GetArrayLength()}");
            return;
        }
        for (int i = 0; i < actual.Count; i++)
            CompareNode($"{path}[{i}]", expected[i], actual[i], differences);
    }

    private static TomlKind KindOf(JsonElement expected)
    {
        if (expected.ValueKind == JsonValueKind.Array)
            return TomlKind.Array;
        bool isScalar = expected.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String &&
            expected.TryGetProperty("value", out JsonElement value) && value.ValueKind == JsonValueKind.String;
        if (!isScalar)
            return TomlKind.Table;
        return type.GetString() switch
        {
            "string" => TomlKind.String,
            "integer" => TomlKind.Integer,
            "float" => TomlKind.Float,
            "bool" => TomlKind.Boolean,
            "datetime" or "datetime-local" or "date-local" or "time-local" => TomlKind.DateOrTime,
            string other => throw new InvalidOperationException($"the vectors know a type {other} that this test does not"),
            null => throw new InvalidOperationException("a type is null"),
        };
    }

    private static bool IsSameScalar(string expected, TomlNode actual) => actual.Kind switch
    {
        TomlKind.String => actual.Text == expected,
        TomlKind.Integer => actual.Integer == long.Parse(expected, CultureInfo.InvariantCulture),
        TomlKind.Float => IsSameFloat(expected, actual.Float),
        TomlKind.Boolean => actual.Boolean == bool.Parse(expected),
        TomlKind.DateOrTime => InFull(expected) == InFull(actual.DateOrTime),
        _ => false,
    };

    private static bool IsSameFloat(string expected, double actual) => expected switch
    {
        "nan" => double.IsNaN(actual),
        "inf" or "+inf" => double.IsPositiveInfinity(actual),
        "-inf" => double.IsNegativeInfinity(actual),
        // Bits, so that -0 is not taken for 0.
        _ => BitConverter.DoubleToInt64Bits(actual) == BitConverter.DoubleToInt64Bits(double.Parse(expected, CultureInfo.InvariantCulture)),
    };

    /// <summary>
    /// A date or time as the vectors write it: `T` and `Z`, with seconds, without the zeros at the end of a fraction. Ours is as it stands in the
    /// file.
    /// </summary>
    private static string InFull(string dateOrTime)
    {
        string text = dateOrTime.ToUpperInvariant().Replace(' ', 'T');
        Match parts = Regex.Match(text,
            @"^(?<date>\d{4}-\d\d-\d\d)?(?<t>T)?(?:(?<minute>\d\d:\d\d)(?<second>:\d\d)?(?:\.(?<fraction>\d+))?)?(?<offset>Z|[+-]\d\d:\d\d)?$");
        Assert.True(parts.Success, dateOrTime);
        string fraction = parts.Groups["fraction"].Value.TrimEnd('0');
        string second = parts.Groups["minute"].Success && !parts.Groups["second"].Success ? ":00" : parts.Groups["second"].Value;
        string part = fraction.Length > 0 ? "." + fraction : "";
        return $"{parts.Groups["date"]}{parts.Groups["t"]}{parts.Groups["minute"]}{second}{part}{parts.Groups["offset"]}";
    }
}
