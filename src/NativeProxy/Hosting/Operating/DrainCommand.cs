using System;
using System.Text.Json;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Operating;

/// <summary>`nativeproxy drain`: has a proxy that runs finish its exchanges and stop, as SIGTERM does. Stateless.</summary>
internal static class DrainCommand
{
    /// <summary>Returns the exit code: 1 with one line when it could not be asked, or has not ended in time.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="waits">Until its process is gone; else it is only asked for.</param>
    /// <param name="timeout">How long, such as "60s".</param>
    public static int Run(string configPath, bool waits, string timeout)
    {
        if (OperatorWait.Of(timeout) is not { } wait)
            return ExitCodes.Failure;
        if (AdminClient.Of(configPath, out string problem) is not { } client || client.ProcessId(out problem) is not { } processId
            || !client.TryAsk("POST", "/api/drain", "", out JsonDocument? answer, out problem))
        {
            return OperatorText.Failed(problem);
        }
        answer!.Dispose();
        Console.Out.WriteLine($"process {processId} drains: it takes no new connections soon, and ends when its exchanges have ended");
        return !waits || wait.For(() => LinuxProcess.IsRunning(processId) ? null : ExitCodes.Success) is not null
            ? ExitCodes.Success
            : OperatorText.Failed($"process {processId} has not ended within {timeout}");
    }
}
