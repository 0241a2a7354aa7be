using System;
using System.IO;
using System.Threading.Tasks;
using NativeProxy.EndToEnd.Harness;
using Xunit;

namespace NativeProxy.EndToEnd.Operation;

/// <summary>`save`, where the file lies on a full disk, or nothing can take its place.</summary>
public sealed class SavedFileTests : IDisposable
{
    private const string Token = "0123456789abcdef0123456789abcdef";

    private readonly string _tokenFile = Path.GetTempFileName();
    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-saved-").FullName;

    public SavedFileTests() => File.WriteAllText(_tokenFile, Token + "\n");

    private string Saved => $"{_directory}/p.toml";

    public void Dispose()
    {
        File.Delete(_tokenFile);
        Directory.Delete(_directory, recursive: true);
    }

    [PrivateMountsTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task FullDisk_LeavesTheOldFile_AndNothingBesideIt(bool isLink)
    {
        string before = $"{_directory}.before";
        string place = isLink ? $"cp {before} {_directory}/real.toml; ln -s real.toml {Saved}" : $"cp {before} {Saved}";
        FinishedCommand save = await Save(
            $"mount -t tmpfs -o size=64k none {_directory}; {place}; dd if=/dev/zero of={_directory}/filler bs=4k 2>/dev/null",
            $"cmp {before} {Saved} && ls -A {_directory}",
            before);
        Assert.Equal(1, save.ExitCode);
        Assert.Contains($"{Saved} is not written: ", save.Errors, StringComparison.Ordinal);
        Assert.Equal(isLink ? "filler\np.toml\nreal.toml\n" : "filler\np.toml\n", save.Output);
        File.Delete(before);
    }

    /// <summary>A file that is mounted by itself, as containers have it; the same in a folder where nothing can be written.</summary>
    [PrivateMountsTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FileWhosePlaceCannotBeTaken_IsWrittenInPlace(bool isFolderReadOnly)
    {
        string folder = isFolderReadOnly ? $"mount --bind {_directory} {_directory}; " : "";
        string closed = isFolderReadOnly ? $"; mount -o remount,bind,ro {_directory}; ! touch {_directory}/x 2>/dev/null" : "";
        FinishedCommand save = await Save($"{folder}mount --bind {Saved} {Saved}{closed}", $"ls -A {_directory}", Saved);
        Assert.True(save.ExitCode == 0, save.Errors);
        Assert.EndsWith("\nwritten\np.toml\n", save.Output, StringComparison.Ordinal);
        Assert.Contains("state = \"drain\"\n", await File.ReadAllTextAsync(Saved), StringComparison.Ordinal);
    }

    [PrivateMountsTheory]
    [InlineData("second.toml")]
    public async Task FileWithASecondName_IsWrittenUnderBoth(string second)
    {
        FinishedCommand save = await Save($"ln {Saved} {_directory}/{second}", $"cmp {Saved} {_directory}/{second} && ls -A {_directory}", Saved);
        Assert.True(save.ExitCode == 0, save.Errors);
        Assert.EndsWith($"\nwritten\np.toml\n{second}\n", save.Output, StringComparison.Ordinal);
    }

    /// <summary>A user who may write the file, and nothing beside it.</summary>
    [OtherUserFact]
    public async Task FileInAFolderOfOthers_IsWrittenInPlace()
    {
        FinishedCommand save = await Save(
            $"chmod 666 {Saved}; chmod 755 {_directory}; chmod 644 {_tokenFile}", $"stat -c %a:%u {Saved}", Saved,
            OtherUser.Become);
        Assert.True(save.ExitCode == 0, save.Errors);
        Assert.EndsWith("\nwritten\n666:0\n", save.Output, StringComparison.Ordinal);
        Assert.Equal([Saved], Directory.GetFileSystemEntries(_directory));
    }

    [PrivateMountsTheory]
    [InlineData("640:64998")]
    [InlineData("604:0")]
    public async Task OwnerAndRights_StayAsTheyAre(string rights)
    {
        string[] both = rights.Split(':');
        FinishedCommand save = await Save($"chmod {both[0]} {Saved}; chown {both[1]} {Saved}", $"stat -c %a:%u {Saved}", Saved);
        Assert.True(save.ExitCode == 0, save.Errors);
        Assert.EndsWith($"\nwritten\n{rights}\n", save.Output, StringComparison.Ordinal);
        Assert.Equal([Saved], Directory.GetFileSystemEntries(_directory));
    }

    /// <summary>Runs `save` of a server that was drained, between two lines of shell, with mounts of its own.</summary>
    /// <param name="before">Line of shell.</param>
    /// <param name="behind">Line of shell whose output is behind that of the command.</param>
    /// <param name="copy">Where the file of the proxy is copied to before all that.</param>
    /// <param name="through">What the command is run by.</param>
    private async Task<FinishedCommand> Save(string before, string behind, string copy, string through = "")
    {
        await using ScriptedOrigin origin = ScriptedOrigin.Answering();
        await using ProxyUnderTest proxy = await ProxyUnderTest.Start(ProxyConfig.For(origin).Admin($"write_token_file = \"{_tokenFile}\""));
        FinishedCommand drained = await ProxyBinary.Run("server", "drain", "app/a", "-c", proxy.ConfigPath);
        Assert.True(drained.ExitCode == 0, drained.Errors);
        File.Copy(proxy.ConfigPath, copy);
        return await ProxyBinary.RunThrough(
            $"exec unshare -m sh -c '{before}; {through} \"$0\" \"$@\"; code=$?; {behind}; exit $code' \"$0\" \"$@\"", "save", "-c", Saved);
    }
}
