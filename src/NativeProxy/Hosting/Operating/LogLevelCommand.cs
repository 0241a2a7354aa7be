using System;
using System.Text.Json;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Processes;

namespace NativeProxy.Hosting.Operating;

/// <summary>`nativeproxy log level`: shows or sets from which level on a proxy that runs writes lines of its own. Stateless.</summary>
internal static class LogLevelCommand
{
    /// <summary>Returns the exit code: 1 with one line when it is not known, or was not set.</summary>
    /// <param name="configPath">Of the proxy.</param>
    /// <param name="level">Its name; null = it is only shown.</param>
    public static int Run(string configPath, string? level)
    {
        if (level is not null && LogLevels.Named(level) is null)
            return OperatorText.Failed($"\"{OperatorText.Printable(level)}\" is no level; there are {LogLevels.Names}");
        (string method, string body) = level is null ? ("GET", "") : ("PATCH", $$"""{"level": "{{level}}"}""");
        if (AdminClient.Of(configPath, out string problem) is not { } client
            || !client.TryAsk(method, "/api/log", body, out JsonDocument? answer, out problem))
        {
            return OperatorText.Failed(problem);
        }
        using (answer)
        {
            JsonElement log = answer!.RootElement;
            Console.Out.WriteLine(
                $"level {log.GetProperty("level").GetString()}; the file in force says {log.GetProperty("level_in_file").GetString()}");
            if (level is not null)
                Console.Out.WriteLine($"holds {log.GetProperty("lasts").GetString()}");
        }
        return ExitCodes.Success;
    }
}
