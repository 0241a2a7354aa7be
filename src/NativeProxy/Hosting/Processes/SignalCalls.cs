using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// Calls the handlers of signals on the runtime's own thread for signals. The runtime itself starts a thread for each SIGTERM, SIGINT and SIGQUIT and
/// ends the process when the system has none to give (`ulimit -u`, `ulimit -v`, pids.max): a stop must be orderly just then. So what the runtime
/// tells its own registrations is told to this class instead, by the entry of its library that they use; it is linked into the binary, so that a
/// runtime without it would not get through the build.
/// </summary>
internal static unsafe partial class SignalCalls
{
    /// <summary>Signals that were taken do not do what they do by default.</summary>
    private const int Taken = 1;

    private const int NotTaken = 0;

    private static IReadOnlyDictionary<int, Action> _meanings = new Dictionary<int, Action>();

    /// <summary>Call when all these signals are registered with the runtime, once. Handlers must be quick and throw nothing.</summary>
    /// <param name="meanings">By the signal's number.</param>
    public static void Begin(IReadOnlyDictionary<int, Action> meanings)
    {
        _meanings = meanings;
        CallSetHandler(&Came);
    }

    [UnmanagedCallersOnly]
    private static int Came(int number, int kind)
    {
        if (!_meanings.TryGetValue(number, out Action? meaning))
            return NotTaken;
        meaning();
        return Taken;
    }

    [LibraryImport("libSystem.Native", EntryPoint = "SystemNative_SetPosixSignalHandler")]
    private static partial void CallSetHandler(delegate* unmanaged<int, int, int> handler);
}
