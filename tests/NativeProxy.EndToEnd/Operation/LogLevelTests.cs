using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>From which level on the processes write lines of their own: by the file, by a reload, and by an operator while they run.</summary>
[Trait("layer", "no")] // Nothing of it is on a connection.
public sealed class LogLevelTests : IDisposable
{
    private const string NotReached = "it is not reached";

    private readonly string _directory = Directory.CreateTempSubdirectory("np-level-").FullName;

    public LogLevelTests() => File.WriteAllText(TokenFile, "0123456789abcdef0123456789abcdef\n");

    private string TokenFile => Path.Combine(_directory, "token");

    private string SocketPath => Path.Combine(_directory, "log");

    private string TokenLine => $"write_token_file = \"{TokenFile}\"";

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>A worker that finds no syslog warns of it once, and says once that it is there again.</summary>
    [Fact]
    public async Task LevelOfAnOperator_HoldsInAllProcesses_OverAReloadAndAWorkersRestart()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(2).Admin(TokenLine).Log($"access = \"syslog:unix:{SocketPath}\""));
        Assert.Equal("level info; the file in force says info\n", await Level(proxy));
        Assert.StartsWith("level error; the file in force says info\nholds over reloads, ", await Level(proxy, "error"), StringComparison.Ordinal);
        await proxy.Errors.WaitFor("info lines of the proxy itself are written from level error on, by an operator");
        int before = proxy.Errors.Lines.Count;

        FinishedCommand reload = await ProxyBinary.Run("reload", "--wait", "-c", proxy.ConfigPath);
        Assert.Equal(0, reload.ExitCode);
        Assert.Contains("in force: reloaded", reload.Output, StringComparison.Ordinal);
        int[] workers = ProcessView.Children(proxy.Id);
        LinuxSignals.Send(workers[0], LinuxSignals.Kill);
        await proxy.Errors.WaitFor("error worker ");
        await Deadline.Until(() => ProcessView.Children(proxy.Id).Except(workers).Any(), () => "another worker");
        await Deadline.Until(async () => await BothServe(proxy), () => "both workers to serve");
        await AskUntilBothHaveWaited(proxy);
        Assert.All(proxy.Errors.Lines.Skip(before), static line => Assert.Contains(" error ", line, StringComparison.Ordinal));

        // What they say from now on proves that the lines before would have been there.
        Assert.StartsWith("level warn;", await Level(proxy, "warn"), StringComparison.Ordinal);
        using SyslogReader reader = SyslogReader.Unix(SocketPath);
        foreach (int worker in ProcessView.Children(proxy.Id))
            await proxy.Errors.WaitFor($"[{worker}] warn access log \"syslog:unix:{SocketPath}\": it takes lines again");
        Assert.DoesNotContain(NotReached, proxy.Errors.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("started again", proxy.Errors.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task FileHasTheLastWord_WhereItSaysAnotherLevelThanBefore(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(workers).Admin(TokenLine).Log("level = \"info\""));
        await Level(proxy, "error");
        await Reload(proxy, static toml => toml + "\n");
        Assert.Equal("level error; the file in force says info\n", await Level(proxy));
        await Reload(proxy, static toml => toml.Replace("level = \"info\"", "level = \"warn\"", StringComparison.Ordinal));
        Assert.Equal("level warn; the file in force says warn\n", await Level(proxy));
        await Reload(proxy, static toml => toml.Replace("level = \"warn\"", "level = \"info\"", StringComparison.Ordinal));
        await proxy.Errors.WaitFor("info lines of the proxy itself are written from level info on, by a reload");
        await proxy.Errors.WaitFor("reloaded: log.level warn -> info");
        Assert.DoesNotContain("info -> warn", proxy.Errors.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProcessAfterAnUpgrade_BeginsWithItsFile()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(2).Admin(TokenLine));
        await Level(proxy, "warn");
        Assert.Equal(0, (await ProxyBinary.Run("upgrade", "-c", proxy.ConfigPath)).ExitCode);
        string level = await Level(proxy);
        FinishedCommand status = await ProxyBinary.Run("status", "-c", proxy.ConfigPath);
        int next = int.Parse(Regex.Match(status.Output, @"process (\d+)").Groups[1].Value, CultureInfo.InvariantCulture);
        LinuxSignals.Send(next, LinuxSignals.Terminate);
        Assert.Equal(0, await proxy.WaitForExit());
        Assert.NotEqual(proxy.Id, next);
        Assert.Equal("level info; the file in force says info\n", level);
    }

    [Fact]
    public async Task StartAndStop_AreSilentFromLevelWarnOn_ButWhyNothingStartsIsSaid()
    {
        int port = FreePorts.Take(1)[0];
        using var file = new SettingsText("[log]\naccess = \"off\"\nlevel = \"error\"\n" + SettingsText.Sound(port, "127.0.0.1:9001"));
        using (Process process = ProxyBinary.Start("run", "-c", file.Path))
        {
            var errors = new LineCollector(process.StandardError);
            await Deadline.Until(() => ProcessView.ListensOn(process.Id, port), () => "the proxy to listen:\n" + errors.Text);
            LinuxSignals.Send(process.Id, LinuxSignals.Terminate);
            await Deadline.For(process.WaitForExitAsync(), () => "the end");
            await errors.Ended;
            Assert.Equal("", errors.Text);
        }
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, port));
        other.Listen();
        FinishedCommand failed = await ProxyBinary.Run("run", "-c", file.Path);
        Assert.NotEqual(0, failed.ExitCode);
        Assert.Contains("is in use by another program", failed.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WordThatIsNoLevel_IsRefused()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Admin(TokenLine));
        FinishedCommand wrong = await ProxyBinary.Run("log", "level", "warning", "-c", proxy.ConfigPath);
        Assert.Equal((1, "\"warning\" is no level; there are info, warn, error\n"), (wrong.ExitCode, wrong.Errors));
        Assert.Equal("level info; the file in force says info\n", await Level(proxy));
        using var file = new SettingsText("[log]\nlevel = \"warning\"\n" + SettingsText.Sound(FreePorts.Take(1)[0], "127.0.0.1:9001"));
        FinishedCommand check = await ProxyBinary.Run("check", "-c", file.Path);
        Assert.Equal(2, check.ExitCode);
        Assert.Contains("\"warn\"", check.Errors, StringComparison.Ordinal);
    }

    private static async Task Reload(ProxyUnderTest proxy, Func<string, string> change)
    {
        await File.WriteAllTextAsync(proxy.ConfigPath, change(await File.ReadAllTextAsync(proxy.ConfigPath)));
        FinishedCommand reload = await ProxyBinary.Run("reload", "--wait", "-c", proxy.ConfigPath);
        Assert.True(reload.ExitCode == 0, reload.Errors);
    }

    private static async Task<string> Level(ProxyUnderTest proxy, params string[] word)
    {
        FinishedCommand command = await ProxyBinary.Run(["log", "level", .. word, "-c", proxy.ConfigPath]);
        Assert.True(command.ExitCode == 0, command.Errors);
        return command.Output;
    }

    private static async Task<bool> BothServe(ProxyUnderTest proxy) =>
        Regex.IsMatch((await ProxyBinary.Run("status", "-c", proxy.ConfigPath)).Output, @": ok\nworker 0: .*\nworker 1: ");

    /// <summary>Connections are spread by the kernel: with so many nobody is left out.</summary>
    private static async Task AskUntilBothHaveWaited(ProxyUnderTest proxy)
    {
        for (int i = 0; i < 40; i++)
            Assert.Equal(200, (await proxy.AskOnce()).Status);
    }
}
