using NativeProxy.LoadTest.CommandLine;

namespace NativeProxy.LoadTest;

/// <summary>Entry point: parse the command line, run, return the exit code.</summary>
internal static class Program
{
    private static int Main(string[] args) => Commands.Run(args);
}
