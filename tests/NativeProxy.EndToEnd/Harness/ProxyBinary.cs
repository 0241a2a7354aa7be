using System;
using System.Collections.Generic;
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
    public static async Task<FinishedCommand> Run(params string[] arguments)
    {
        using Process process = Start(arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        try
        {
            await Deadline.For(process.WaitForExitAsync(), () => "the end of: nativeproxy " + string.Join(' ', arguments));
            return new FinishedCommand(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private static string Find() =>
        Environment.GetEnvironmentVariable("NATIVEPROXY_BIN") is { Length: > 0 } named ? named : System.IO.Path.Combine(RepositoryRoot, "out", "nativeproxy");

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
