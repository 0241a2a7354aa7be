using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using NativeProxy.Config;
using NativeProxy.Tests.Config;
using NativeProxy.Upstreams.Discovery;
using NativeProxy.Upstreams.Naming;
using Xunit;

namespace NativeProxy.Tests.Upstreams.Discovery;

/// <summary>Lists of servers in files, as others put them there.</summary>
public sealed class FileSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("listed").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The file is a link into a folder that is a link: that one is led to another folder, all else stays as it is.</summary>
    [Fact]
    public async Task ListThatKubernetesMounts_IsReadAgain_WhenItsFolderIsAnother()
    {
        Write("v1", "[\"127.0.0.1:81\"]");
        Write("v2", "[\"127.0.0.1:82\", \"127.0.0.1:83\"]");
        Directory.CreateSymbolicLink(PathOf("..data"), "v1");
        File.CreateSymbolicLink(PathOf("servers.json"), Path.Combine("..data", "servers.json"));
        FileSource source = SourceOf("servers.json");
        Assert.Equal("127.0.0.1:81", await Found(source));

        Directory.CreateSymbolicLink(PathOf("..data_tmp"), "v2");
        Directory.Delete(PathOf("..data"));
        Directory.Move(PathOf("..data_tmp"), PathOf("..data"));

        Assert.Equal("127.0.0.1:82 127.0.0.1:83", await Found(source));
    }

    [Fact]
    public async Task ListThatVanishes_IsReadAgain_WhenItIsBack()
    {
        Write("", "[\"127.0.0.1:81\"]");
        FileSource source = SourceOf("servers.json");
        Assert.Equal("127.0.0.1:81", await Found(source));

        File.Move(PathOf("servers.json"), PathOf("aside"));
        Assert.Equal("there is no such file", await Found(source));

        File.Move(PathOf("aside"), PathOf("servers.json"));
        Assert.Equal("127.0.0.1:81", await Found(source));
    }

    private static async Task<string> Found(FileSource source)
    {
        SourceAnswer answer = await source.Find();
        return answer.Servers is { } servers ? string.Join(' ', servers.Select(static one => one.Address)) : answer.Why;
    }

    private FileSource SourceOf(string name)
    {
        ProxySettings settings = SettingsTrial.Parse(
            SettingsTrial.WithUpstream($"[upstream.discovery]\ntype = \"file\"\npath = \"{PathOf(name)}\"")).Settings;
        return new FileSource(new NameFinder(settings.Resolver), settings.Upstreams[0].Discovery);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private void Write(string folder, string json)
    {
        Directory.CreateDirectory(PathOf(folder));
        File.WriteAllText(Path.Combine(PathOf(folder), "servers.json"), json);
    }
}
