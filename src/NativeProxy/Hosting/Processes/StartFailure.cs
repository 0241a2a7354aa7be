using System.Collections.Generic;
using NativeProxy.Logging;

namespace NativeProxy.Hosting.Processes;

/// <summary>Reports why nothing was started.</summary>
internal static class StartFailure
{
    /// <summary>One line per problem; returns the exit code.</summary>
    public static int Report(ErrorLog log, IReadOnlyList<string> problems)
    {
        foreach (string problem in problems)
            log.Error(problem);
        log.Error("nothing was started");
        return ExitCodes.BadConfiguration;
    }
}
