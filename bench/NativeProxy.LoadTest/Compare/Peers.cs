using System;
using System.Collections.Generic;
using System.Collections.Immutable;
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

    private static readonly string[] Engines = ["saea", "epoll"];

    /// <summary>All that can be asked for, in the order of the report.</summary>
    public static readonly ImmutableArray<string> ContenderNames =
        [.. PeerNames, Yarp.YarpName, .. Engines.Select(NativeProxyContender.NameOf), Limit.LimitName];

    /// <summary>
    /// Those contenders of <paramref name="names"/> that can be started here; for each that cannot, a line in <paramref name="refusals"/>.
    /// </summary>
    /// <param name="binary">The proxy of this project.</param>
    /// <param name="baseline">An earlier build, which runs with each engine that the present one runs with; null = none.</param>
    /// <param name="checkout">Where YARP's program is built from; null = nowhere, and without <paramref name="mayBuild"/> what is there is
    /// used.</param>
    /// <param name="locate">Finds a program by its name; default: <see cref="Locate"/>.</param>
    public static List<Contender> Find(
        IReadOnlyCollection<string> names, string binary, string? baseline, string? checkout, bool mayBuild, List<string> refusals, Func<string,
        string?>? locate = null)
    {
        locate ??= Locate;
        var found = new List<Contender>();
        foreach (string name in ContenderNames.Where(names.Contains))
        {
            if (PeerNames.Contains(name))
                AddPeer(name, locate(name), found, refusals);
            else if (name == Yarp.YarpName)
                AddYarp(locate("dotnet"), checkout, mayBuild, found, refusals);
            else if (name == Limit.LimitName)
                found.Add(new Limit());
            else
                AddOwn(name, binary, baseline, found, refusals);
        }
        return found;
    }

    /// <summary>Why a file cannot be the baseline, or null.</summary>
    public static string? BaselineRefusal(string path) =>
        NativeCodeRefusal(path)
            ?? (ProgramVersion.Ask(path, "version").StartsWith("nativeproxy ", StringComparison.Ordinal) ? null : $"{path} is no NativeProxy");

    public static bool IsOwn(string name) => Engines.Any(engine => NativeProxyContender.NameOf(engine) == name);

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

    private static void AddPeer(string name, string? path, List<Contender> found, List<string> refusals)
    {
        if (path is not null)
            found.Add(name switch { "haproxy" => new Haproxy(path), "nginx" => new Nginx(path), _ => new Squid(path) });
        else
            refusals.Add($"{name}: not installed (--install-peers installs it)");
    }

    /// <summary>The baseline stands beside the present build, so that in most rounds they run one right after the other.</summary>
    private static void AddOwn(string name, string binary, string? baseline, List<Contender> found, List<string> refusals)
    {
        if (NativeCodeRefusal(binary) is { } refusal)
        {
            refusals.Add($"{name}: {refusal} (./run.sh --build makes it)");
            return;
        }
        string engine = Engines.First(one => NativeProxyContender.NameOf(one) == name);
        if (baseline is not null)
            found.Add(NativeProxyContender.Baseline(baseline, engine));
        found.Add(new NativeProxyContender(binary, engine));
    }

    private static void AddYarp(string? runtime, string? checkout, bool mayBuild, List<Contender> found, List<string> refusals)
    {
        string? error = checkout is null ? "no checkout to build it from" : null;
        string? assembly = error is not null
            ? null
            : mayBuild
            ? Builds.Yarp(checkout!, out error)
            : Path.Combine(checkout!, "out", "yarp", "yarppeer.dll");
        if (runtime is not null && File.Exists(assembly))
            found.Add(new Yarp(runtime, assembly));
        else
            refusals.Add($"{Yarp.YarpName}: {error ?? "not built"}");
    }

    /// <summary>Why a file is not the proxy as native code, or null. Code that is compiled while it runs would be another program.</summary>
    private static string? NativeCodeRefusal(string binary) =>
        !File.Exists(binary) ? $"{binary} is missing"
        : File.Exists(Path.ChangeExtension(binary, ".dll")) ? $"{binary} is not the NativeAOT binary"
        : null;

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
