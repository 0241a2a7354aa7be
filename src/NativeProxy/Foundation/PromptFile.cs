using System;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NativeProxy.Foundation;

/// <summary>
/// Opens files and waits for nobody: a pipe without another end, which would hold up whoever opens it, is opened or refused at once. The one place
/// that knows the system's flags for it. Stateless; any thread.
/// </summary>
internal static partial class PromptFile
{
    private const int ReadOnly = 0;
    private const int WriteOnly = 0x1;
    private const int Create = 0x40;
    private const int Append = 0x400;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int NotFound = 2;
    private const int NoReader = 6;

    /// <summary>The one flag that is another number on other processors.</summary>
    private static readonly int NoFollow = RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm ? 0x8000 : 0x20000;

    /// <summary>For reading. Throws <see cref="IOException"/>, or what the library throws elsewhere than on Linux.</summary>
    public static SafeFileHandle OpenToRead(string path) =>
        OperatingSystem.IsLinux() ? Opened(path, ReadOnly, out int error) ?? throw Failure(error) : File.OpenHandle(path);

    /// <summary>Why nothing can be appended to a file that is there; null when it can.</summary>
    public static string? ProblemOfAppending(string path)
    {
        if (!OperatingSystem.IsLinux())
            return (File.GetAttributes(path) & FileAttributes.ReadOnly) != 0 ? "it is read-only" : null;
        using SafeFileHandle? file = Opened(path, WriteOnly | Append, out int error);
        if (file is not null)
            return null;
        return error == NoReader ? "it is a pipe that nobody reads" : Marshal.GetPInvokeErrorMessage(error);
    }

    /// <summary>For appending, made when it is not there; null when it cannot be had, or is a link to another one. Linux.</summary>
    public static SafeFileHandle? OpenOwnToAppend(string path) => Opened(path, WriteOnly | Append | Create | NoFollow, out _);

    private static SafeFileHandle? Opened(string path, int flags, out int error)
    {
        const int ReadableByAll = 0x1A4;
        error = NotFound;

        // The system would read no further than a zero byte.
        if (path.Contains('\0', StringComparison.Ordinal))
            return null;
        int descriptor = CallOpen(path, flags | NonBlocking | CloseOnExec, ReadableByAll);
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    private static IOException Failure(int error) => error == NotFound
        ? new FileNotFoundException("there is no such file")
        : new IOException(Marshal.GetPInvokeErrorMessage(error));

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallOpen(string path, int flags, int mode);
}
