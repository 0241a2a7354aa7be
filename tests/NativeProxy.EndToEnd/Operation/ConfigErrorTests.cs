using System;
using System.IO;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>A configuration that cannot be used: a message that helps, exit code 2, and nothing started.</summary>
public sealed class ConfigErrorTests
{
    [Fact]
    public async Task MissingFile_IsNamed()
    {
        string path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        await ExpectRefused(path, $"{path}: the file does not exist", "`nativeproxy config reference` prints a file to start from");
    }

    [Fact]
    public async Task DirectoryInsteadOfAFile_IsSaid() => await ExpectRefused(Path.GetTempPath(), "this is a directory, not a file");

    [Fact]
    public async Task FileThatIsNotUtf8_IsNamedWithThePlace()
    {
        using var file = new SettingsText([.. "# fine\n# "u8, 0xff, .. "\n"u8]);
        await ExpectRefused(file.Path, $"{file.Path}:2:3: the text is not valid UTF-8");
    }

    [Fact]
    public async Task UnknownKey_IsShownWithItsLine_AndTheLikelyMeaning()
    {
        using var file = new SettingsText(SettingsText.Sound(1, "127.0.0.1:1", "max_conections = 5"));
        await ExpectRefused(file.Path, $"{file.Path}:4:1: unknown key \"max_conections\" in [runtime]", "max_conections = 5", "^^^^^^^^^^^^^^",
            "did you mean \"max_connections\"?");
    }

    [Fact]
    public async Task WrongType_IsShownWithWhatIsExpected()
    {
        using var file = new SettingsText(SettingsText.Sound(1, "127.0.0.1:1", "max_connections = \"many\""));
        await ExpectRefused(file.Path, $"{file.Path}:4:19: \"max_connections\" in [runtime] is \"many\"", "expected an integer from 1 to 1000000");
    }

    [Fact]
    public async Task BrokenToml_IsShownWithItsPlace()
    {
        using var file = new SettingsText("[runtime\nworkers = 1\n");
        await ExpectRefused(file.Path, file.Path + ":1:");
    }

    [Fact]
    public async Task AllErrorsAreShownAtOnce()
    {
        using var file = new SettingsText("""
            [runtime]
            wokers = 1
            [[listener]]
            name = "web"
            bind = ["127.0.0.1:99999", "localhost:80"]
            upstream = "ap"
            keepalive.timeout = "soon"
            [[upstream]]
            name = "app"
              [[upstream.server]]
              name = "a"
              address = "nowhere"
            """);
        FinishedCommand run = await ExpectRefused(
            file.Path, "\"wokers\"", "127.0.0.1:99999", "did you mean \"127.0.0.1:80\"?", "there is no upstream \"ap\"", "\"soon\"",
            "the address \"nowhere\"", "6 errors in ");
        FinishedCommand check = await ProxyBinary.Run("check", "-c", file.Path);
        Assert.Equal(2, check.ExitCode);
        Assert.Equal(run.Errors[..run.Errors.LastIndexOf("\n20", StringComparison.Ordinal)],
            check.Errors[..check.Errors.LastIndexOf($"\n{file.Path}: 6 errors", StringComparison.Ordinal)]);
    }

    [Fact]
    public async Task PortInUse_IsNamedWithItsListener()
    {
        await using ScriptedOrigin holder = ScriptedOrigin.Answering();
        using var file = new SettingsText(SettingsText.Sound(holder.Port, "127.0.0.1:1"));
        await ExpectRefused(file.Path, $"listener \"web\": 127.0.0.1:{holder.Port} is in use by another program", "nothing was started");
    }

    [Fact]
    public async Task AdminPortInUse_IsNamed()
    {
        await using ScriptedOrigin holder = ScriptedOrigin.Answering();
        using var file = new SettingsText(SettingsText.Sound(FreePorts.Take(1)[0], "127.0.0.1:1", $"[admin]\nbind = \"{holder.Address}\""));
        await ExpectRefused(file.Path, $"{holder.Address} is in use by another program", "nothing was started");
    }

    [Fact]
    public async Task LogFileThatCannotBeOpened_IsNamed()
    {
        using var file = new SettingsText(SettingsText.Sound(FreePorts.Take(1)[0], "127.0.0.1:1",
            "[log]\naccess = \"/no/such/directory/access.log\""));
        await ExpectRefused(file.Path, "/no/such/directory/access.log", "nothing was started");
    }

    [Fact]
    public async Task CookieValueThatCannotStandInACookie_IsShownWithItsPlace()
    {
        using var file = new SettingsText(SettingsText.Sound(1, "127.0.0.1:1") + "cookie = \"a;b\"\n");
        await ExpectRefused(file.Path, $"{file.Path}:15:10: \"a;b\" cannot be the value of a cookie", "none of \" , ; \\");
    }

    [Fact]
    public async Task AddressOfAnotherMachine_IsSaid()
    {
        using var file = new SettingsText(SettingsText.Sound(1, "127.0.0.1:1")
            .Replace("127.0.0.1:1\"]", "192.0.2.1:8080\"]", StringComparison.Ordinal));
        await ExpectRefused(file.Path, "192.0.2.1:8080 is not an address of this machine");
    }

    [Fact]
    public async Task TwoWorkers_RefuseTheSameWay()
    {
        await using ScriptedOrigin holder = ScriptedOrigin.Answering();
        using var file = new SettingsText(SettingsText.Sound(holder.Port, "127.0.0.1:1")
            .Replace("workers = 1", "workers = 2", StringComparison.Ordinal));
        await ExpectRefused(file.Path, "is in use by another program", "nothing was started");
    }

    /// <summary>Runs the proxy with this file; it must end by itself with code 2 and these words on stderr.</summary>
    private static async Task<FinishedCommand> ExpectRefused(string path, params string[] words)
    {
        FinishedCommand run = await ProxyBinary.Run("run", "-c", path);
        Assert.All(words, word => Assert.Contains(word, run.Errors, StringComparison.Ordinal));
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains("nothing was started", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
        return run;
    }
}
