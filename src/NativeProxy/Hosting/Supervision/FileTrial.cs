using System;
using System.IO;
using System.Runtime.InteropServices;
using NativeProxy.Foundation;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// Looks whether a file could be written, without writing or creating it. Blocks on nothing, not even a pipe without a reader. Stateless.
/// </summary>
internal static partial class FileTrial
{
    private const int AccessWriteAndSearch = 2 | 1;

    /// <summary>Why the file cannot be opened for append, or null when it can, as far as one sees now.</summary>
    public static string? Problem(string path)
    {
        try
        {
            if (Directory.Exists(path))
                return "it is a directory";
            if (File.Exists(path))
                return PromptFile.ProblemOfAppending(path);
            string directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
            return Directory.Exists(directory) ? ProblemOfDirectory(directory) : $"there is no directory {directory}";
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private static string? ProblemOfDirectory(string directory)
    {
        if (!OperatingSystem.IsLinux() || CallAccess(directory, AccessWriteAndSearch) == 0)
            return null;
        return $"no file can be made in {directory}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}";
    }

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallAccess(string path, int mode);
}
