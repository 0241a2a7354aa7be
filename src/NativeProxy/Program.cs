using NativeProxy.Hosting;
using NativeProxy.Transport.Saea;

namespace NativeProxy;

/// <summary>Entry point: prepare the process, parse the command line, run, return the exit code.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        // The runtime reads its socket settings when the first socket is made.
        SaeaEventLoop.PrepareProcess();
        return CommandLine.Run(args);
    }
}
