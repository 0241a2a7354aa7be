using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Packaging;

/// <summary>
/// The packages of the binary under test, made once for all tests of them and unpacked: <see cref="Tree"/> is what the Debian package installs, or
/// the tarball's tree where there is no dpkg-deb.
/// </summary>
public sealed class BuiltPackage : IAsyncLifetime, IDisposable
{
    /// <summary>It compresses the binary twice, beside other tests.</summary>
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(5);

    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-package-").FullName;

    /// <summary>Whether Debian packages can be made here.</summary>
    public static bool HasDpkg { get; } = HasProgram("dpkg-deb");

    /// <summary>Where the files of the repository are.</summary>
    internal static string Sources { get; } = Path.Combine(ProxyBinary.RepositoryRoot, "src", "packaging");

    internal string Tarball => Directory.GetFiles(Path.Combine(_directory, "out"), "*.tar.gz").Single();

    internal string Debian => Directory.GetFiles(Path.Combine(_directory, "out"), "*.deb").Single();

    /// <summary>What stands for / once it is installed.</summary>
    internal string Tree => Path.Combine(_directory, "tree");

    /// <summary>The Debian package's own files.</summary>
    internal string Control => Path.Combine(_directory, "control");

    /// <summary>A file as it is installed.</summary>
    internal string Installed(string path) => Path.Combine(Tree, path);

    /// <summary>Makes the packages once more, in another directory. Returns where.</summary>
    internal async Task<string> BuildAgain()
    {
        string output = Path.Combine(_directory, "again");
        await Build(output, "umask 077; sleep 1; ");
        return output;
    }

    public async Task InitializeAsync()
    {
        await Build(Path.Combine(_directory, "out"), "");
        Directory.CreateDirectory(Tree);
        await Run(HasDpkg ? $"dpkg-deb -x {Debian} {Tree} && dpkg-deb -e {Debian} {Control}" : $"tar -C {Tree} --strip-components=1 -xzf {Tarball}");
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>Runs a line of shell that must succeed and say nothing on its error output but what it wants to. Returns its output.</summary>
    internal static async Task<string> Run(string script, params string[] arguments)
    {
        FinishedCommand command = await TryRun(script, arguments);
        Assert.True(command.ExitCode == 0, $"{script}\nended with {command.ExitCode}:\n{command.Output}\n{command.Errors}");
        return command.Output;
    }

    internal static async Task<FinishedCommand> TryRun(string script, params string[] arguments)
    {
        var info = new ProcessStartInfo("/bin/bash", ["-c", script, "bash", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin";
        using Process process = Process.Start(info)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(BuildLimit);
            return new FinishedCommand(process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    internal static bool HasProgram(string name) => (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin").Split(':')
        .Any(directory => File.Exists(Path.Combine(directory, name)));

    private static async Task Build(string output, string before) =>
        await Run(before + "exec \"$1\" \"$2\" \"$3\"", Path.Combine(Sources, "build.sh"), ProxyBinary.Path, output);
}

/// <summary>All tests of the packages: they are made once.</summary>
[CollectionDefinition(Name)]
public sealed class PackagingCollection : ICollectionFixture<BuiltPackage>
{
    public const string Name = "packaging";
}

/// <summary>A test that needs dpkg, and says so where there is none; with root's rights where it installs.</summary>
internal sealed class DebianFactAttribute : FactAttribute
{
    public DebianFactAttribute(bool installs = false)
    {
        if (!BuiltPackage.HasDpkg)
            Skip = "dpkg-deb is not installed here";
        else if (installs && !Environment.IsPrivilegedProcess)
            Skip = "only root may install a package, be it into a directory";
        else if (installs && !(BuiltPackage.HasProgram("dpkg") && BuiltPackage.HasProgram("useradd")))
            Skip = "dpkg or useradd is not installed here";
    }
}
