using System;
using System.Diagnostics;
using System.Threading.Tasks;
using Xunit;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>
/// Runs a script in a network of its own, in which this machine has another address than loopback as well, and nobody else is. Needs root,
/// <c>unshare</c> (util-linux), <c>ip</c> (iproute2) and <c>curl</c>.
/// </summary>
internal static class OwnNetwork
{
    /// <summary>That other address (RFC 5737).</summary>
    public const string Address = "192.0.2.1";

    private const string Prepare = $"ip link set lo up && ip addr add {Address}/32 dev lo";

    /// <summary>Why this cannot be done here; null when it can.</summary>
    public static string? Obstacle { get; } = FindObstacle();

    /// <summary>What the script prints; it must succeed. Its words $1 and so on are the arguments.</summary>
    public static async Task<string> Run(string script, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("unshare", ["-n", "sh", "-c", $"{Prepare} && {{ {script}\n}}", "sh", .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            await Deadline.For(process.WaitForExitAsync(), () => "the end of a script in a network of its own");
            Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}\n{await output}\n{await errors}");
            return await output;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static string? FindObstacle()
    {
        if (!Environment.IsPrivilegedProcess)
            return "only root may make network namespaces";
        using Process process = Process.Start("/bin/sh",
            ["-c", $"unshare -n sh -c '{Prepare} && command -v curl' >/dev/null 2>&1"]);
        process.WaitForExit();
        return process.ExitCode == 0 ? null : "unshare, ip or curl is not here, or network namespaces are forbidden";
    }
}

/// <summary>A test that needs <see cref="OwnNetwork"/>, and says so where there is none.</summary>
internal sealed class OwnNetworkTheoryAttribute : TheoryAttribute
{
    public OwnNetworkTheoryAttribute() => Skip = OwnNetwork.Obstacle;
}
