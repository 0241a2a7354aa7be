using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// A user without any rights and without other processes, for whom limits hold that root does not feel. Needs root, <c>setpriv</c> and
/// <c>prlimit</c> (util-linux).
/// </summary>
internal static class OtherUser
{
    /// <summary>Runs the command that follows as this user.</summary>
    public const string Become = "setpriv --reuid 64999 --regid 64999 --clear-groups --no-new-privs";

    /// <summary>
    /// A line of shell for <see cref="ProxyConfig.StartedThrough"/>: the settings come open, from a directory that is closed to others.
    /// </summary>
    public const string RunScript = "chmod a+r \"$3\"; exec " + Become + " \"$0\" run -c /dev/stdin < \"$3\"";

    /// <summary>Why tests with this user cannot run here; null when they can.</summary>
    public static string? Obstacle { get; } = FindObstacle();

    /// <summary>Sets how many processes and threads the user of a process of this user may have for it to start another one.</summary>
    public static Task LimitProcesses(int processId, int max) => SetLimit(processId, max.ToString(CultureInfo.InvariantCulture));

    /// <summary>Gives back what the process was started with at most.</summary>
    public static Task LiftLimit(int processId)
    {
        string line = File.ReadLines($"/proc/{processId}/limits").First(static line => line.StartsWith("Max processes", StringComparison.Ordinal));
        return SetLimit(processId, line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3]);
    }

    private static async Task SetLimit(int processId, string soft)
    {
        using Process process = Process.Start("/bin/sh", ["-c", $"{Become} prlimit --pid {processId} --nproc={soft}:"]);
        await Deadline.For(process.WaitForExitAsync(), () => "a limit to be set");
        Assert.Equal(0, process.ExitCode);
    }

    private static string? FindObstacle()
    {
        if (!Environment.IsPrivilegedProcess)
            return "only root may become another user";
        using Process process = Process.Start("/bin/sh",
            ["-c", $"{Become} prlimit --nproc >/dev/null 2>&1 && {Become} test -x \"$0\"", ProxyBinary.Path]);
        process.WaitForExit();
        return process.ExitCode == 0 ? null : "setpriv or prlimit are not here, or another user may not start the binary";
    }
}

/// <summary>A test that needs <see cref="OtherUser"/>, and says so where there is none.</summary>
internal sealed class OtherUserFactAttribute : FactAttribute
{
    public OtherUserFactAttribute() => Skip = OtherUser.Obstacle;
}

/// <summary>The same with data.</summary>
internal sealed class OtherUserTheoryAttribute : TheoryAttribute
{
    public OtherUserTheoryAttribute() => Skip = OtherUser.Obstacle;
}
