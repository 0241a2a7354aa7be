using System;
using System.Diagnostics;
using System.Text.Json;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Operating;

/// <summary>`nativeproxy upgrade`: has a running proxy start its program anew, and waits until that process has taken over. Stateless.</summary>
internal static class UpgradeCommand
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns the exit code: 0 another process serves, 2 refused, 1 when neither could be learned.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="timeout">How long, such as "90s".</param>
    public static int Run(string configPath, string timeout)
    {
        if (!Units.TryParseDuration(timeout, out long timeoutMs) || timeoutMs < 1)
            return OperatorText.Failed($"--timeout: \"{timeout}\" is no time such as \"90s\"");
        if (AdminClient.Of(configPath, out string problem) is not { } client
            || !client.TryAsk("GET", "/api/status", "", out JsonDocument? before, out problem))
        {
            return OperatorText.Failed(problem);
        }
        int processId = before!.RootElement.GetProperty("pid").GetInt32();
        before.Dispose();
        if (!client.TryAsk("POST", "/api/upgrade", "", out JsonDocument? asked, out problem))
            return OperatorText.Failed(problem);
        int number = asked!.RootElement.GetProperty("upgrade").GetInt32();
        asked.Dispose();
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began).TotalMilliseconds < timeoutMs)
        {
            // While the endpoint goes from one process to the other, a question may be lost.
            if (client.TryAsk("GET", "/api/status", "", out JsonDocument? status, out problem))
            {
                using (status)
                {
                    if (ExitCodeOf(status!.RootElement, processId, number) is { } code)
                        return code;
                }
            }
            Thread.Sleep(Pace);
        }
        return OperatorText.Failed($"the upgrade has not ended within {timeout}{(problem.Length > 0 ? ": " + problem : "")}");
    }

    /// <summary>Says what came of it; null when it has not ended.</summary>
    private static int? ExitCodeOf(JsonElement status, int before, int number)
    {
        int processId = status.GetProperty("pid").GetInt32();
        if (processId != before)
        {
            Console.Out.WriteLine($"process {processId} ({status.GetProperty("version").GetString()}) has taken over from process {before}");
            return ExitCodes.Success;
        }
        JsonElement upgrade = status.GetProperty("upgrade");
        if (upgrade.GetProperty("number").GetInt32() < number || upgrade.GetProperty("refused").GetString() is not { } refused)
            return null;
        Console.Error.WriteLine($"refused: {refused}; process {before} goes on");
        return ExitCodes.BadConfiguration;
    }
}
