using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>
/// Targets and format of the logs change at a reload: what ended before it is in the old place, what comes after it in the new one, and nothing is
/// lost.
/// </summary>
public sealed class LogReloadTests : IDisposable
{
    private const int Requests = 40;

    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-log-").FullName;

    private string First => Path.Combine(_directory, "first.log");

    private string Second => Path.Combine(_directory, "second.log");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task AccessLog_MovesToAnotherFile_WithoutALineLost(int workers)
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).WithWorkers(workers).Log($"access = \"{First}\""));
        await AskMany(proxy, "/before");

        await proxy.Reload(text => text.Replace(First, Second, StringComparison.Ordinal));
        await Deadline.Until(() => File.Exists(Second), () => "the second file");
        await Arrived(proxy, workers, Second);
        await AskMany(proxy, "/after");

        await Deadline.Until(() => Count(Second, "/after") == Requests, () => $"{Requests} lines after the change, not {Count(Second, "/after")}");
        Assert.Equal((Requests, 0), (Count(First, "/before"), Count(Second, "/before")));
        Assert.Equal(0, Count(First, "/after"));
        Assert.Contains($"reloaded: log.access {First} -> {Second}", proxy.Errors.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Format_ChangesWithTheReload()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log($"access = \"{First}\""));
        await using RawClient client = await proxy.Connect();
        await client.Ask("/before");

        await proxy.Reload(text => text.Replace($"access = \"{First}\"", $"access = \"{First}\"\nformat = \"json\"", StringComparison.Ordinal));
        await Deadline.Until(
            async () =>
            {
                await client.Ask("/after");
                return Lines(First).Any(static line => line.StartsWith('{'));
            },
            () => "a line of JSON");

        string[] lines = Lines(First);
        int json = Array.FindIndex(lines, static line => line.StartsWith('{'));
        Assert.Contains("\"GET /before HTTP/1.1\"", lines[0], StringComparison.Ordinal);
        Assert.All(lines[json..], static line => Assert.StartsWith("{", line, StringComparison.Ordinal));
        Assert.Contains("log.format haproxy -> json", proxy.Errors.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LogThatWasOff_BeginsWithTheReload_AndKnowsAllNames()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log("access = \"off\""));
        await proxy.AskOnce("/before");

        await proxy.Reload(text => text.Replace("access = \"off\"", $"access = \"{First}\"\nconnections = \"{Second}\"", StringComparison.Ordinal));
        await Deadline.Until(
            async () =>
            {
                await proxy.AskOnce("/after");
                return Count(First, "/after") > 0 && Count(Second, "closed client web") > 0;
            },
            () => "lines in both files");

        Assert.Equal(0, Count(First, "/before"));
        Assert.Contains(" web app/a ", Lines(First)[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task LogThatIsSwitchedOff_Ends()
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Log($"access = \"{First}\""));
        await proxy.AskOnce("/before");

        await proxy.Reload(text => text.Replace($"access = \"{First}\"", $"access = \"off\"\nconnections = \"{Second}\"", StringComparison.Ordinal));
        await Deadline.Until(
            async () =>
            {
                await proxy.AskOnce("/after");
                return Count(Second, "closed client web") > 1;
            },
            () => "lines of connections");
        int written = Count(First, "/after");
        await proxy.AskOnce("/last");
        await Deadline.Until(() => Count(Second, "closed client web") > 2, () => "the last connection");

        // How many went out before the worker took the settings over is nobody's promise.
        Assert.Equal((1, written, 0), (Count(First, "/before"), Count(First, "/after"), Count(First, "/last")));
    }

    /// <summary>A worker takes settings over in an event of its own; with several of them each is met by some connection.</summary>
    private static Task Arrived(ProxyUnderTest proxy, int workers, string file) => Deadline.Until(
        async () =>
        {
            int before = Count(file, "/probe");
            for (int i = 0; i < 8 * workers; i++)
                await proxy.AskOnce("/probe");
            await Deadline.Until(() => Count(file, "/probe") >= before, () => "probes");
            return Count(file, "/probe") - before >= 8 * workers - 1;
        },
        () => "all workers to write to the new file");

    private static async Task AskMany(ProxyUnderTest proxy, string target)
    {
        for (int i = 0; i < Requests; i++)
            await proxy.AskOnce(target);
    }

    private static int Count(string file, string words) => Lines(file).Count(line => line.Contains(words, StringComparison.Ordinal));

    private static string[] Lines(string file)
    {
        if (!File.Exists(file))
            return [];
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
