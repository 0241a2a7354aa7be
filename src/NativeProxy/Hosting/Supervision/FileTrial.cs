using System;
using System.IO;
using System.Runtime.InteropServices;

namespace NativeProxy.Hosting.Supervision;

/// <summary>
/// Looks whether a file could be written, without writing or creating it. Blocks on nothing, not even a pipe without a reader. Stateless.
/// </summary>
internal static partial class FileTrial
{
    private const int OpenWriteOnly = 0x1;
    private const int OpenAppend = 0x400;
    private const int OpenNonBlocking = 0x800;
    private const int OpenCloseOnExec = 0x80000;
    private const int AccessWriteAndSearch = 2 | 1;
    private const int ErrorNoReader = 6;

    /// <summary>Why the file cannot be opened for append, or null when it can, as far as one sees now.</summary>
    public static string? Problem(string path)
    {
        try
        {
            if (Directory.Exists(path))
                return "it is a directory";
            if (File.Exists(path))
                return ProblemOfFile(path);
            string directory = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
            return Directory.Exists(directory) ? ProblemOfDirectory(directory) : $"there is no directory {directory}";
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private static string? ProblemOfFile(string path)
    {
        if (!OperatingSystem.IsLinux())
            return (File.GetAttributes(path) & FileAttributes.ReadOnly) != 0 ? "it is read-only" : null;
        int descriptor = CallOpen(path, OpenWriteOnly | OpenAppend | OpenNonBlocking | OpenCloseOnExec);
        if (descriptor < 0)
        {
            int error = Marshal.GetLastPInvokeError();
            return error == ErrorNoReader ? "it is a pipe that nobody reads" : Marshal.GetPInvokeErrorMessage(error);
        }

        CallClose(descriptor);
        return null;
    }

    private static string? ProblemOfDirectory(string directory)
    {
        if (!OperatingSystem.IsLinux() || CallAccess(directory, AccessWriteAndSearch) == 0)
            return null;
        return $"no file can be made in {directory}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}";
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallOpen(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CallClose(int descriptor);

    [LibraryImport("libc", EntryPoint = "access", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallAccess(string path, int mode);
}
