using System;
using System.Collections;
using System.Collections.Generic;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// Starts the running program once more: from a descriptor that was opened when it began, so that a binary that was deleted or replaced
/// meanwhile does not matter, with a few descriptors inherited, and with all the signals blocked that its own start does not expect yet.
/// The library's process class can do none of the three. Linux.
/// </summary>
internal static unsafe partial class ProcessStart
{
    private const int OpaqueBytes = 1024;
    private const short SetDefaultSignals = 0x04;
    private const short SetBlockedSignals = 0x08;
    private const int PathOnly = 0x200000;
    private const int CloseOnExec = 0x80000;
    private const int FirstSignal = 1;
    private const int LastSignal = 31;

    /// <summary>Opened when the process begins; -1 without /proc.</summary>
    private static readonly int Program = CallOpen("/proc/self/exe", PathOnly | CloseOnExec, 0);

    /// <summary>Call at the beginning, while the binary is sure to be the one that runs.</summary>
    public static void RememberProgram() => _ = Program;

    /// <summary>Starts it. Returns the process id. Throws <see cref="Win32Exception"/> when the system refuses.</summary>
    /// <param name="arguments">Without the program's name.</param>
    /// <param name="inherited">Descriptors that keep their numbers in the new process; all others are closed there.</param>
    /// <param name="blocked">Signals that wait until the new process says what to do with them.</param>
    public static int Start(IReadOnlyList<string> arguments, IReadOnlyList<int> inherited, IReadOnlyList<int> blocked)
    {
        string path = Program >= 0
            ? $"/proc/self/fd/{Program}"
            : Environment.ProcessPath ?? throw new Win32Exception("the path of the running program is unknown");
        return Spawn(path, [.. ProgramWords(), .. arguments], EnvironmentWords(), inherited, blocked);
    }

    /// <summary>
    /// Starts what now stands where this program was started from, with the words that this process was started with: another version of it, perhaps.
    /// Returns and throws as above.
    /// </summary>
    /// <param name="variables">For its environment, besides what is in this one's.</param>
    /// <param name="inherited">As above.</param>
    public static int StartAnew(IReadOnlyList<string> variables, IReadOnlyList<int> inherited)
    {
        string[] words = File.ReadAllText("/proc/self/cmdline").Split('\0', StringSplitOptions.None)[..^1];
        return Spawn(PathOf(words[0]), words, [.. EnvironmentWords(), .. variables], inherited, blocked: []);
    }

    /// <summary>Where a program of this name stands, as a shell finds it.</summary>
    private static string PathOf(string name)
    {
        if (name.Contains('/', StringComparison.Ordinal))
            return name;
        foreach (string directory in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            if (File.Exists(Path.Combine(directory, name)))
                return Path.Combine(directory, name);
        }
        return Environment.ProcessPath ?? name;
    }

    private static int Spawn(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> variables, IReadOnlyList<int> inherited,
        IReadOnlyList<int> blocked)
    {
        byte* actions = stackalloc byte[OpaqueBytes];
        byte* attributes = stackalloc byte[OpaqueBytes];
        Check(CallActionsInit(actions));
        Check(CallAttributesInit(attributes));
        try
        {
            // A descriptor that is copied onto itself loses its close-on-exec mark, in the new process only.
            foreach (int descriptor in inherited)
                Check(CallActionsCopy(actions, descriptor, descriptor));
            SetSignals(attributes, blocked);
            using var words = new NativeWords(arguments);
            using var environment = new NativeWords(variables);
            int processId = 0;
            Check(CallSpawn(&processId, path, actions, attributes, words.Start, environment.Start));
            return processId;
        }
        finally
        {
            CallActionsDestroy(actions);
            CallAttributesDestroy(attributes);
        }
    }

    private static void SetSignals(byte* attributes, IReadOnlyList<int> blocked)
    {
        byte* set = stackalloc byte[OpaqueBytes];
        CallEmptySet(set);
        for (int signal = FirstSignal; signal <= LastSignal; signal++)
            CallAddToSet(set, signal);
        Check(CallAttributesDefault(attributes, set));
        CallEmptySet(set);
        foreach (int signal in blocked)
            CallAddToSet(set, signal);
        Check(CallAttributesMask(attributes, set));
        Check(CallAttributesFlags(attributes, SetDefaultSignals | SetBlockedSignals));
    }

    /// <summary>A JIT run is "dotnet nativeproxy.dll"; the published binary is its own program.</summary>
    private static IEnumerable<string> ProgramWords() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? ["dotnet", Environment.GetCommandLineArgs()[0]] : ["nativeproxy"];

    /// <summary>The environment as this process has it.</summary>
    internal static List<string> EnvironmentWords()
    {
        var entries = new List<string>();
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            entries.Add($"{entry.Key}={entry.Value}");
        return entries;
    }

    /// <summary>These functions return their error instead of setting errno.</summary>
    private static void Check(int error)
    {
        if (error != 0)
            throw new Win32Exception(error);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallOpen(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallSpawn(int* processId, string path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int CallActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int CallActionsCopy(byte* actions, int from, int to);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int CallActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int CallAttributesInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int CallAttributesFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int CallAttributesDefault(byte* attributes, byte* set);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int CallAttributesMask(byte* attributes, byte* set);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int CallAttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    private static partial int CallEmptySet(byte* set);

    [LibraryImport("libc", EntryPoint = "sigaddset")]
    private static partial int CallAddToSet(byte* set, int signal);
}
