using System;
using System.Diagnostics;
using System.IO;
using NativeProxy.Tests.House;
using Xunit;

namespace NativeProxy.Tests.Scripts;

/// <summary>
/// <c>run.sh</c> on machines of other kinds: a PATH of its own with programs that say what a test wants, and a `dotnet` and a package manager
/// that only note how they were called.
/// </summary>
public sealed class RunScriptTests : IDisposable
{
    private static readonly string[] Tools = ["bash", "cat", "chmod", "dirname", "echo", "env", "find", "id", "mkdir", "mktemp", "rm", "touch"];

    private readonly string _root = Directory.CreateTempSubdirectory("nativeproxy-run-").FullName;

    private string Bin => Path.Combine(_root, "bin");

    public RunScriptTests()
    {
        foreach (string folder in (string[])["bin", "src", "generators"])
            Directory.CreateDirectory(Path.Combine(_root, folder));
        File.Copy(Path.Combine(Repository.Root, "run.sh"), Path.Combine(_root, "run.sh"));
        foreach (string tool in Tools)
        {
            string? real = Array.Find((string[])["/usr/bin/", "/bin/"], folder => File.Exists(folder + tool));
            File.CreateSymbolicLink(Path.Combine(Bin, tool), real + tool);
        }

        Program("ldd", "echo 'ldd (GNU libc) 2.36'");
        Program("dotnet", "echo \"dotnet $*\"; mkdir -p out; touch out/nativeproxy; chmod +x out/nativeproxy; echo \"$*\" > called");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("x86_64", false, "linux-x64")]
    [InlineData("aarch64", false, "linux-arm64")]
    [InlineData("x86_64", true, "linux-musl-x64")]
    [InlineData("aarch64", true, "linux-musl-arm64")]
    public void Build_IsForThisKindOfMachine(string machine, bool isMusl, string expected)
    {
        Machine(machine);
        Program("clang", "exit 0");
        if (isMusl)
            Program("ldd", "echo 'musl libc (x86_64)' >&2; exit 1");

        (int code, string errors) = Run();

        Assert.True(code == 0, errors);
        Assert.Contains($" -r {expected} ", File.ReadAllText(Path.Combine(_root, "called")), StringComparison.Ordinal);
        Assert.Contains($"for {expected}", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("install", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void MachineWithoutNativeAot_IsToldWhatElseItCanDo()
    {
        Machine("riscv64");

        (int code, string errors) = Run();

        Assert.Equal(1, code);
        Assert.Contains("riscv64", errors, StringComparison.Ordinal);
        Assert.Contains("dotnet run", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("apt-get", "apt-get install -y zlib1g-dev")]
    [InlineData("apk", "apk add zlib-dev")]
    [InlineData("dnf", "dnf install -y zlib-devel")]
    public void WhatIsMissing_IsNamedWithItsReason_ThenInstalled(string manager, string command)
    {
        Machine("x86_64");
        Program("gcc", "exit 1");
        Program(manager, "echo \"$(basename $0) $*\" >> installed");
        Program("basename", "echo " + manager);
        Program("sudo", "exec \"$@\"");

        (int code, string errors) = Run();

        Assert.True(code == 0, errors);
        Assert.Contains("zlib.h is missing; the runtime in the binary is linked with zlib", errors, StringComparison.Ordinal);
        Assert.True(errors.IndexOf("zlib.h is missing", StringComparison.Ordinal) < errors.IndexOf("installing: ", StringComparison.Ordinal), errors);
        Assert.Contains(command, File.ReadAllText(Path.Combine(_root, "installed")), StringComparison.Ordinal);
    }

    [Fact]
    public void Refusal_NamesTheCommand_AndInstallsNothing()
    {
        Machine("x86_64");
        Program("apt-get", "touch installed");

        (int code, string errors) = Run(("NATIVEPROXY_INSTALL", "no"));

        Assert.Equal(1, code);
        Assert.Contains("no clang and no gcc is in the PATH", errors, StringComparison.Ordinal);
        Assert.Contains("as root: apt-get install -y clang", errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_root, "installed")));
        Assert.False(File.Exists(Path.Combine(_root, "called")));
    }

    [Fact]
    public void MachineWithoutAPackageManager_IsToldWhatToInstall()
    {
        Machine("x86_64");

        (int code, string errors) = Run();

        Assert.Equal(1, code);
        Assert.Contains("clang or gcc", errors, StringComparison.Ordinal);
        Assert.Contains("please install that yourself", errors, StringComparison.Ordinal);
    }

    private void Machine(string name) => Program("uname", $"if [ \"$1\" = -m ]; then echo {name}; else echo Linux; fi");

    private void Program(string name, string script)
    {
        string path = Path.Combine(Bin, name);
        File.Delete(path);
        File.WriteAllText(path, $"#!{Path.Combine(Bin, "bash")}\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private (int Code, string Errors) Run(params (string Name, string Value)[] variables)
    {
        var info = new ProcessStartInfo(Path.Combine(Bin, "bash"), [Path.Combine(_root, "run.sh"), "--build"]) { RedirectStandardError = true,
            RedirectStandardOutput = true, WorkingDirectory = _root };
        info.Environment["PATH"] = Bin;
        info.Environment.Remove("NATIVEPROXY_INSTALL");
        foreach ((string name, string value) in variables)
            info.Environment[name] = value;
        using Process process = Process.Start(info)!;
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors);
    }
}
