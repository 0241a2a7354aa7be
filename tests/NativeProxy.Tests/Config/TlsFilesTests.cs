using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>The files of TLS are read once, within bounds, and go over the line as they are.</summary>
public sealed class TlsFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tls-files-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void EveryFileIsReadOnce_AndArrivesAsItIs()
    {
        byte[] bytes = [0, 10, 13, 255, 0];
        File.WriteAllBytes(PathOf("a.pem"), bytes);
        File.WriteAllBytes(PathOf("empty"), []);

        TlsFiles files = Read($"certificate = [{{ file = \"{PathOf("a.pem")}\" }}, {{ file = \"{PathOf("a.pem")}\", ocsp = \"{PathOf("empty")}\" }}]",
            out string[] problems);
        TlsFiles arrived = TlsFiles.Decode(files.Encode());

        Assert.Empty(problems);
        Assert.Equal(bytes, arrived.Of(PathOf("a.pem")).ToArray());
        Assert.Equal(files.Fingerprint(PathOf("a.pem")), arrived.Fingerprint(PathOf("a.pem")));
        Assert.True(arrived.Has(PathOf("empty")));
        Assert.False(arrived.Has(PathOf("other")));
        Assert.True(arrived.Of(PathOf("other")).IsEmpty);
        Assert.Equal(files.Encode(), arrived.Encode());
    }

    [Fact]
    public void FileThatIsNotThere_IsToldAtItsKey()
    {
        Read("certificate = [{ file = \"/nowhere/a.pem\", key = \"/nowhere/b.pem\" }]\nticket_keys = \"/nowhere/c\"", out string[] problems);
        Assert.Equal(3, problems.Length);
        Assert.StartsWith("listener[0].tls.certificate[0].file: /nowhere/a.pem cannot be read: ", problems[0], StringComparison.Ordinal);
        Assert.StartsWith("listener[0].tls.certificate[0].key: /nowhere/b.pem cannot be read: ", problems[1], StringComparison.Ordinal);
        Assert.StartsWith("listener[0].tls.ticket_keys: /nowhere/c cannot be read: ", problems[2], StringComparison.Ordinal);
    }

    [Fact]
    public void FileThatIsTooLong_IsRefused()
    {
        File.WriteAllBytes(PathOf("a.pem"), new byte[(1024 * 1024) + 1]);
        Read($"certificate = [{{ file = \"{PathOf("a.pem")}\" }}]", out string[] problems);
        Assert.Equal([$"listener[0].tls.certificate[0].file: {PathOf("a.pem")} is longer than 1MiB"], problems);
    }

    [Fact]
    public void NothingIsRead_WhereTlsIsOff()
    {
        Read("certificate = [{ file = \"/nowhere/a.pem\" }]", out string[] problems, enabled: false);
        Assert.Empty(problems);
    }

    [Fact]
    public void ClearedFiles_AreZeroedAndGone()
    {
        File.WriteAllBytes(PathOf("a.pem"), [1, 2, 3]);
        TlsFiles files = Read($"certificate = [{{ file = \"{PathOf("a.pem")}\" }}]", out _);
        ReadOnlyMemory<byte> bytes = files.Of(PathOf("a.pem"));

        files.Clear();

        Assert.Equal([0, 0, 0], bytes.ToArray());
        Assert.False(files.Has(PathOf("a.pem")));
    }

    [Fact]
    public void FilesOfUpstreams_AreReadWithTheirKeys()
    {
        const string tls = "tls = { enabled = true, ca = \"/n/ca\", crl = \"/n/crl\", certificate = \"/n/c\", key = \"/n/k\" }";
        List<TlsFileProblem> problems = [];
        TlsFiles.Read(SettingsTrial.Parse(SettingsTrial.WithUpstream(tls)).Settings, problems);
        Assert.Equal(["upstream[0].tls.ca", "upstream[0].tls.crl", "upstream[0].tls.certificate", "upstream[0].tls.key"],
            problems.Select(static problem => problem.Key));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("verify = false, ", null)]
    public void AuthoritiesOfTheSystem_AreReadWhereSomebodyVerifiesByThem(string keys, string? path)
    {
        ProxySettings settings = SettingsTrial.Parse(SettingsTrial.WithUpstream($"tls = {{ {keys}enabled = true }}")).Settings;
        Assert.Equal(path is null ? [] : [path], TlsFileUses.Of(settings).Select(static use => use.Path));
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private static TlsFiles Read(string lines, out string[] problems, bool enabled = true)
    {
        string toml = SettingsTrial.WithListener($"[listener.tls]\nenabled = {(enabled ? "true" : "false")}\n{lines}");
        List<TlsFileProblem> found = [];
        TlsFiles files = TlsFiles.Read(SettingsTrial.Parse(toml).Settings, found);
        problems = [.. found.Select(static problem => $"{problem.Key}: {problem.Problem}")];
        return files;
    }
}
