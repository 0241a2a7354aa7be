using System;
using System.IO;
using NativeProxy.Hosting.Operating;
using Xunit;

namespace NativeProxy.Tests.Hosting.Operating;

/// <summary>A file that gets other contents, and what stays of it.</summary>
public sealed class FileExchangeTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-exchange-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>Whoever has the old one open goes on with it, whole.</summary>
    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead)]
    public void OtherFile_TakesItsPlace_WithItsRights(UnixFileMode mode)
    {
        string path = Made("my.toml");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
        using (var old = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite)))
        {
            Assert.Null(Exchange(path));
            Assert.Equal("before", old.ReadToEnd());
        }
        Assert.Equal("after, and longer", File.ReadAllText(path));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(mode, File.GetUnixFileMode(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public void Link_StaysALink_AndTheFileBehindItIsChanged()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "real"));
        string real = Made("real/my.toml");
        string middle = Linked("middle.toml", "real/my.toml");
        string link = Linked("link.toml", "middle.toml");
        Assert.Null(Exchange(link));
        Assert.Equal(("real/my.toml", "middle.toml"), (new FileInfo(middle).LinkTarget, new FileInfo(link).LinkTarget));
        Assert.Null(new FileInfo(real).LinkTarget);
        Assert.Equal("after, and longer", File.ReadAllText(real));
        Assert.Equal([real], Directory.GetFileSystemEntries(Path.Combine(_directory, "real")));
    }

    [Fact]
    public void LinkedFolder_IsFollowed()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "real"));
        string real = Made("real/my.toml");
        Directory.CreateSymbolicLink(Path.Combine(_directory, "folder"), "real");
        Assert.Null(Exchange(Path.Combine(_directory, "folder", "my.toml")));
        Assert.Equal("after, and longer", File.ReadAllText(real));
    }

    [Theory]
    [InlineData("befor")]
    [InlineData("before.")]
    [InlineData("other!")]
    public void FileThatHasChangedMeanwhile_StaysAsItIs(string found)
    {
        string path = Made("my.toml");
        File.WriteAllText(path, found);
        Assert.Equal("it has changed meanwhile; try again", Exchange(path));
        Assert.Equal(found, File.ReadAllText(path));
    }

    [Fact]
    public void FileThatIsNotThere_IsTold_AndIsNotMade()
    {
        string path = Path.Combine(_directory, "none.toml");
        Assert.StartsWith("Could not find file", Exchange(path), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    private static string? Exchange(string path) => FileExchange.ProblemOf(path, [.. "before"u8], [.. "after, and longer"u8]);

    private string Made(string name)
    {
        string path = Path.Combine(_directory, name);
        File.WriteAllText(path, "before");
        return path;
    }

    private string Linked(string name, string target)
    {
        string path = Path.Combine(_directory, name);
        File.CreateSymbolicLink(path, target);
        return path;
    }
}
