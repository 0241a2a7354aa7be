using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace NativeProxy.LoadTest.Report;

/// <summary>Writes reports into a folder and reads the latest one back.</summary>
internal static class ReportFiles
{
    private const string Prefix = "compare-";

    /// <summary>Writes the JSON file under the time of the comparison, and the charts over the old ones. Returns the JSON file's path.</summary>
    public static string Write(ComparisonReport report, string folder)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, Prefix + report.TakenAt.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture) + ".json");
        File.WriteAllText(path, JsonSerializer.Serialize(report, ReportJson.Default.ComparisonReport) + "\n");
        WriteCharts(report, folder);
        return path;
    }

    public static void WriteCharts(ComparisonReport report, string folder)
    {
        foreach ((string name, string svg) in Charts.Of(report))
            File.WriteAllText(Path.Combine(folder, name), svg);
    }

    /// <summary>The newest report by the time in its name, or null.</summary>
    public static string? LatestPath(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, Prefix + "*.json").Order(StringComparer.Ordinal).LastOrDefault() : null;

    public static ComparisonReport Read(string path) =>
        JsonSerializer.Deserialize(File.ReadAllText(path), ReportJson.Default.ComparisonReport)
        ?? throw new InvalidDataException($"{path} is empty");

    /// <summary>Renews the generated part of the README beside the folder. Returns its path.</summary>
    public static string WriteReadme(ComparisonReport report, string folder, string jsonPath)
    {
        string readme = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(folder))!, "README.md");
        string text = File.Exists(readme) ? File.ReadAllText(readme) : "";
        string section = ReadmeSection.Render(report, Path.GetFileName(folder), Path.GetFileName(jsonPath));
        File.WriteAllText(readme, ReadmeSection.Replace(text, section));
        return readme;
    }
}
