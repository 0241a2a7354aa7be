using System;
using System.Diagnostics;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// Starts a process with a view of the file system of its own, which the rest of the machine does not see. Needs root and <c>unshare</c>
/// (util-linux).
/// </summary>
internal static class PrivateMounts
{
    /// <summary>A line of shell for <see cref="ProxyConfig.StartedThrough"/>: nothing can be written to /dev/shm.</summary>
    public const string SharedMemoryReadOnly = "exec unshare -m sh -c '" + Mount + "; exec \"$0\" \"$@\"' \"$0\" \"$@\"";

    /// <summary>The same: this directory is a disk of 64 KiB; <see cref="SeenBy"/> says where others find it.</summary>
    public static string SmallDiskAt(string directory) =>
        $"exec unshare -m sh -c 'mount -t tmpfs -o size=64k,mode=0777 none \"{directory}\"; exec \"$0\" \"$@\"' \"$0\" \"$@\"";

    /// <summary>Where a path of a process with mounts of its own is for this one.</summary>
    public static string SeenBy(int processId, string path) => $"/proc/{processId}/root{path}";

    private const string Mount = "mount -t tmpfs -o ro none /dev/shm";

    /// <summary>Why this cannot be done here; null when it can.</summary>
    public static string? Obstacle { get; } = FindObstacle();

    private static string? FindObstacle()
    {
        if (!Environment.IsPrivilegedProcess)
            return "only root may mount";
        using Process process = Process.Start("/bin/sh", ["-c", $"unshare -m sh -c '{Mount}' >/dev/null 2>&1"]);
        process.WaitForExit();
        return process.ExitCode == 0 ? null : "unshare is not here, or mounting is forbidden";
    }
}

/// <summary>A test that needs <see cref="PrivateMounts"/>, and says so where there are none.</summary>
internal sealed class PrivateMountsTheoryAttribute : TheoryAttribute
{
    public PrivateMountsTheoryAttribute() => Skip = PrivateMounts.Obstacle;
}
