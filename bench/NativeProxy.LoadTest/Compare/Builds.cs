using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using NativeProxy.LoadTest.Linux;

namespace NativeProxy.LoadTest.Compare;

/// <summary>
/// Builds what the comparison starts out of the checkout, when it is missing or older than its sources: the NativeAOT binary of the proxy,
/// this program as a NativeAOT binary, and the YARP peer. Says so on standard error. Stateless.
/// </summary>
internal static class Builds
{
    private const int BrokenPipeSignal = 13;

    /// <summary>Makes out/nativeproxy, which <c>run.sh</c> leaves alone when nothing has changed. Returns an error or null.</summary>
    public static string? Proxy(string checkout)
    {
        string binary = Path.Combine(checkout, "out", "nativeproxy");
        if (!File.Exists(binary))
            Tell($"{binary} is missing; ./run.sh --build makes it");
        return Run([Path.Combine(checkout, "run.sh"), "--build"], checkout) is { } error ? $"out/nativeproxy cannot be built: {error}" : null;
    }

    /// <summary>
    /// Goes on as the NativeAOT binary of this program: builds it and becomes it, with the same arguments. Returns, after a word about it, only
    /// when that is not possible.
    /// </summary>
    public static void BecomeNative(string checkout)
    {
        string binary = Path.Combine(checkout, "out", "loadtest-bin", "loadtest");
        if (IsStale(binary, checkout, "NativeProxy.LoadTest"))
        {
            string linker = Peers.Locate("clang") is null ? "gcc" : "clang";
            Tell($"building {binary}, so that load, origin and limit are native code as the proxies are (about a minute)");
            string? error = Publish(checkout, "NativeProxy.LoadTest", binary, "-r", RuntimeInformation.RuntimeIdentifier,
                $"-p:CppCompilerAndLinker={linker}");
            if (error is not null)
            {
                Tell($"{error}; load, origin and limit are compiled while they run");
                return;
            }
        }
        Become(binary, [.. Environment.GetCommandLineArgs().Skip(1)]);
    }

    /// <summary>Makes out/yarp. Returns the path of the assembly, or null with an error.</summary>
    public static string? Yarp(string checkout, out string? error)
    {
        string assembly = Path.Combine(checkout, "out", "yarp", "yarppeer.dll");
        error = null;
        if (IsStale(assembly, checkout, "NativeProxy.YarpPeer"))
        {
            Tell($"building {assembly}");
            error = Publish(checkout, "NativeProxy.YarpPeer", assembly);
        }
        return error is null ? assembly : null;
    }

    /// <summary>Whether a file is missing or older than the sources of its project or what all projects share.</summary>
    internal static bool IsStale(string file, string checkout, string project)
    {
        if (!File.Exists(file))
            return true;
        DateTime built = File.GetLastWriteTimeUtc(file);
        string folder = Path.Combine(checkout, "bench", project);
        char separator = Path.DirectorySeparatorChar;
        IEnumerable<string> sources = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(path => !path.Contains($"{separator}obj{separator}", StringComparison.Ordinal)
                && !path.Contains($"{separator}bin{separator}", StringComparison.Ordinal))
            .Concat(Directory.EnumerateFiles(checkout, "Directory.*.props"));
        return sources.Any(path => File.GetLastWriteTimeUtc(path) > built);
    }

    private static string? Publish(string checkout, string project, string product, params string[] more)
    {
        if (Peers.Locate("dotnet") is not { } dotnet)
            return "the .NET SDK is missing";
        string folder = Path.GetDirectoryName(product)!;
        string? error = Run([dotnet, "publish", Path.Combine(checkout, "bench", project), "-c", "Release", "-o", folder, .. more], checkout,
            isSilent: true);
        if (error is not null)
            return $"{project} cannot be built: {error}";
        File.SetLastWriteTimeUtc(product, DateTime.UtcNow);
        return null;
    }

    /// <summary>Runs a program to its end. Returns what went wrong, or null.</summary>
    /// <param name="isSilent">Its output is shown only as part of the error.</param>
    private static string? Run(string[] command, string folder, bool isSilent = false)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { WorkingDirectory = folder, RedirectStandardOutput = isSilent };
        try
        {
            using Process process = Process.Start(start)!;
            string[] output = isSilent
                ? process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                : [];
            process.WaitForExit();
            return process.ExitCode == 0 ? null
                : output.FirstOrDefault(line => line.Contains("error", StringComparison.OrdinalIgnoreCase)) ?? $"exit code {process.ExitCode}";
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            return failure.Message;
        }
    }

    /// <summary>This process becomes another program and keeps its id, its terminal and its signals. Returns only when that has failed.</summary>
    private static unsafe void Become(string program, string[] arguments)
    {
        string[] all = [program, .. arguments];
        var pointers = (byte**)NativeMemory.Alloc((nuint)(all.Length + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < all.Length; i++)
            pointers[i] = (byte*)Marshal.StringToCoTaskMemUTF8(all[i]);
        pointers[all.Length] = null;
        // The runtime ignores it, and what is ignored would be inherited, by all that is started later too.
        Libc.SetSignal(BrokenPipeSignal, 0);
        Libc.Execute(pointers[0], pointers);
        Tell($"{program} cannot be started: errno {Marshal.GetLastSystemError()}");
    }

    private static void Tell(string line) => Console.Error.WriteLine(line);
}
