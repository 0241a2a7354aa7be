using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Packaging;

/// <summary>What the packages hold, and that it fits together and fits the binary.</summary>
[Collection(PackagingCollection.Name)]
public sealed class PackageTests(BuiltPackage package)
{
    private static readonly string[] Files =
    [
        "etc/logrotate.d/nativeproxy",
        "etc/nativeproxy/nativeproxy.toml",
        "usr/lib/systemd/system/nativeproxy.service",
        "usr/sbin/nativeproxy",
        "usr/share/bash-completion/completions/nativeproxy",
        "usr/share/doc/nativeproxy/copyright",
        "usr/share/fish/vendor_completions.d/nativeproxy.fish",
        "usr/share/man/man8/nativeproxy.8.gz",
        "usr/share/zsh/vendor-completions/_nativeproxy",
    ];

    private const string ChangeLog = "usr/share/doc/nativeproxy/changelog.gz";

    [Fact]
    public async Task Tarball_HasTheWholeTreeInOneFolder_OwnedByRoot()
    {
        string[] lines = (await BuiltPackage.Run("tar -tvzf \"$1\" | sort -k 6", package.Tarball)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string folder = Path.GetFileName(package.Tarball)[..^".tar.gz".Length];
        Assert.Matches(@"^nativeproxy-\d+\.\d+\.\d+-linux-(musl-)?(x64|arm64)$", folder);
        Assert.All(lines, static line => Assert.Matches(@"^(-rw-r--r--|[-d]rwxr-xr-x) root/", line));
        Assert.Equal(
            Files.Order(StringComparer.Ordinal),
            lines.Where(static line => line[0] == '-').Select(line => line[(line.IndexOf(folder, StringComparison.Ordinal) + folder.Length + 1)..])
            .Order(StringComparer.Ordinal));
    }

    [DebianFact]
    public async Task DebianPackage_HasTheSame_AndWhatDebianWants()
    {
        string[] lines = (await BuiltPackage.Run("dpkg-deb -c \"$1\"", package.Debian)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, static line => Assert.Matches(@"^(-rw-r--r--|[-d]rwxr-xr-x) root/root ", line));
        Assert.Equal(
            Files.Append(ChangeLog).Order(StringComparer.Ordinal),
            lines.Where(static line => line[0] == '-').Select(static line => line[(line.IndexOf(" ./", StringComparison.Ordinal) + 3)..])
            .Order(StringComparer.Ordinal));
        string fields = await BuiltPackage.Run("dpkg-deb -f \"$1\"", package.Debian);
        Assert.Contains($"\nVersion: {await Version()}\n", fields, StringComparison.Ordinal);
        Assert.DoesNotContain("@", Regex.Replace(fields, "<.*>", ""), StringComparison.Ordinal);
        Assert.Equal(
            Files.Where(static path => path.StartsWith("etc/", StringComparison.Ordinal)).Select(static path => "/" + path).Order(),
            (await File.ReadAllLinesAsync(Path.Combine(package.Control, "conffiles"))).Order());
        await BuiltPackage.Run("cd \"$1\" && md5sum --check --quiet \"$2/md5sums\"", package.Tree, package.Control);
        await BuiltPackage.Run(
            "for script in postinst prerm postrm; do sh -n \"$1/$script\" && test -x \"$1/$script\" || exit 1; done", package.Control);
    }

    /// <summary>Whoever packs, and when.</summary>
    [Fact]
    public async Task SameBinary_GivesTheSameBytes()
    {
        string again = await package.BuildAgain();
        string[] first = [.. Directory.GetFiles(Path.GetDirectoryName(package.Tarball)!).Order()];
        Assert.Equal(BuiltPackage.HasDpkg ? 2 : 1, first.Length);
        foreach (string file in first)
            Assert.Equal(await File.ReadAllBytesAsync(file), await File.ReadAllBytesAsync(Path.Combine(again, Path.GetFileName(file))));
    }

    [Fact]
    public async Task Version_IsTheBinarysEverywhere()
    {
        string version = await Version();
        Assert.Contains($"\"nativeproxy {version}\"", await Source("nativeproxy.8"), StringComparison.Ordinal);
        Assert.StartsWith($"nativeproxy ({version}) ", await Source("debian/changelog"), StringComparison.Ordinal);
        Assert.Contains($"\n## {version}\n", await Source("../manual/changelog.md"), StringComparison.Ordinal);
        Assert.Contains($"nativeproxy_{version}_", await Source("../manual/install.md"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task InstalledConfiguration_PassesTheCheck()
    {
        string path = package.Installed("etc/nativeproxy/nativeproxy.toml");
        FinishedCommand check = await ProxyBinary.Run("check", "-c", path);
        Assert.Equal((0, "", $"{path}: ok\n"), (check.ExitCode, check.Output, check.Errors));
    }

    /// <summary>With other ports and directories; logs are rotated as the installed file says.</summary>
    [Fact]
    public async Task InstalledBinary_ServesWithTheInstalledConfiguration_AndItsLogsCanBeRotated()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        string directory = Directory.CreateTempSubdirectory("nativeproxy-installed-").FullName;
        string Moved(string text) => text.Replace("/run/nativeproxy", directory, StringComparison.Ordinal)
            .Replace("/var/log/nativeproxy", directory, StringComparison.Ordinal);
        int[] ports = FreePorts.Take(2);
        string toml = Moved(await File.ReadAllTextAsync(package.Installed("etc/nativeproxy/nativeproxy.toml")))
            .Replace("*:8080", $"127.0.0.1:{ports[0]}", StringComparison.Ordinal)
            .Replace("127.0.0.1:9901", $"127.0.0.1:{ports[1]}", StringComparison.Ordinal)
            .Replace("127.0.0.1:9000", origin.Address, StringComparison.Ordinal)
            .Replace("engine = \"epoll\"", $"engine = \"{ProxyConfig.Engine}\"", StringComparison.Ordinal);
        using var settings = new SettingsText(toml);
        using var process = ProxyBinary.StartThrough($"exec {package.Installed("usr/sbin/nativeproxy")} \"$@\"", "run", "-c", settings.Path);
        try
        {
            var errors = new LineCollector(process.StandardError);
            await errors.WaitFor(" started, ");
            string log = Path.Combine(directory, "access.log");
            await ExpectLogged(ports[0], log, "/before");
            File.Move(log, log + ".1");
            await BuiltPackage.Run(Moved(await AfterRotation()));
            await Deadline.Until(() => File.Exists(log), () => "a new log");
            await ExpectLogged(ports[0], log, "/after");
            LinuxSignals.Send(process.Id, LinuxSignals.Terminate);
            await Deadline.For(process.WaitForExitAsync(), () => "the end:\n" + errors.Text);
            Assert.Equal(0, process.ExitCode);
            Assert.False(File.Exists(Path.Combine(directory, "nativeproxy.pid")));
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>The user and the directories of the unit are those of logrotate's file, and the signal is that of the manual.</summary>
    [Fact]
    public async Task Rotation_FitsTheUnitAndTheConfiguration()
    {
        string rotation = await Source("nativeproxy.logrotate");
        string unit = await Source("nativeproxy.service");
        string toml = await Source("nativeproxy.toml");
        Assert.StartsWith("/var/log/nativeproxy/*.log {\n", rotation, StringComparison.Ordinal);
        Assert.Contains("access = \"/var/log/nativeproxy/access.log\"", toml, StringComparison.Ordinal);
        string file = Regex.Match(toml, "pid_file = \"(.*)\"").Groups[1].Value;
        Assert.Equal($"if [ -s {file} ]; then kill -USR1 \"$(cat {file})\"; fi", (await AfterRotation()).Trim());
        Assert.Contains("| SIGUSR1 | the log files are opened anew", await Source("../manual/commands-and-signals.md"), StringComparison.Ordinal);
        foreach (string line in (string[])["User=nativeproxy", "RuntimeDirectory=nativeproxy", "LogsDirectory=nativeproxy"])
            Assert.Contains($"\n{line}\n", unit, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unit_HasNothingThatSystemdDoesNotKnow()
    {
        string unit = (await Source("nativeproxy.service")).Replace("/usr/sbin/nativeproxy", package.Installed("usr/sbin/nativeproxy"),
            StringComparison.Ordinal);
        Assert.Contains("\nExecReload=/bin/kill -HUP $MAINPID\n", unit, StringComparison.Ordinal);
        if (!BuiltPackage.HasProgram("systemd-analyze"))
            return;
        string copy = package.Installed("nativeproxy.service");
        await File.WriteAllTextAsync(copy, unit);
        FinishedCommand verdict = await BuiltPackage.TryRun("systemd-analyze verify --man=no \"$1\"", copy);
        File.Delete(copy);
        Assert.Equal((0, "", ""), (verdict.ExitCode, verdict.Output, verdict.Errors));
    }

    /// <summary>Asked again and again: after a rotation each worker opens the log anew when it hears of it, and until then has the old one.</summary>
    private static Task ExpectLogged(int port, string log, string target) => Deadline.Until(
        async () =>
        {
            await using RawClient client = await RawClient.Connect(port);
            Assert.Equal(200, (await client.Ask(target, "Connection: close\r\n")).Status);
            return (await File.ReadAllTextAsync(log)).Contains($"\"GET {target} HTTP/1.1\"", StringComparison.Ordinal);
        },
        () => $"a line about {target}");

    private static async Task<string> AfterRotation() =>
        Regex.Match(await Source("nativeproxy.logrotate"), "postrotate\n(.*)endscript", RegexOptions.Singleline).Groups[1].Value;

    private static async Task<string> Version() => (await ProxyBinary.Run("version")).Output.Trim()["nativeproxy ".Length..];

    private static Task<string> Source(string path) => File.ReadAllTextAsync(Path.Combine(BuiltPackage.Sources, path));
}
