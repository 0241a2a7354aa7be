using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// The file of a Unix socket: whether there is one, whose it is, and which one exactly, so that nobody removes another program's. Used at start,
/// reload, pause and stop. Linux.
/// </summary>
/// <param name="path">Where it is.</param>
internal sealed unsafe partial class UnixFile(string path)
{
    private const int CurrentDirectory = -100;
    private const int DoNotFollow = 0x100;
    private const int OfDescriptor = 0x1000;
    private const int TypeMask = 0xf000;
    private const int SocketType = 0xc000;

    /// <summary>STATX_TYPE | STATX_INO | STATX_MTIME.</summary>
    private const uint Wanted = 0x1 | 0x100 | 0x40;

    /// <summary>sizeof(struct statx), and where in it its fields are.</summary>
    private const int StatusBytes = 256;
    private const int ModeOffset = 28;
    private const int NumberOffset = 32;
    private const int ModifiedOffset = 112;
    private const int DeviceOffset = 136;

    /// <summary>Where struct passwd and struct group have the number, and the first that of its group.</summary>
    private const int IdOffset = 16;
    private const int GroupIdOffset = 20;

    /// <summary>What the C library finds stands in its own memory until the next look-up, of any thread.</summary>
    private static readonly Lock LookUp = new();

    private readonly (ulong Number, ulong Device, ulong Seconds, uint Nanoseconds)? _mark = MarkOf(path, out _);

    /// <summary>Whether something is there.</summary>
    /// <param name="path">Where.</param>
    /// <param name="isSocket">It is a socket.</param>
    public static bool Exists(string path, out bool isSocket) => MarkOf(path, out isSocket) is not null;

    /// <summary>Where it belongs.</summary>
    public string Path => path;

    /// <summary>It has stepped aside.</summary>
    public bool IsAside { get; private set; }

    private string Present => IsAside ? $"{path}.{Environment.ProcessId}" : path;

    /// <summary>The process before this one still has the file: not to be removed by this one, which may not come to serve.</summary>
    public bool IsBorrowed { get; set; }

    /// <summary>Removes the file, if it still is the one that was there when this object was made.</summary>
    public void Remove()
    {
        try
        {
            if (!IsBorrowed && IsOurs())
                File.Delete(Present);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A socket that nobody listens on is in nobody's way: the next start replaces it.
        }
    }

    /// <summary>Makes room for another program's; nobody finds this one then.</summary>
    public void StepAside()
    {
        if (!IsAside && IsOurs())
            Move(toAside: true);
    }

    /// <summary>Back to where it belongs; what is there is replaced.</summary>
    public void StepBack()
    {
        if (IsAside && IsOurs())
            Move(toAside: false);
    }

    /// <summary>Gives a file to a user and a group, by names; an empty one leaves that as it is. Null, or why that cannot be.</summary>
    public static string? Give(string path, string user, string group)
    {
        int userId = -1;
        int groupId = -1;
        if (user.Length > 0 && !TryUser(user, out userId, out _))
            return $"there is no user \"{user}\" on this machine";
        if (group.Length > 0 && !TryGroup(group, out groupId))
            return $"there is no group \"{group}\" on this machine";
        if ((userId != -1 || groupId != -1) && CallChangeOwner(path, userId, groupId) != 0)
            return "its file cannot be given to that user and group: only root may give to others, and to groups that the proxy is not in";
        return null;
    }

    /// <summary>The number of a user, and that of its group.</summary>
    public static bool TryUser(string name, out int id, out int group)
    {
        lock (LookUp)
        {
            nint entry = FindUser(name);
            group = entry == 0 ? -1 : Marshal.ReadInt32(entry, GroupIdOffset);
            return TryId(entry, out id);
        }
    }

    /// <summary>The number of a group.</summary>
    public static bool TryGroup(string name, out int id)
    {
        lock (LookUp)
            return TryId(FindGroup(name), out id);
    }

    /// <summary>It is a plain file that has one name: nobody has made the name of another file of it.</summary>
    public static bool HasOneName(SafeFileHandle file)
    {
        const uint NumberOfNames = 0x4;
        const int NumberOfNamesOffset = 16;
        const int PlainType = 0x8000;
        byte* status = stackalloc byte[StatusBytes];
        return CallStatus((int)file.DangerousGetHandle(), "", OfDescriptor, Wanted | NumberOfNames, status) == 0
            && (*(ushort*)(status + ModeOffset) & TypeMask) == PlainType
            && *(uint*)(status + NumberOfNamesOffset) == 1;
    }

    /// <summary>Gives a file to the user and the group of another one. False when that cannot be.</summary>
    public static bool TryGiveLike(SafeFileHandle other, string path)
    {
        const uint UserAndGroup = 0x8 | 0x10;
        const int UserOffset = 20;
        const int GroupOffset = 24;
        byte* status = stackalloc byte[StatusBytes];
        return CallStatus((int)other.DangerousGetHandle(), "", OfDescriptor, UserAndGroup, status) == 0
            && CallChangeOwner(path, *(int*)(status + UserOffset), *(int*)(status + GroupOffset)) == 0;
    }

    private bool IsOurs() => _mark is { } mark && MarkOf(Present, out _) == mark;

    private void Move(bool toAside)
    {
        string from = Present;
        IsAside = toAside;
        try
        {
            File.Move(from, Present, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            IsAside = !toAside;
        }
    }

    private static bool TryId(nint entry, out int id)
    {
        id = entry == 0 ? -1 : Marshal.ReadInt32(entry, IdOffset);
        return entry != 0;
    }

    private static (ulong Number, ulong Device, ulong Seconds, uint Nanoseconds)? MarkOf(string path, out bool isSocket)
    {
        byte* status = stackalloc byte[StatusBytes];
        bool exists = CallStatus(CurrentDirectory, path, DoNotFollow, Wanted, status) == 0;
        isSocket = exists && (*(ushort*)(status + ModeOffset) & TypeMask) == SocketType;
        return exists
            ? (*(ulong*)(status + NumberOffset), *(ulong*)(status + DeviceOffset), *(ulong*)(status + ModifiedOffset),
                *(uint*)(status + ModifiedOffset + sizeof(ulong)))
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallStatus(int directory, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallChangeOwner(string path, int user, int group);

    [LibraryImport("libc", EntryPoint = "getpwnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint FindUser(string name);

    [LibraryImport("libc", EntryPoint = "getgrnam", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint FindGroup(string name);
}
