using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.Versioning;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>As whom workers run, and which rights they have, by what the kernel says of each of their threads. Needs root.</summary>
[Trait("layer", "no")] // A process has its rights whatever it speaks.
[SupportedOSPlatform("linux")]
public sealed class WorkerUserTests : IDisposable
{
    private const string Nobody = "65534 65534 65534 65534";
    private const string Root = "0 0 0 0";
    private const string None = "0000000000000000";

    /// <summary>CAP_DAC_OVERRIDE alone.</summary>
    private const string FilesOnly = "0000000000000002";

    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-user-").FullName;

    /// <summary>Others may look into it.</summary>
    public WorkerUserTests() => File.SetUnixFileMode(_directory, (UnixFileMode)Convert.ToInt32("755", 8));

    private string Log => Path.Combine(_directory, "access.log");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task WorkersAreTheUserInEveryThread_TheSupervisorStaysRoot_AndLogsAreOpenedAnew(int workers)
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(workers).Runtime("user = \"nobody\"").Log($"access = \"{Log}\""));
        await proxy.AskOnce("/first");
        await Deadline.Until(() => Lines().Contains("/first", StringComparison.Ordinal), () => "the first line");

        int[] processes = ProcessView.Children(proxy.Id);
        Assert.Equal(workers, processes.Length);
        Assert.Equal([Root], Of(proxy.Id, "Uid"));
        foreach (int process in processes)
        {
            Assert.Equal([Nobody], Of(process, "Uid"));
            Assert.Equal([Nobody], Of(process, "Gid"));
            Assert.Equal(["65534"], Of(process, "Groups"));
            Assert.Equal(["1"], Of(process, "NoNewPrivs"));
            Assert.Equal([None], Of(process, "CapEff"));
            Assert.Equal([None], Of(process, "CapPrm"));
            Assert.Equal([None], Of(process, "CapAmb"));
        }

        // As logrotate does it. The directory is root's: the worker could make no file there.
        File.Move(Log, Log + ".1");
        proxy.Signal(LinuxSignals.User1);
        await Deadline.Until(
            async () =>
            {
                await proxy.AskOnce("/second");
                return File.Exists(Log) && Lines().Contains("/second", StringComparison.Ordinal);
            },
            () => "a line in the new file:\n" + proxy.Errors.Text);
        await proxy.Reload(static toml => toml.Replace("access.log", "other.log", StringComparison.Ordinal));
        Assert.Contains("reloaded: log.access", proxy.Errors.Text, StringComparison.Ordinal);
        await Deadline.Until(
            async () =>
            {
                await proxy.AskOnce("/third");
                return File.ReadAllText(Path.Combine(_directory, "other.log")).Contains("/third", StringComparison.Ordinal);
            },
            () => "a line in the other file:\n" + proxy.Errors.Text);
    }

    /// <summary>Root without root's powers but that over files, which it needs as long as it is root.</summary>
    [Fact]
    public async Task WithoutAUser_WorkersHaveNoRightsButThoseOverFiles()
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2));
        foreach (int process in ProcessView.Children(proxy.Id))
        {
            Assert.Equal([Root], Of(process, "Uid"));
            Assert.Equal(["1"], Of(process, "NoNewPrivs"));
            foreach (string set in (string[])["CapEff", "CapPrm", "CapBnd"])
                Assert.Equal([FilesOnly], Of(process, set));
        }
        Assert.Equal(["0"], Of(proxy.Id, "NoNewPrivs"));
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Fact]
    public async Task SingleProcess_IsTheUserInEveryThread_AndReloadsWhatItMay()
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).Runtime("user = \"nobody\"", "group = \"daemon\"").Log($"access = \"{Log}\""), "--single-process");
        Assert.Equal([Nobody], Of(proxy.Id, "Uid"));
        Assert.Equal(["1 1 1 1"], Of(proxy.Id, "Gid"));
        Assert.Equal([None], Of(proxy.Id, "CapEff"));
        Assert.Equal(200, (await proxy.AskOnce()).Status);

        // What is root's alone is refused, with its place.
        File.SetUnixFileMode(Path.GetDirectoryName(proxy.ConfigPath)!, (UnixFileMode)Convert.ToInt32("755", 8));
        await proxy.Reload(toml => toml.Replace(Log, Path.Combine(_directory, "new.log"), StringComparison.Ordinal));
        Assert.Contains("log.access cannot be written: no file can be made in", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Contains("reload refused", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Fact]
    public async Task UserThatIsNotThere_AndFilesThatItMayNotRead_AreToldBeforeAnythingStarts()
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        string secret = Path.Combine(_directory, "page.html");
        File.WriteAllText(secret, "<p>no");
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        string pages = Toml("user = \"nobody\"").Replace("[[upstream]]", $"error_pages = {{ 404 = \"file:{secret}\" }}\n[[upstream]]",
            StringComparison.Ordinal);
        (string Text, string Told)[] cases =
        [
            (Toml("user = \"no-such-user\""), ":4:8: there is no user \"no-such-user\" on this machine"),
            (Toml("user = \"nobody\"\ngroup = \"no-such-group\""), ":5:9: there is no group \"no-such-group\" on this machine"),
            (Toml("group = \"daemon\""), ":4:9: a group stands without a user"),
            (pages, $"the file \"{secret}\" cannot be read"),
        ];
        foreach ((string text, string told) in cases)
        {
            using var file = new SettingsText(text);
            FinishedCommand run = await ProxyBinary.Run("run", "-c", file.Path);
            Assert.Equal(2, run.ExitCode);
            Assert.Contains(told, run.Errors, StringComparison.Ordinal);
        }

        // Whoever may read it as root, and who runs as root, may.
        using var asRoot = new SettingsText(pages.Replace("user = \"nobody\"", "", StringComparison.Ordinal));
        Assert.Equal(0, (await ProxyBinary.Run("check", "--full", "-c", asRoot.Path)).ExitCode);
    }

    [Fact]
    public async Task WhoIsNotRoot_CannotBecomeAnother()
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        using var file = new SettingsText(Toml("user = \"daemon\""));
        File.SetUnixFileMode(file.Path, (UnixFileMode)Convert.ToInt32("644", 8));
        FinishedCommand run = await ProxyBinary.RunThrough(
            "exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$0\" \"$@\"", "run", "-c", file.Path);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(":4:8: only root can become the user daemon", run.Errors, StringComparison.Ordinal);
    }

    private static string Toml(string lines) => SettingsText.Sound(FreePorts.Take(1)[0], "127.0.0.1:1", lines, workers: 2);

    private string Lines() => File.Exists(Log) ? File.ReadAllText(Log) : "";

    /// <summary>What a line of /proc/PID/status says, of all threads, each different value once.</summary>
    private static IEnumerable<string> Of(int process, string key) =>
        Directory.GetDirectories($"/proc/{process}/task").Select(task => File.ReadLines(task + "/status")
            .First(line => line.StartsWith(key + ":", StringComparison.Ordinal))[(key.Length + 1)..].Trim().Replace('\t', ' ')).Distinct();
}
