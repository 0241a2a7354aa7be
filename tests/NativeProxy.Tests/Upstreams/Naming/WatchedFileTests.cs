using System;
using System.IO;
using NativeProxy.Foundation;
using NativeProxy.Upstreams.Naming;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Naming;

/// <summary>Files of the system, such as /etc/resolv.conf, which is a link on many machines.</summary>
public sealed class WatchedFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("watched").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void FileBehindALink_IsReadAgain_WhenItHasChanged()
    {
        Write("real", "one");
        File.CreateSymbolicLink(PathOf("link"), "real");
        var file = new WatchedFile<string>(PathOf("link"), static text => text);
        Assert.Equal("one", file.Value);

        Write("other", "three");
        File.Move(PathOf("other"), PathOf("real"), overwrite: true);
        Assert.Equal("three", file.Value);

        File.Delete(PathOf("real"));
        Assert.Equal("", file.Value);
    }

    [Fact]
    public void LinkThatLeadsElsewhere_IsAnotherFile()
    {
        Write("a", "one");
        Write("b", "three");
        File.CreateSymbolicLink(PathOf("link"), "a");
        FileVersion before = FileVersion.Of(PathOf("link"));
        Assert.Equal(FileVersion.Of(PathOf("a")), before);

        File.Delete(PathOf("link"));
        File.CreateSymbolicLink(PathOf("link"), "b");
        Assert.Equal(FileVersion.Of(PathOf("b")), FileVersion.Of(PathOf("link")));
        Assert.NotEqual(before, FileVersion.Of(PathOf("link")));
    }

    [Fact]
    public void LinksInACircle_AndThoseThatLeadNowhere_AreNoFile()
    {
        File.CreateSymbolicLink(PathOf("x"), "y");
        File.CreateSymbolicLink(PathOf("y"), "x");
        File.CreateSymbolicLink(PathOf("nowhere"), "gone");

        Assert.All((string[])["x", "nowhere", "gone"], name => Assert.False(FileVersion.Of(PathOf(name)).Exists));
        Assert.Equal("", new WatchedFile<string>(PathOf("x"), static text => text).Value);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private void Write(string name, string text) => File.WriteAllText(PathOf(name), text);
}
