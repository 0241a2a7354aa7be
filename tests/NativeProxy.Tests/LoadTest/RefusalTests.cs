using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using NativeProxy.LoadTest.CommandLine;
using NativeProxy.LoadTest.Compare;
using NativeProxy.LoadTest.Linux;
using Xunit;

namespace NativeProxy.Tests.LoadTest;

/// <summary>What cannot be run honestly is refused with one line that says why, and exit code 2.</summary>
public sealed class RefusalTests
{
    [Theory]
    [InlineData("no scenario \"get65\"; there are get64, get512", "compare", "--no-build", "-s", "get64", "get65")]
    [InlineData("no contender \"apache\"; there are haproxy, nginx", "compare", "--no-build", "--contender", "apache")]
    [InlineData("/nowhere/nativeproxy is missing", "compare", "--no-build", "--binary", "/nowhere/nativeproxy", "--contender", "limit",
        "nativeproxy-epoll")]
    [InlineData("--baseline: /nowhere/nativeproxy is missing", "compare", "--no-build", "--baseline", "/nowhere/nativeproxy")]
    [InlineData("--baseline: /bin/true is no NativeProxy", "compare", "--no-build", "--baseline", "/bin/true")]
    [InlineData("--baseline needs a contender that is NativeProxy", "compare", "--no-build", "--baseline", "/bin/true", "--contender", "haproxy",
        "limit")]
    [InlineData("holds no results", "report", "--out", "/nowhere/results")]
    [InlineData("--tls-resume and --tls-fresh exclude each other", "load", "--target", "1", "--tls-resume", "--tls-fresh")]
    [InlineData("threads from 1 to the number of connections", "load", "--target", "1", "-c", "1", "--threads", "2")]
    public void ImpossibleRequest_IsRefusedInOneLine(string reason, params string[] arguments) => AssertRefused(reason, Loadtest("", "", arguments));

    /// <summary>An assembly beside it shows that the proxy's code would be compiled while it runs.</summary>
    [Fact]
    public void BinaryBesideAnAssembly_IsNotTheNativeOne()
    {
        string folder = Directory.CreateTempSubdirectory("refusal-").FullName;
        string binary = Path.Combine(folder, "nativeproxy");
        File.WriteAllText(binary, "");
        File.WriteAllText(binary + ".dll", "");
        AssertRefused("is not the NativeAOT binary",
            Loadtest("", "", "compare", "--no-build", "--binary", binary, "--contender", "nativeproxy-saea"));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void PeerThatIsNotInstalled_IsNamedAndTheOthersAreFound()
    {
        var refusals = new List<string>();
        List<Contender> found = Peers.Find(["haproxy", "yarp", "limit"], "/nowhere", baseline: null, checkout: null, mayBuild: false, refusals,
            locate: _ => null);
        Assert.Equal(["limit"], found.Select(contender => contender.Name));
        Assert.Equal(["haproxy: not installed (--install-peers installs it)", "yarp: no checkout to build it from"], refusals);
    }

    [Fact]
    public void OneProcessorOnly_IsRefused()
    {
        int first = Processors.Allowed()[0];
        AssertRefused("only one processor may be used here", Loadtest("", $"taskset -c {first}", "compare", "--no-build"));
    }

    [Theory]
    [InlineData("descriptors, 300 are allowed", "load", "--target", "1", "-c", "1000")]
    [InlineData("descriptors, 300 are allowed", "herd", "--target", "1", "-c", "1000")]
    [InlineData("small GET, 512 connections: 1024 sockets in one process need 1224 descriptors, 300 are allowed", "compare", "--no-build", "-s",
        "get512")]
    public void TooFewDescriptors_AreRefusedWithTheNumbers(string reason, params string[] arguments) =>
        AssertRefused(reason, Loadtest("ulimit -n 300;", "", arguments));

    [Fact]
    public void ProcessorTime_IsFinerThanTheTicksOfTheKernel()
    {
        Thread.SpinWait(1000);
        double seconds = ProcessTree.Time([Environment.ProcessId]).Total;
        Assert.NotEqual(0, (long)(seconds * 1e9) % 10_000_000);
    }

    private static void AssertRefused(string reason, (int ExitCode, string Output, string Error) end)
    {
        string line = Assert.Single(end.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("refused: ", line, StringComparison.Ordinal);
        Assert.Contains(reason, line, StringComparison.Ordinal);
        Assert.Equal((2, ""), (end.ExitCode, end.Output));
    }

    /// <summary>Runs the program in a process of its own, since limits and processors belong to a process.</summary>
    /// <param name="before">Shell commands before it.</param>
    /// <param name="prefix">A program that starts it.</param>
    private static (int ExitCode, string Output, string Error) Loadtest(string before, string prefix, params string[] arguments)
    {
        string assembly = typeof(Commands).Assembly.Location;
        string runtime = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";
        string[] command = ["-c", $"{before} exec {prefix} \"$@\"", "loadtest", runtime, assembly, .. arguments];
        using Process process =
            Process.Start(new ProcessStartInfo("/bin/sh", command) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd(), output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error);
    }
}
