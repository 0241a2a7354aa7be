using System;
using System.Runtime.InteropServices;
using System.Threading;
using Microsoft.Win32.SafeHandles;
using NativeProxy.Foundation;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// Another user for this process (<c>runtime.user</c>, <c>runtime.group</c>). The C library changes all threads of the process at once; the system
/// itself would change one. Linux; elsewhere there is none.
/// </summary>
/// <param name="Name">Of the user.</param>
/// <param name="Id">Its number.</param>
/// <param name="Group">Number of the group.</param>
internal sealed unsafe partial record SystemUser(string Name, int Id, int Group)
{
    private const int GroupsMax = 1024;
    private const int StackBytes = 256 * 1024;

    /// <summary>False, with the problem, when the machine has no such user or group.</summary>
    /// <param name="user">Name of the user.</param>
    /// <param name="group">Name of the group; empty = that of the user.</param>
    /// <param name="found">Whom it is.</param>
    /// <param name="problem">One line.</param>
    public static bool TryFind(string user, string group, out SystemUser? found, out string problem)
    {
        found = null;
        problem = "";
        if (!OperatingSystem.IsLinux())
            problem = "processes change their user on Linux only";
        else if (!UnixFile.TryUser(user, out int id, out int groupId))
            problem = $"there is no user \"{user}\" on this machine";
        else if (group.Length > 0 && !UnixFile.TryGroup(group, out groupId))
            problem = $"there is no group \"{group}\" on this machine";
        else
            found = new SystemUser(user, id, groupId);
        return found is not null;
    }

    /// <summary>This process may become others.</summary>
    public static bool IsRoot => OperatingSystem.IsLinux() && CallUser() == 0;

    /// <summary>This process is the user already.</summary>
    public bool IsOurs => OperatingSystem.IsLinux() && CallUser() == Id;

    /// <summary>All threads go over to the user, its group and the groups that it is in, without a way back. Null, or why not.</summary>
    public string? Become()
    {
        if (IsOurs)
            return null;
        bool wasPrivate = LinuxProcess.IsMemoryPrivate;
        bool isDone = CallGroupsOf(Name, Group) == 0 && CallSetGroup(Group) == 0 && CallSetUser(Id) == 0;
        string? problem = isDone
            ? null
            : $"this process could not become the user {Name}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}";

        // The system makes the memory of whoever changes rights private; only that of who has keys in it is to be.
        if (!wasPrivate)
            LinuxProcess.KeepMemoryReadable();
        return problem;
    }

    /// <summary>The file belongs to the user, if nothing else is called by its name: a plain file with one name. Nothing happens else.</summary>
    public void Own(SafeFileHandle file)
    {
        if (UnixFile.HasOneName(file))
            CallOwn((int)file.DangerousGetHandle(), Id, Group);
    }

    /// <summary>
    /// Does something with files as this user would, on a thread of its own, which alone has its rights. At once where that cannot be.
    /// </summary>
    public void Try(Action action)
    {
        if (!IsRoot || IsOurs)
        {
            action();
            return;
        }
        bool wasPrivate = LinuxProcess.IsMemoryPrivate;
        var thread = new Thread(() => TryHere(action), StackBytes) { Name = "trial" };
        if (SystemThreads.TryStart(thread))
            thread.Join();
        else
            action();
        if (!wasPrivate)
            LinuxProcess.KeepMemoryReadable();
    }

    private void TryHere(Action action)
    {
        int* groups = stackalloc int[GroupsMax];
        int count = GroupsMax;
        CallGroups(Name, Group, groups, &count);

        // Past the library, which would change all threads. The numbers of setgroups(2).
        long number = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 159 : 116;
        CallSystem(number, Math.Clamp(count, 0, GroupsMax), groups);
        CallSetFileGroup(Group);
        CallSetFileUser(Id);
        action();
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial int CallUser();

    [LibraryImport("libc", EntryPoint = "initgroups", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallGroupsOf(string user, int group);

    [LibraryImport("libc", EntryPoint = "setgid", SetLastError = true)]
    private static partial int CallSetGroup(int group);

    [LibraryImport("libc", EntryPoint = "setuid", SetLastError = true)]
    private static partial int CallSetUser(int user);

    [LibraryImport("libc", EntryPoint = "fchown")]
    private static partial int CallOwn(int descriptor, int user, int group);

    [LibraryImport("libc", EntryPoint = "getgrouplist", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CallGroups(string user, int group, int* groups, int* count);

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint CallSystem(long number, long count, int* groups);

    [LibraryImport("libc", EntryPoint = "setfsgid")]
    private static partial int CallSetFileGroup(int group);

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int CallSetFileUser(int user);
}
