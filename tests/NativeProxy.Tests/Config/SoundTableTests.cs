using System;
using System.Collections.Generic;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

/// <summary>The operator's endpoint of files that have errors elsewhere.</summary>
public sealed class SoundTableTests : IDisposable
{
    private const string Admin = "[admin]\nbind = \"127.0.0.1:9901\"\nwrite_token_file = \"/t\"\n";

    private readonly SettingsFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "")]
    [InlineData("[runtime]\nworkers = \"many\"\n", "")]
    [InlineData("[runtime\nworkers = 1\n", "")]
    [InlineData("x = \n[runtime]\nworkers = 1\n", "")]
    [InlineData("[runtime]\npid_file = '''\n\n", "[log]\n")]
    [InlineData("[runtime]\npid_file = '${NP_ABSENT}'\n", "[runtime]\n")]
    [InlineData("", "[[listener]]\nname = [\n[1,\n[[upstream]]\n")]
    [InlineData("", "[admin.more]\n'")]
    [InlineData("include = ['absent.toml']\n", "[runtime\n[log\n[[x\n'")]
    public void MistakesElsewhere_LeaveItWhole(string before, string after)
    {
        _folder.Write("proxy.toml", before + Admin + after);

        AdminSettings? admin = SettingsFile.LoadAdmin(_folder["proxy.toml"], out IReadOnlyList<ConfigError> errors);

        Assert.Equal(("127.0.0.1:9901", "/t"), (admin?.Bind, admin?.WriteTokenFile));
        Assert.NotEmpty(errors);
    }

    [Theory]
    [InlineData("[admin]\nbind = \"nowhere\"\n")]
    [InlineData("[admin]\nbind = \"127.0.0.1:9901\"\nwrong = 1\n")]
    [InlineData("[admin]\nbind = '${NP_ABSENT}'\n")]
    [InlineData("[admin]\nbind = [\n")]
    [InlineData("[[admin]]\nbind = \"127.0.0.1:9901\"\n")]
    [InlineData("[log]\n")]
    public void MistakesInIt_AreItsEnd(string text)
    {
        _folder.Write("proxy.toml", text);

        Assert.Null(SettingsFile.LoadAdmin(_folder["proxy.toml"], out IReadOnlyList<ConfigError> errors));
        Assert.NotEmpty(errors);
    }

    [Fact]
    public void ItMayStandInAnotherFile_ButNotInTwo()
    {
        _folder.Write("proxy.toml", "include = ['conf.d/*']\n[runtime\n");
        _folder.Write("conf.d/a", Admin.Replace("9901", "${NP_ABSENT:-9902}"));
        Assert.Equal("127.0.0.1:9902", SettingsFile.LoadAdmin(_folder["proxy.toml"], out _)?.Bind);

        _folder.Write("conf.d/b", Admin);
        Assert.Null(SettingsFile.LoadAdmin(_folder["proxy.toml"], out _));
    }

    [Fact]
    public void SoundFile_HasNoErrors()
    {
        _folder.Write("proxy.toml", Admin + SettingsTrial.Minimal);

        Assert.Equal("127.0.0.1:9901", SettingsFile.LoadAdmin(_folder["proxy.toml"], out IReadOnlyList<ConfigError> errors)?.Bind);
        Assert.Empty(errors);
    }

    [Fact]
    public void FileThatIsNotThere_HasNone()
    {
        Assert.Null(SettingsFile.LoadAdmin(_folder["absent"], out IReadOnlyList<ConfigError> errors));
        Assert.Single(errors);
    }
}
