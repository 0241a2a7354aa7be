using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using Xunit.Sdk;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>Finds and starts the published binary. A missing binary fails the test; it is never skipped.</summary>
internal static class ProxyBinary
{
    static ProxyBinary() => LinuxSignals.StopIgnoringInterrupt();

    /// <summary>The directory of NativeProxy.sln.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    public static string Path { get; } = Find();

    /// <summary>Starts it with captured output.</summary>
    public static Process Start(params string[] arguments) => StartProgram(Path, arguments);

    /// <summary>Starts it with a limit on its open descriptors; the process is the binary itself, not a shell.</summary>
    public static Process StartWithDescriptors(int descriptorsMax, params string[] arguments) =>
        StartProgram("/bin/sh", ["-c", $"ulimit -n {descriptorsMax}; exec \"$0\" \"$@\"", Path, .. arguments]);

    /// <summary>
    /// Starts it from a line of shell that ends with <c>exec "$0" "$@"</c> or the like, so that the process is the binary itself: with other
    /// descriptors, limits, or as another file.
    /// </summary>
    public static Process StartThrough(string script, params string[] arguments) => StartProgram("/bin/sh", ["-c", script, Path, .. arguments]);

    private static Process StartProgram(string program, string[] arguments)
    {
        if (!File.Exists(Path))
            throw new XunitException($"the published binary is missing ({Path}); run ./test.sh, which publishes it, or name one in NATIVEPROXY_BIN");
        var info = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string argument in arguments)
            info.ArgumentList.Add(argument);
        return Process.Start(info)!;
    }

    /// <summary>Runs a command to its end.</summary>
    public static Task<FinishedCommand> Run(params string[] arguments) => Finish(Start(arguments), "nativeproxy " + string.Join(' ', arguments));

    /// <summary>Runs a command that is started from a line of shell to its end.</summary>
    public static Task<FinishedCommand> RunThrough(string script, params string[] arguments) => Finish(StartThrough(script, arguments), script);

    private static async Task<FinishedCommand> Finish(Process started, string what)
    {
        using Process process = started;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        try
        {
            await Deadline.For(process.WaitForExitAsync(), () => "the end of: " + what);
            return new FinishedCommand(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private static string Find() =>
        Environment.GetEnvironmentVariable("NATIVEPROXY_BIN") is { Length: > 0 } named
            ? named
            : System.IO.Path.Combine(RepositoryRoot, "out", "nativeproxy");

    private static string FindRoot()
    {
        for (DirectoryInfo? directory = new(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(directory.FullName, "NativeProxy.sln")))
                return directory.FullName;
        }
        throw new XunitException("NativeProxy.sln lies in no directory above the tests");
    }
}

/// <summary>What a command left behind.</summary>
internal sealed record FinishedCommand(int ExitCode, string Output, string Errors);
