using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using NativeProxy.Metrics;

namespace NativeProxy.Hosting;

/// <summary>
/// Files of shared memory that supervisors leave who were killed: their names hold the id of a process that is gone. Removed when the next
/// one starts; only plain files of this user. Workers that outlive their supervisor for a moment have mapped theirs and miss nothing. Linux.
/// </summary>
internal static unsafe partial class LeftoverBoards
{
    private const string Prefix = "nativeproxy-";
    private const int CurrentDirectory = -100;
    private const int DoNotFollowLinks = 0x100;
    private const uint BasicFields = 0x7ff;
    private const int FileTypeMask = 0xf000;
    private const int RegularFile = 0x8000;

    /// <summary>Where a supervisor's first board lies; the names of its others begin with that.</summary>
    public static string BoardPath(int processId) => SharedMemory.PathFor(Prefix + processId.ToString(CultureInfo.InvariantCulture));

    /// <summary>Removes what killed supervisors of this user have left. A file that cannot be removed stays.</summary>
    public static void Remove()
    {
        if (OperatingSystem.IsLinux())
            Remove(Path.GetDirectoryName(BoardPath(0))!, CallGetUser());
    }

    internal static void Remove(string folder, uint user)
    {
        try
        {
            foreach (string path in Directory.EnumerateFiles(folder, Prefix + "*"))
            {
                if (ProcessIdOf(Path.GetFileName(path)) is { } processId && IsPlainFileOf(path, user) && !IsRunning(processId))
                    File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // They take room and do no other harm.
        }
    }

    /// <summary>The number in "nativeproxy-123" or "nativeproxy-123-word"; null for any other name.</summary>
    internal static int? ProcessIdOf(string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        ReadOnlySpan<char> rest = name.AsSpan(Prefix.Length);
        int end = rest.IndexOf('-');
        ReadOnlySpan<char> number = end < 0 ? rest : rest[..end];
        if (end >= 0 && (end + 1 == rest.Length || rest[(end + 1)..].ContainsAnyExceptInRange('a', 'z')))
            return null;
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id > 0 ? id : null;
    }

    private static bool IsRunning(int processId)
    {
        try
        {
            using Process process = Process.GetProcessById(processId);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static bool IsPlainFileOf(string path, uint user)
    {
        FileFacts facts = default;
        return CallStatx(CurrentDirectory, path, DoNotFollowLinks, BasicFields, &facts) == 0 && facts.User == user && (facts.Mode & FileTypeMask) == RegularFile;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint CallGetUser();

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallStatx(int directory, string path, int flags, uint mask, FileFacts* facts);

    /// <summary>struct statx, which is the same on every processor; only what is used has a name.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct FileFacts
    {
        [FieldOffset(20)]
        public uint User;

        [FieldOffset(28)]
        public ushort Mode;
    }
}
