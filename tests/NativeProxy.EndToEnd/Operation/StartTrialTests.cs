using System;
using System.IO;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>
/// What a start needs of the machine is tried beforehand: by `check --full`, at start and at reload, always with the key that is wrong.
/// </summary>
public sealed class StartTrialTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-trial-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task CheckInFull_OfWhatWouldStart_IsOk_AndLeavesNothingBehind()
    {
        string log = Path.Combine(_directory, "access.log");
        string pid = Path.Combine(_directory, "pid");
        using var file = new SettingsText(SettingsText.Sound(FreePorts.Take(1)[0], "127.0.0.1:1",
            $"pid_file = \"{pid}\"\n[log]\naccess = \"{log}\""));

        FinishedCommand check = await ProxyBinary.Run("check", "--full", "-c", file.Path);

        Assert.Equal((0, $"{file.Path}: ok\n"), (check.ExitCode, check.Errors));
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public async Task CheckWithoutFull_TriesNothing()
    {
        await using ScriptedOrigin holder = ScriptedOrigin.Answering();
        using var file = new SettingsText(SettingsText.Sound(holder.Port, "127.0.0.1:1", "[log]\naccess = \"/no/such/directory/access.log\""));

        Assert.Equal(0, (await ProxyBinary.Run("check", "-c", file.Path)).ExitCode);
    }

    [Fact]
    public async Task CheckInFull_FindsEverythingAtOnce_EachAtItsKey()
    {
        await using ScriptedOrigin holder = ScriptedOrigin.Answering();
        using var file = new SettingsText(
            SettingsText.Sound(holder.Port, "no-such-host.invalid:80",
                $"pid_file = \"/no/such/pid\"\n[log]\naccess = \"/no/such/access.log\"\nconnections = \"{_directory}\"\n[admin]\nbind = "
                + "\"192.0.2.1:9901\""));

        FinishedCommand check = await ProxyBinary.Run("check", "--full", "-c", file.Path);

        Assert.Equal(2, check.ExitCode);
        Assert.All(
            (string[])[
                $"{file.Path}:4:12: runtime.pid_file cannot be written: there is no directory /no/such",
                $"{file.Path}:6:10: log.access cannot be written: there is no directory /no/such",
                $"{file.Path}:7:15: log.connections cannot be written: it is a directory",
                $"{file.Path}:9:8: the admin endpoint: 192.0.2.1:9901 is not an address of this machine",
                $": listener \"web\": 127.0.0.1:{holder.Port} is in use by another program",
                "warning: the name \"no-such-host.invalid\" cannot be resolved now",
                "5 errors",
            ],
            words => Assert.Contains(words, check.Errors, StringComparison.Ordinal));
    }

    [OtherUserFact]
    public async Task CheckInFull_OfAPortThatOnlyRootMayBind_SaysWhereItStands_AndWhatToDo()
    {
        int start = int.Parse(await File.ReadAllTextAsync("/proc/sys/net/ipv4/ip_unprivileged_port_start"),
            System.Globalization.CultureInfo.InvariantCulture);
        if (start == 0)
            return; // Everybody may bind every port here.
        using var file = new SettingsText(SettingsText.Sound(start - 1, "127.0.0.1:1"));

        FinishedCommand check = await ProxyBinary.RunThrough("chmod a+r \"$4\"; exec " + OtherUser.Become + " \"$0\" \"$@\"", "check", "--full", "-c",
            file.Path);

        Assert.Equal(2, check.ExitCode);
        Assert.StartsWith(
            $"{file.Path}:7:9: listener \"web\": no permission to bind 127.0.0.1:{start - 1}; ports below {start} need root or "
            + "CAP_NET_BIND_SERVICE: choose a higher port, or give the right (setcap",
            check.Errors,
            StringComparison.Ordinal);
        Assert.Contains($"    7 | bind = [\"127.0.0.1:{start - 1}\"]\n", check.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[log]\naccess = \"/no/such/access.log\"", ":5:10: log.access cannot be written: there is no directory /no/such")]
    [InlineData("[log]\nconnections = \"/proc/1/x/y\"", ":5:15: log.connections cannot be written: there is no directory /proc/1/x")]
    [InlineData("pid_file = \"/no/such/pid\"", ":4:12: runtime.pid_file cannot be written: there is no directory /no/such")]
    [InlineData("pid_file = \"/\"", ":4:12: runtime.pid_file cannot be written: it is a directory")]
    public async Task StartWithAPathThatCannotBeWritten_NamesTheKey_AndStartsNothing(string lines, string words)
    {
        foreach (int workers in (int[])[1, 2])
        {
            using var file = new SettingsText(SettingsText.Sound(FreePorts.Take(1)[0], "127.0.0.1:1", lines, workers));

            FinishedCommand run = await ProxyBinary.Run("run", "-c", file.Path);

            Assert.Equal((2, ""), (run.ExitCode, run.Output));
            Assert.Contains(file.Path + words, run.Errors, StringComparison.Ordinal);
            Assert.Contains("1 error in ", run.Errors, StringComparison.Ordinal);
            Assert.Contains("nothing was started", run.Errors, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ReloadWithAPathThatCannotBeWritten_IsRefused_WithTheKey(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));

        await proxy.Reload(static text => text.Replace("[log]\n", "[log]\naccess = \"/no/such/access.log\"\n", StringComparison.Ordinal));

        Assert.Contains("log.access cannot be written: there is no directory /no/such", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Contains("reload refused", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Fact]
    public async Task PipeWithoutAReader_DoesNotHangTheCheck()
    {
        string pipe = Path.Combine(_directory, "pipe");
        using (var make = System.Diagnostics.Process.Start("mkfifo", pipe))
            await make.WaitForExitAsync();
        using var file = new SettingsText(SettingsText.Sound(FreePorts.Take(1)[0], "127.0.0.1:1", $"[log]\naccess = \"{pipe}\""));

        FinishedCommand check = await ProxyBinary.Run("check", "--full", "-c", file.Path);

        Assert.Contains("log.access cannot be written: it is a pipe that nobody reads", check.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*:{0}\", \"127.0.0.1:{0}")]
    [InlineData("[::]:{0}\", \"*:{0}")]
    public async Task AddressesThatContainEachOther_AreOurOwnConflict(string binds)
    {
        int port = FreePorts.Take(1)[0];
        using var file = new SettingsText(SettingsText.Sound(port, "127.0.0.1:1")
            .Replace($"127.0.0.1:{port}\"]", string.Format(System.Globalization.CultureInfo.InvariantCulture, binds, port) + "\"]",
                StringComparison.Ordinal));
        foreach (string command in (string[])["check", "run"])
        {
            FinishedCommand finished = await ProxyBinary.Run(command, "-c", file.Path);
            Assert.Equal(2, finished.ExitCode);
            Assert.Contains("of the same listener \"web\" (" + file.Path + ":", finished.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("another program", finished.Errors, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ReloadFromAllAddressesToOne_FindsItsOwnSocketNoObstacle(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        string one = $"127.0.0.1:{proxy.Port()}";
        string all = $"*:{proxy.Port()}";

        await proxy.Reload(text => text.Replace(one, all, StringComparison.Ordinal));
        Assert.Equal(200, (await proxy.AskOnce()).Status);
        await proxy.Reload(text => text.Replace(all, one, StringComparison.Ordinal));

        Assert.DoesNotContain("reload refused", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Contains($"reloaded: listener web: bind [{all}] -> [{one}]", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await proxy.AskOnce()).Status);
    }

    [Fact]
    public async Task ListenerOnTheRunningAdminAddress_IsRefusedAsHeldByUs()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(origin);

        await proxy.Reload(text => text.Replace($"bind = \"127.0.0.1:{proxy.AdminPort}\"", "", StringComparison.Ordinal)
            .Replace($"127.0.0.1:{proxy.Port()}", $"127.0.0.1:{proxy.AdminPort}", StringComparison.Ordinal));

        Assert.Contains("is held by the running admin endpoint", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Contains("reload refused", proxy.Errors.Text, StringComparison.Ordinal);
    }
}
