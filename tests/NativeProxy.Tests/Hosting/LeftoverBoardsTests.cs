using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using NativeProxy.Hosting;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>Which files count as left behind by a supervisor that was killed.</summary>
public sealed partial class LeftoverBoardsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nativeproxy-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("nativeproxy-1", 1)]
    [InlineData("nativeproxy-4194304-servers", 4194304)]
    [InlineData("nativeproxy-77-closes", 77)]
    [InlineData("nativeproxy-", null)]
    [InlineData("nativeproxy-0", null)]
    [InlineData("nativeproxy--servers", null)]
    [InlineData("nativeproxy-77-", null)]
    [InlineData("nativeproxy-77-servers-2", null)]
    [InlineData("nativeproxy-77-Servers", null)]
    [InlineData("nativeproxy-77.log", null)]
    [InlineData("nativeproxy-+7", null)]
    [InlineData("nativeproxy-99999999999", null)]
    [InlineData("nativeproxy-test-7", null)]
    [InlineData("other-77", null)]
    public void Name_HoldsTheIdOfItsProcess_OrIsNoneOfOurs(string name, int? processId) => Assert.Equal(processId, LeftoverBoards.ProcessIdOf(name));

    [Fact]
    public void BoardPath_IsOneOfTheseNames() =>
        Assert.Equal(1234, LeftoverBoards.ProcessIdOf(Path.GetFileName(Supervisor.ServerBoardPath(LeftoverBoards.BoardPath(1234)))));

    [Fact]
    public void FilesOfProcessesThatAreGone_AreRemoved_AllOthersStay()
    {
        if (!OperatingSystem.IsLinux())
            return;
        int gone = IdOfAProcessThatIsGone();
        string[] leftovers = [$"nativeproxy-{gone}", $"nativeproxy-{gone}-servers"];
        string[] others = [$"nativeproxy-{Environment.ProcessId}", $"nativeproxy-{Environment.ProcessId}-servers", "nativeproxy-1", $"nativeproxy-{gone}.txt", $"other-{gone}"];
        foreach (string name in leftovers.Concat(others))
            File.WriteAllText(Path.Combine(_folder, name), "x");
        Directory.CreateDirectory(Path.Combine(_folder, $"nativeproxy-{gone}-folder"));
        File.CreateSymbolicLink(Path.Combine(_folder, $"nativeproxy-{gone}-link"), Path.Combine(_folder, $"other-{gone}"));

        LeftoverBoards.Remove(_folder, CallGetUser());

        Assert.Equal(
            others.Append($"nativeproxy-{gone}-folder").Append($"nativeproxy-{gone}-link").Order(StringComparer.Ordinal),
            Directory.EnumerateFileSystemEntries(_folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void FilesOfAnotherUser_Stay()
    {
        if (!OperatingSystem.IsLinux())
            return;
        string path = Path.Combine(_folder, $"nativeproxy-{IdOfAProcessThatIsGone()}");
        File.WriteAllText(path, "x");

        LeftoverBoards.Remove(_folder, CallGetUser() + 1);

        Assert.True(File.Exists(path));
    }

    [Fact]
    public void FolderThatIsMissing_IsNoError() => LeftoverBoards.Remove(Path.Combine(_folder, "missing"), 0);

    private static int IdOfAProcessThatIsGone()
    {
        using Process process = Process.Start("true");
        process.WaitForExit();
        return process.Id;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint CallGetUser();
}
