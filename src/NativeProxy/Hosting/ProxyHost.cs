using System;
using System.Collections.Generic;
using NativeProxy.Config;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Logging;

namespace NativeProxy.Hosting;

/// <summary>Loads the settings and starts what they ask for: one process, or a supervisor with workers.</summary>
internal static class ProxyHost
{
    /// <summary>Runs until a signal ends it. Returns the exit code.</summary>
    public static int Run(string path, bool singleProcess)
    {
        ErrorLog log = ErrorLog.Stderr;
        SettingsResult result = SettingsFile.TryRead(path, out SettingsText source, out SettingsResult unreadable) ? SettingsFile.Parse(path, source.Bytes) : unreadable;
        Show(result.Errors);
        Show(result.Warnings);
        if (!result.IsOk)
        {
            log.Error($"{Count(result.Errors.Count, "error")} in {path}; nothing was started");
            return ExitCodes.BadConfiguration;
        }
        int workers = WorkerCount(result.Settings);
        bool isSingle = singleProcess || workers == 1;
        List<string> shortages = SystemLimits.Check(result.Settings, isSingle ? 1 : workers);
        if (shortages.Count > 0)
            return StartFailure.Report(log, shortages);
        return isSingle
            ? SingleProcess.Run(source, result.Settings, log)
            : Supervisor.Run(source, result.Settings, workers, log);
    }

    /// <summary>Says whether the settings could be used. Returns the exit code.</summary>
    public static int Check(string path)
    {
        SettingsResult result = SettingsFile.Load(path);
        Show(result.Errors);
        Show(result.Warnings);
        Console.Error.WriteLine(result.IsOk
            ? $"{path}: ok{(result.Warnings.Count > 0 ? $", {Count(result.Warnings.Count, "warning")}" : "")}"
            : $"{path}: {Count(result.Errors.Count, "error")}");
        return result.IsOk ? ExitCodes.Success : ExitCodes.BadConfiguration;
    }

    private static int WorkerCount(in ProxySettings settings) =>
        settings.Runtime.Workers == 0 ? Environment.ProcessorCount : settings.Runtime.Workers;

    /// <summary>Prints errors or warnings, each with its excerpt.</summary>
    internal static void Show(IReadOnlyList<ConfigError> findings)
    {
        foreach (ConfigError finding in findings)
            Console.Error.WriteLine(finding.ToString());
    }

    private static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";
}
