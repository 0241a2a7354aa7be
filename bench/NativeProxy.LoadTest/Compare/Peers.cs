using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using NativeProxy.LoadTest.Compare.Contenders;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Compare;

/// <summary>Finds the contenders on this machine, and installs peers when asked to.</summary>
internal static class Peers
{
    private static readonly string[] PeerNames = ["haproxy", "nginx", "squid"];

    /// <summary>All contenders that can be started here; for each that cannot, a line in <paramref name="refusals"/>.</summary>
    public static List<Contender> Find(string binary, List<string> refusals)
    {
        var found = new List<Contender>();
        foreach (string name in PeerNames)
        {
            if (Locate(name) is not { } path)
                refusals.Add($"{name}: not installed (--install-peers installs it)");
            else
                found.Add(name switch { "haproxy" => new Haproxy(path), "nginx" => new Nginx(path), _ => new Squid(path) });
        }
        if (File.Exists(binary))
            found.AddRange([new NativeProxyContender(binary, "saea"), new NativeProxyContender(binary, "epoll")]);
        else
            refusals.Add($"nativeproxy: {binary} is missing (./run.sh --build makes it)");
        found.Add(new Limit());
        return found;
    }

    /// <summary>Installs the missing peers from the system's packages. Returns an error or null.</summary>
    public static string? Install()
    {
        string[] missing = PeerNames.Where(name => Locate(name) is null).ToArray();
        if (missing.Length == 0)
            return null;
        if (Locate("apt-get") is not { } packages)
            return $"no apt-get here; please install {string.Join(", ", missing)} yourself";
        Console.Error.WriteLine($"installing {string.Join(", ", missing)}");
        return Run(packages, ["update", "-qq"]) ?? Run(packages, ["install", "-y", "-qq", .. missing]);
    }

    public static string? Locate(string name) =>
        (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/usr/local/sbin").Split(':')
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static string? Run(string program, string[] arguments)
    {
        string[] command = Libc.EffectiveUser() == 0 ? [program, .. arguments] : ["sudo", program, .. arguments];
        var start = new ProcessStartInfo(command[0]);
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        foreach (string argument in command[1..])
            start.ArgumentList.Add(argument);
        try
        {
            using Process process = Process.Start(start)!;
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"{string.Join(' ', command)}: exit code {process.ExitCode}";
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            return $"{command[0]}: {failure.Message}";
        }
    }
}
