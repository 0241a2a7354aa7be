using System;
using System.Collections.Generic;
using System.Linq;
using NativeProxy.Config;
using NativeProxy.Hosting.Channels;
using NativeProxy.Hosting.Explaining;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Hosting.Workers;
using NativeProxy.Logging;

namespace NativeProxy.Hosting;

/// <summary>Loads the settings and starts what they ask for: one process, or a supervisor with workers.</summary>
internal static class ProxyHost
{
    /// <summary>Runs until a signal ends it. Returns the exit code.</summary>
    public static int Run(string path, bool singleProcess, TrafficSecurity security)
    {
        ErrorLog log = ErrorLog.Stderr;

        // Its lines end with this process, behind the last words of that: so the other one speaks after it.
        Predecessor? before = Predecessor.Hear(out string problem);
        if (before is null)
            return StartFailure.Report(log, [problem]);
        SettingsResult result = SettingsFile.TryRead(path, out SettingsText? source, out SettingsResult unreadable)
            ? SettingsFile.Parse(source)
            : unreadable;
        TlsFiles files = TlsFiles.None;
        IReadOnlyList<ConfigError> findings = result.IsOk ? StartTrials.Files(result, out files) : result.Errors;
        Show(findings);
        Show(result.Warnings);
        int errors = findings.Count(static finding => !finding.IsWarning);
        if (errors > 0 || source is null)
        {
            log.Error($"{Count(errors, "error")} in {path}; nothing was started");
            return ExitCodes.BadConfiguration;
        }
        int workers = WorkerCount(result.Settings);

        // Who changes its user keeps a supervisor that does not, so that a reload can do all.
        bool isSingle = singleProcess || (workers == 1 && result.Settings.Runtime.User.Length == 0);
        List<string> shortages = SystemLimits.Check(result.Settings, isSingle ? 1 : workers);
        if (shortages.Count > 0)
            return StartFailure.Report(log, shortages);
        LogFiles.Give(result.Settings);
        log.Level = result.Settings.Log.Level;
        LogPlaces.DivertErrors(log, result.Settings);
        ServiceManager manager = ServiceManager.Take();
        return isSingle
            ? SingleStart.Run(source, result.Settings, files, security, manager, before, log)
            : SupervisorStart.Run(source, result.Settings, files, workers, manager, before, log);
    }

    /// <summary>
    /// Says whether the settings could be used; in full: on this machine, as it is now. Then answers what is asked about them. Returns the exit code.
    /// </summary>
    public static int Check(string path, bool inFull, CheckQuestions questions)
    {
        SettingsResult result = SettingsFile.Load(path);
        ILookup<bool, ConfigError> trials = (inFull && result.IsOk ? StartTrials.All(result) : []).ToLookup(static finding => finding.IsWarning);
        ConfigError[] errors = [.. result.Errors, .. trials[false]];
        ConfigError[] warnings = [.. result.Warnings, .. trials[true]];
        Show(errors);
        Show(warnings);
        Console.Error.WriteLine(errors.Length == 0
            ? $"{path}: ok{(warnings.Length > 0 ? $", {Count(warnings.Length, "warning")}" : "")}"
            : $"{path}: {Count(errors.Length, "error")}");
        if (errors.Length > 0)
            return ExitCodes.BadConfiguration;
        if (questions.Answer(Console.Out, result.Settings, WorkerCount(result.Settings)) is not { } problem)
            return ExitCodes.Success;
        Console.Error.WriteLine(problem);
        return ExitCodes.Failure;
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
