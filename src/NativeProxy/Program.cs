using System;
using NativeProxy.Hosting;
using NativeProxy.Hosting.Processes;
using NativeProxy.Hosting.Workers;
using NativeProxy.Logging;
using NativeProxy.Transport.Saea;

namespace NativeProxy;

/// <summary>Entry point: prepare the process, parse the command line, run, return the exit code.</summary>
internal static class Program
{
    /// <summary>How long a reader of stderr may take to take the last lines.</summary>
    private static readonly TimeSpan LastLinesLimit = TimeSpan.FromSeconds(1);

    private static int Main(string[] args) => Run(args, TrafficSecurity.None);

    /// <summary>The whole program. Returns the exit code.</summary>
    /// <param name="args">Of the process.</param>
    /// <param name="security">What secures the connections that are served.</param>
    internal static int Run(string[] args, TrafficSecurity security)
    {
        StandardDescriptors.Ensure();
        ProcessStart.RememberProgram();

        // The runtime reads its socket settings when the first socket is made.
        SaeaEventLoop.PrepareProcess();
        AppDomain.CurrentDomain.UnhandledException += static (_, _) => ErrorLog.Stderr.Finish(LastLinesLimit);
        int exitCode = CommandLine.Run(args, security);
        ErrorLog.Stderr.Finish(LastLinesLimit);
        return exitCode;
    }
}
