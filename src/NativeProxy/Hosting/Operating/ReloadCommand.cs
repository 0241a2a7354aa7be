using System;
using System.Text.Json;
using NativeProxy.Config;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Operating;

/// <summary>`nativeproxy reload`: has the configuration read again, and says what came of it. Stateless.</summary>
internal static class ReloadCommand
{
    /// <summary>Returns the exit code: 0 in force, 2 refused, 1 when that could not be learned.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="waits">Until it has ended; else it is only asked for.</param>
    /// <param name="timeout">How long, such as "30s".</param>
    public static int Run(string configPath, bool waits, string timeout)
    {
        if (OperatorWait.Of(timeout) is not { } wait)
            return ExitCodes.Failure;
        SettingsResult read = SettingsFile.Load(configPath);
        if (!read.IsOk)
        {
            foreach (ConfigError error in read.Errors)
                Console.Error.WriteLine(error.ToString());
            Console.Error.WriteLine($"{configPath} has errors: nobody was asked to read it; the running configuration stays in force");
            return ExitCodes.BadConfiguration;
        }
        if (AdminClient.Of(configPath, read.Settings.Admin, out string problem) is not { } client
            || !client.TryAsk("POST", "/api/reload", "", out JsonDocument? answer, out problem))
        {
            return OperatorText.Failed(problem);
        }
        int number = answer!.RootElement.GetProperty("load").GetInt32();
        answer.Dispose();
        if (!waits)
        {
            Console.Out.WriteLine($"asked for load {number}; `nativeproxy status` says what came of it");
            return ExitCodes.Success;
        }
        return wait.For(() =>
        {
            if (!client.TryAsk("GET", "/api/status", "", out JsonDocument? status, out problem))
                return OperatorText.Failed(problem);
            using (status)
                return ExitCodeOf(status!.RootElement.GetProperty("loads"), number);
        }) ?? OperatorText.Failed($"load {number} has not ended within {timeout}");
    }

    /// <summary>Says what came of this reading; null when it has not ended.</summary>
    private static int? ExitCodeOf(JsonElement loads, int number)
    {
        foreach (JsonElement load in loads.EnumerateArray())
        {
            if (load.GetProperty("load").GetInt32() != number)
                continue;
            bool isTaken = load.GetProperty("taken").GetBoolean();
            (isTaken ? Console.Out : Console.Error).WriteLine(OperatorText.LineOf(load));
            return isTaken ? ExitCodes.Success : ExitCodes.BadConfiguration;
        }
        return null;
    }
}
