using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>A configuration of several files, and variables in it: with workers, over reloads, and for commands to a proxy that runs.</summary>
[Trait("layer", "no")] // What is read is no matter of what is spoken.
public sealed class IncludedFilesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-included-").FullName;

    private string More => Path.Combine(_directory, "more.toml");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task RoutesOfAnotherFile_AreThere_OverReloads_AndInAWorkerThatStartsLater(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers));
        File.WriteAllText(More, Route("one", 418));
        await proxy.Reload(toml => $"include = [\"{_directory}/*.toml\"]\n" + toml);
        Assert.Contains("route one added", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Equal((418, 200), ((await proxy.AskOnce("/more")).Status, (await proxy.AskOnce()).Status));

        // The named file is as it was.
        File.WriteAllText(More, Route("one", 410));
        await proxy.Reload(static toml => toml);
        Assert.Contains("reloaded: route one: respond.status 418 -> 410", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Equal(410, (await proxy.AskOnce("/more")).Status);

        File.WriteAllText(More, Route("one", 418) + "\nmore = 1\n");
        await proxy.Reload(static toml => toml);
        Assert.Contains($"{More}:7:1: unknown key \"more\"", proxy.Errors.Text, StringComparison.Ordinal);
        if (workers > 1)
            await KillOne(proxy);
        Assert.Equal(410, (await proxy.AskOnce("/more")).Status);
    }

    [Fact]
    public async Task Variable_IsFilledInWhereItIsServed_AndOneThatIsNotSetIsTold()
    {
        Environment.SetEnvironmentVariable("NP_E2E_PAGE", "a page of the environment");
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(
            ProxyConfig.For(origin).WithWorkers(2)
                .Route("path = [\"/elsewhere\"]", "respond = { status = 200, body = \"${NP_E2E_PAGE} ${NP_E2E_ABSENT:-indeed}\" }"));
        Assert.Equal("a page of the environment indeed", (await proxy.AskOnce("/elsewhere")).Body);

        await proxy.Reload(static toml => toml.Replace("NP_E2E_PAGE", "NP_E2E_ABSENT", StringComparison.Ordinal));
        Assert.Contains("the variable NP_E2E_ABSENT is not set", proxy.Errors.Text, StringComparison.Ordinal);
        Assert.Equal("a page of the environment indeed", (await proxy.AskOnce("/elsewhere")).Body);
    }

    /// <summary>Somebody is at work on a file; the endpoint stands in another one, and its port in a variable.</summary>
    [Fact]
    public async Task Commands_FindTheEndpoint_ThoughAFileHasErrors()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin));
        string entry = Path.Combine(_directory, "proxy.toml");
        File.WriteAllText(entry, "include = [\"more.toml\"]\n[runtime\nworkers = ${NP_E2E_ABSENT}\n");
        File.WriteAllText(More, $"[admin]\nbind = \"127.0.0.1:${{NP_E2E_ABSENT:-{proxy.AdminPort}}}\"\n");

        FinishedCommand status = await ProxyBinary.Run("status", "-c", entry);

        Assert.True(status.ExitCode == 0, status.Errors);
        Assert.StartsWith($"{entry} has errors, such as {entry}:2:", status.Errors, StringComparison.Ordinal);
        Assert.Contains("app/a", status.Output, StringComparison.Ordinal);
    }

    private static async Task KillOne(ProxyUnderTest proxy)
    {
        int[] before = ProcessView.Children(proxy.Id);
        LinuxSignals.Send(before[0], LinuxSignals.Kill);
        await Deadline.Until(
            () => ProcessView.Children(proxy.Id) is var now && now.Length == before.Length && !now.Contains(before[0]), () => "another worker");
        await proxy.Errors.WaitFor(" started again");
    }

    private static string Route(string name, int status) =>
        $"[[route]]\nname = \"{name}\"\npath = [\"/more\"]\n  [route.respond]\n  status = {status}\n";
}
