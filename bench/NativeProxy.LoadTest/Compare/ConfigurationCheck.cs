using System;
using System.Diagnostics;
using System.IO;
using System.Linq;

namespace NativeProxy.LoadTest.Compare;

/// <summary>Asks a build of NativeProxy whether it accepts a configuration file. Stateless.</summary>
internal static class ConfigurationCheck
{
    /// <summary>What the build finds wrong, on one line without the file's name; null = nothing.</summary>
    public static string? Refusal(string binary, string path)
    {
        var start = new ProcessStartInfo(binary, ["check", "-c", path]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        string complaint = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : "does not accept the configuration: " + Summary(complaint, path);
    }

    /// <summary>Each error begins a line with FILE:LINE:COLUMN; what stands below it shows and explains the place.</summary>
    private static string Summary(string complaint, string path)
    {
        string[] lines = complaint.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string[] errors = [.. lines.Select(line => line.Split($"{Path.GetFileName(path)}:", 2))
            .Where(parts => parts.Length == 2 && parts[1].Length > 0 && char.IsDigit(parts[1][0])).Select(parts => parts[1])];
        return errors.Length > 0 ? string.Join("; ", errors) : lines.FirstOrDefault("it says nothing");
    }
}
