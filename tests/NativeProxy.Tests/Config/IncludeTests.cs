using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public sealed class IncludeTests : IDisposable
{
    private const string All = "include = [\"conf.d/*.toml\"]\n";
    private const string Listener = "[[listener]]\nname = \"web\"\nbind = [\"127.0.0.1:8080\"]\nupstream = \"app\"\n";

    private readonly SettingsFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ArraysOfTablesAddUp_TheFileItselfFirst_ThenByName()
    {
        _folder.Write("proxy.toml", All + Listener + Upstream("app"));
        _folder.Write("conf.d/b.toml", Upstream("b"));
        _folder.Write("conf.d/B.toml", Upstream("B"));
        _folder.Write("conf.d/10.toml", Upstream("ten") + "[runtime]\nworkers = 3\n");
        _folder.Write("conf.d/.hidden.toml", "no TOML");
        _folder.Write("conf.d/b.toml~", "no TOML");

        SettingsResult result = _folder.Load();

        Assert.True(result.IsOk, string.Join("\n", result.Errors));
        Assert.Equal(["app", "ten", "B", "b"], result.Settings.Upstreams.Select(static upstream => upstream.Name));
        Assert.Equal(3, result.Settings.Runtime.Workers);
    }

    [Fact]
    public void FilesThatAreIncludedInclude_FromTheirOwnDirectory()
    {
        _folder.Write("proxy.toml", "include = [\"sites/one.toml\"]\n" + Listener + Upstream("app"));
        _folder.Write("sites/one.toml", "include = [\"more/??.toml\"]\n" + Upstream("one"));
        _folder.Write("sites/more/ab.toml", Upstream("ab"));
        _folder.Write("sites/more/abc.toml", Upstream("abc"));

        Assert.Equal(["app", "one", "ab"], _folder.Load().Settings.Upstreams.Select(static upstream => upstream.Name));
    }

    [Theory]
    [InlineData("nothing/*.toml")]
    [InlineData("*.tml")]
    public void PatternThatFitsNothing_IsFine(string pattern)
    {
        _folder.Write("proxy.toml", $"include = [\"{pattern}\"]\n" + SettingsTrial.Minimal);

        Assert.Empty(_folder.Problems());
    }

    [Theory]
    [InlineData("absent.toml", "cannot be read: there is no such file")]
    [InlineData("conf.d", "cannot be read: ")]
    [InlineData("conf.d/", "\"conf.d/\" names no file")]
    [InlineData("", "\"\" names no file")]
    [InlineData("*/a.toml", "\"*/a.toml\" has a * or ? in the name of a directory")]
    [InlineData("a\\u0000b", "cannot be the name of a file")]
    public void NameThatIsNoFile_IsAnErrorWhereItStands(string name, string problem)
    {
        _folder.Write("conf.d/a.toml", "");
        _folder.Write("proxy.toml", $"include = [\n  \"{name}\"]\n" + SettingsTrial.Minimal);

        string told = Assert.Single(_folder.Problems());
        Assert.StartsWith("proxy.toml:2:3: ", told, StringComparison.Ordinal);
        Assert.Contains(problem, told, StringComparison.Ordinal);
    }

    [Fact]
    public void PipeWithoutAWriter_IsRefused_AndNobodyWaitsForIt()
    {
        _folder.Write("proxy.toml", "include = [\"pipe.toml\"]\n" + SettingsTrial.Minimal);
        using (var make = Process.Start("mkfifo", _folder["pipe.toml"]))
            make.WaitForExit();

        Assert.Contains("is no file", Assert.Single(_folder.Problems()), StringComparison.Ordinal);
    }

    [Fact]
    public void Circle_IsNamedWithAllItsFiles()
    {
        _folder.Write("proxy.toml", "include = [\"a.toml\"]\n" + SettingsTrial.Minimal);
        _folder.Write("a.toml", "include = [\"conf.d/b.toml\"]\n");
        _folder.Write("conf.d/b.toml", "\ninclude = [\"../a.toml\"]\n");

        string told = Assert.Single(_folder.Problems());
        Assert.StartsWith("conf.d/b.toml:2:12: ", told, StringComparison.Ordinal);
        Assert.Contains("includes itself: ", told, StringComparison.Ordinal);
        Assert.Contains("a.toml -> ", told, StringComparison.Ordinal);
    }

    [Fact]
    public void FileThatIsIncludedTwice_IsAnErrorThatNamesBothPlaces()
    {
        _folder.Write("proxy.toml", "include = [\"conf.d/*.toml\", \"conf.d/a.toml\"]\n" + SettingsTrial.Minimal);
        _folder.Write("conf.d/a.toml", "");

        string told = Assert.Single(_folder.Problems());
        Assert.StartsWith("proxy.toml:1:29: ", told, StringComparison.Ordinal);
        Assert.EndsWith("is included twice, first by proxy.toml:1:12", told, StringComparison.Ordinal);
    }

    [Fact]
    public void NestingHasABound()
    {
        for (int i = 0; i < IncludeReader.DepthMax + 1; i++)
            _folder.Write($"{i}.toml", $"include = [\"{i + 1}.toml\"]\n");
        _folder.Write($"{IncludeReader.DepthMax + 1}.toml", "");

        Assert.Contains($"{IncludeReader.DepthMax}.toml is too deep", Assert.Single(_folder.Problems("0.toml")), StringComparison.Ordinal);
    }

    [Fact]
    public void NumberAndBytesOfFilesHaveBounds()
    {
        _folder.Write("proxy.toml", All + SettingsTrial.Minimal);
        for (int i = 0; i < IncludeReader.FilesMax; i++)
            _folder.Write($"conf.d/{i:0000}.toml", "");
        Assert.EndsWith(": there are too many files", Assert.Single(_folder.Problems()), StringComparison.Ordinal);

        Directory.Delete(_folder["conf.d"], recursive: true);
        _folder.Write("conf.d/a.toml", new string('\n', IncludeReader.BytesMax / 2));
        _folder.Write("conf.d/b.toml", new string('\n', IncludeReader.BytesMax / 2));
        _folder.Write("conf.d/c.toml", new string('\n', IncludeReader.BytesMax / 2));
        Assert.EndsWith("b.toml the files are larger than 4MiB", Assert.Single(_folder.Problems()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[runtime]\nworkers = 1\n", "[runtime]\nengine = \"saea\"\n", "[runtime]")]
    [InlineData("runtime.workers = 1\n", "[log]\naccess = \"off\"\n[runtime]\nengine = \"saea\"\n", "[runtime]")]
    public void TableInTwoFiles_IsAnErrorThatNamesBothPlaces(string one, string other, string name)
    {
        _folder.Write("proxy.toml", All + one + SettingsTrial.Minimal);
        _folder.Write("conf.d/a.toml", other);
        int line = 1 + other[..other.IndexOf("[runtime]", StringComparison.Ordinal)].Count(static sign => sign == '\n');

        string told = Assert.Single(_folder.Problems());
        Assert.StartsWith($"conf.d/a.toml:{line}:2: {name} stands in two files, first in ", told, StringComparison.Ordinal);
        Assert.Matches("proxy.toml:2:[12]$", told);
    }

    [Fact]
    public void ErrorsOfAllFilesAreToldAtOnce_EachAtItsPlace()
    {
        _folder.Write("proxy.toml", All + Listener.Replace("8080", "99999") + Upstream("app"));
        _folder.Write("conf.d/a.toml", "\n[[listener]]\nname = \"web\"\nbind = [\"127.0.0.1:81\"]\nupstream = \"ap\"\nwrong = 1\n");
        _folder.Write("conf.d/b.toml", Upstream("app"));

        Assert.Equal(
            [
                "proxy.toml:4:9: the address \"127.0.0.1:99999\" has a wrong port (1 to 65535)",
                "conf.d/a.toml:3:8: the listener name \"web\" is used twice",
                "conf.d/a.toml:5:12: there is no upstream \"ap\"",
                "conf.d/a.toml:6:1: unknown key \"wrong\" in [[listener]]",
                "conf.d/b.toml:2:8: the upstream name \"app\" is used twice",
            ],
            _folder.Problems());
        Assert.EndsWith("first used in line 3 of " + _folder["proxy.toml"], _folder.Load().Errors[1].Hint, StringComparison.Ordinal);
        Assert.Contains("bind = [\"127.0.0.1:99999\"]", _folder.Load().Errors[0].ToString(), StringComparison.Ordinal);
        Assert.Contains("wrong = 1", _folder.Load().Errors[3].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void MistakesOfTomlInSeveralFilesAreToldAtOnce_WithThoseOfWhatIsIncluded()
    {
        _folder.Write("proxy.toml", "include = [\"absent.toml\", \"conf.d/*.toml\"]\n" + SettingsTrial.Minimal + "a b\n");
        _folder.Write("conf.d/a.toml", "[x\n");
        _folder.Write("conf.d/b.toml", "\nb = [\n");

        string[] told = _folder.Problems();

        Assert.Equal(4, told.Length);
        Assert.StartsWith("proxy.toml:1:12: ", told[0], StringComparison.Ordinal);
        Assert.StartsWith("proxy.toml:11:3: ", told[1], StringComparison.Ordinal);
        Assert.StartsWith("conf.d/a.toml:1:", told[2], StringComparison.Ordinal);
        Assert.StartsWith("conf.d/b.toml:", told[3], StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNoTableInAnotherFile_IsOneErrorThere()
    {
        _folder.Write("proxy.toml", All + SettingsTrial.Minimal);
        _folder.Write("conf.d/a.toml", "\nruntime = 1\n");

        Assert.Equal("conf.d/a.toml:2:11: \"runtime\" at the top level is 1", Assert.Single(_folder.Problems()));
    }

    [Theory]
    [InlineData("include = \"a.toml\"\n", 1, "\"include\" at the top level is \"a.toml\"")]
    [InlineData("include = [1]\n", 1, "\"include\" at the top level is 1")]
    [InlineData("[runtime]\ninclude = [\"a.toml\"]\n", 2, "unknown key \"include\" in [runtime]")]
    public void IncludeThatIsNoListAtTheTop_IsAnErrorInAnyFile(string text, int line, string problem)
    {
        _folder.Write("proxy.toml", All + SettingsTrial.Minimal);
        _folder.Write("conf.d/a.toml", text);
        _folder.Write("alone.toml", text + SettingsTrial.Minimal);

        Assert.StartsWith($"conf.d/a.toml:{line}:", Assert.Single(_folder.Problems()), StringComparison.Ordinal);
        Assert.Contains(problem, Assert.Single(_folder.Problems()), StringComparison.Ordinal);
        Assert.Contains(problem, Assert.Single(_folder.Problems("alone.toml")), StringComparison.Ordinal);
    }

    /// <summary>What a worker gets is what the supervisor has read, whatever the files hold meanwhile.</summary>
    [Fact]
    public void AllFilesGoToAWorkerAsOne()
    {
        _folder.Write("proxy.toml", All + Listener + Upstream("app"));
        _folder.Write("conf.d/\u00e4.toml", Upstream("b"));
        Assert.True(SettingsFile.TryRead(_folder["proxy.toml"], out SettingsText? read, out _));
        _folder.Write("conf.d/\u00e4.toml", "no TOML");

        SettingsResult there = SettingsFile.Parse(SettingsText.Decode(read.Bytes));

        Assert.Equal(["app", "b"], there.Settings.Upstreams.Select(static upstream => upstream.Name));
        Assert.Equal([_folder["proxy.toml"], _folder["conf.d/\u00e4.toml"]], SettingsText.Decode(read.Bytes).Parts.Select(static part => part.Name));
    }

    private static string Upstream(string name) => $"[[upstream]]\nname = \"{name}\"\nserver = [{{ name = \"s\", address = \"127.0.0.1:9001\" }}]\n";
}
