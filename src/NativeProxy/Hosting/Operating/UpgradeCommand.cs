using System;
using System.Text.Json;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Operating;

/// <summary>`nativeproxy upgrade`: has a running proxy start its program anew, and waits until that process has taken over. Stateless.</summary>
internal static class UpgradeCommand
{
    /// <summary>Returns the exit code: 0 another process serves, 2 refused, 1 when neither could be learned.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="timeout">How long, such as "90s".</param>
    public static int Run(string configPath, string timeout)
    {
        if (OperatorWait.Of(timeout) is not { } wait)
            return ExitCodes.Failure;
        if (AdminClient.Of(configPath, out string problem) is not { } client || client.ProcessId(out problem) is not { } processId
            || !client.TryAsk("POST", "/api/upgrade", "", out JsonDocument? asked, out problem))
        {
            return OperatorText.Failed(problem);
        }
        int number = asked!.RootElement.GetProperty("upgrade").GetInt32();
        asked.Dispose();
        return wait.For(() =>
        {
            // While the endpoint goes from one process to the other, a question may be lost.
            if (!client.TryAsk("GET", "/api/status", "", out JsonDocument? status, out problem))
                return null;
            using (status)
                return ExitCodeOf(status!.RootElement, processId, number);
        }) ?? OperatorText.Failed($"the upgrade has not ended within {timeout}{(problem.Length > 0 ? ": " + problem : "")}");
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
