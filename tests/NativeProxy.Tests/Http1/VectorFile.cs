using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using Xunit;
using Xunit.Abstractions;

namespace NativeProxy.Tests.Http1;

/// <summary>One file of foreign HTTP/1 test vectors, found beside the repository; absent on most machines.</summary>
internal static class VectorFile
{
    /// <summary>The rows, or none (with a line in the output) when the file is not there.</summary>
    public static JsonElement[] Rows(string name, ITestOutputHelper output)
    {
        for (DirectoryInfo? place = new(AppContext.BaseDirectory); place != null; place = place.Parent)
        {
            if (!File.Exists(Path.Combine(place.FullName, "NativeProxy.sln")))
                continue;

            string path = Path.Combine(place.FullName, "..", "shared", "vectors", "http1", name + ".json");
            if (File.Exists(path))
                return [.. JsonDocument.Parse(File.ReadAllText(path)).RootElement.GetProperty("rows").EnumerateArray()];

            break;
        }

        output.WriteLine("skipped: no vectors");
        return [];
    }

    public static string Text(this JsonElement row, string name) => row.GetProperty(name).GetString() ?? "";

    /// <summary>Characters up to U+00FF are bytes; a row with others was written as UTF-8.</summary>
    public static byte[] ToBytes(string text) => text.All(c => c < 256) ? Encoding.Latin1.GetBytes(text) : Encoding.UTF8.GetBytes(text);

    /// <summary>Every disagreement must be in the table with its reason, and every entry of the table must be needed.</summary>
    /// <param name="isPresent">The file was there.</param>
    /// <param name="found">Row id and what we said.</param>
    /// <param name="explained">Row id and why we differ.</param>
    public static void AssertExplained(
        IReadOnlyCollection<(string Id, string What)> found, IReadOnlyDictionary<string, string> explained, bool isPresent)
    {
        string[] unexplained = [.. found.Where(row => !explained.ContainsKey(row.Id)).Select(row => $"{row.Id} => {row.What}")];
        Assert.True(unexplained.Length == 0, "unexplained:\n" + string.Join('\n', unexplained));
        string[] unneeded = [.. explained.Keys.Except(found.Select(row => row.Id))];
        Assert.True(unneeded.Length == 0 || !isPresent, "no disagreement any more:\n" + string.Join('\n', unneeded));
    }
}
