using System;
using System.Diagnostics;
using System.Text.Json;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Operating;

/// <summary>`nativeproxy drain`: has a proxy that runs finish its exchanges and stop, as SIGTERM does. Stateless.</summary>
internal static class DrainCommand
{
    /// <summary>It has ended, and whoever started it has not looked yet.</summary>
    private const string Zombie = "in state Z";

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns the exit code: 1 with one line when it could not be asked, or has not ended in time.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="waits">Until its process is gone; else it is only asked for.</param>
    /// <param name="timeout">How long, such as "60s".</param>
    public static int Run(string configPath, bool waits, string timeout)
    {
        if (!Units.TryParseDuration(timeout, out long timeoutMs) || timeoutMs < 1)
            return OperatorText.Failed($"--timeout: \"{timeout}\" is no time such as \"60s\"");
        if (AdminClient.Of(configPath, out string problem) is not { } client
            || !client.TryAsk("GET", "/api/status", "", out JsonDocument? status, out problem))
        {
            return OperatorText.Failed(problem);
        }
        int processId = status!.RootElement.GetProperty("pid").GetInt32();
        status.Dispose();
        if (!client.TryAsk("POST", "/api/drain", "", out JsonDocument? answer, out problem))
            return OperatorText.Failed(problem);
        answer!.Dispose();
        Console.Out.WriteLine($"process {processId} drains: it takes no new connections soon, and ends when its exchanges have ended");
        long began = Stopwatch.GetTimestamp();
        while (waits && LinuxProcess.StateOf(processId) is { } state && state != Zombie)
        {
            if (Stopwatch.GetElapsedTime(began).TotalMilliseconds >= timeoutMs)
                return OperatorText.Failed($"process {processId} has not ended within {timeout}");
            Thread.Sleep(Pace);
        }
        return ExitCodes.Success;
    }
}
