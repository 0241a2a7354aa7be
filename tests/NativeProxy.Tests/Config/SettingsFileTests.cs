using System;
using System.IO;
using System.Text;
using NativeProxy.Config;
using Xunit;

namespace NativeProxy.Tests.Config;

public class SettingsFileTests
{
    [Fact]
    public void GoodFile_IsLoaded()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, SettingsTrial.Minimal);
            SettingsResult result = SettingsFile.Load(path);

            Assert.True(result.IsOk, string.Join("\n", result.Errors));
            Assert.Equal("web", result.Settings.Listeners[0].Name);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void MissingFile_IsAnErrorWithoutAPlace()
    {
        string path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"), "proxy.toml");

        ConfigError error = Assert.Single(SettingsFile.Load(path).Errors);

        Assert.StartsWith(path + ": the file does not exist", error.ToString());
    }

    [Fact]
    public void Directory_IsAnError() =>
        Assert.Equal("this is a directory, not a file", Assert.Single(SettingsFile.Load(Path.GetTempPath()).Errors).Problem);

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    public void ImpossiblePath_IsAnError(string path) => Assert.Single(SettingsFile.Load(path).Errors);

    [Fact]
    public void HugeFile_IsRefused()
    {
        string path = Path.GetTempFileName();
        try
        {
            using (FileStream file = File.OpenWrite(path))
                file.SetLength(17 * 1024 * 1024);

            Assert.Equal("the file is larger than 4MiB", Assert.Single(SettingsFile.Load(path).Errors).Problem);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData(new byte[] { 0x61, 0x0A, 0x62, 0x20, 0xFF }, 2, 3)]
    [InlineData(new byte[] { 0xC3, 0xA4, 0xC3 }, 1, 2)]
    [InlineData(new byte[] { 0xC0, 0x80 }, 1, 1)]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 }, 1, 1)]
    public void BytesThatAreNotUtf8_AreShownAtTheirPlace(byte[] bytes, int line, int column)
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse(bytes).Errors);

        Assert.Equal((line, column), (error.Line, error.Column));
        Assert.Contains("UTF-8", error.Problem);
    }

    [Fact]
    public void MistakeInToml_IsShownAtItsLine()
    {
        ConfigError error = Assert.Single(SettingsTrial.Parse("[runtime]\nworkers 4\n").Errors);

        Assert.Equal(2, error.Line);
        Assert.Equal("workers 4", error.LineText);
    }

    [Fact]
    public void SettingsWithErrors_CannotBeUsed() =>
        Assert.Throws<InvalidOperationException>(() => SettingsTrial.Parse("").Settings);

    [Fact]
    public void EveryPrefixOfAFile_GivesAResult()
    {
        byte[] whole = Encoding.UTF8.GetBytes(SettingsReference.Toml);
        int okCount = 0;
        for (int length = 0; length <= whole.Length; length += 7)
            okCount += SettingsTrial.Parse(whole.AsSpan(0, length)).IsOk ? 1 : 0;

        Assert.True(okCount < whole.Length / 7, "a file without its upstream must not load");
        Assert.True(SettingsTrial.Parse(whole).IsOk);
    }

    [Fact]
    public void DamagedFiles_NeverThrow()
    {
        const int Seed = 20240611;
        Random random = new(Seed);
        byte[] whole = Encoding.UTF8.GetBytes(SettingsReference.Toml.Replace("\n#", "\n"));
        for (int round = 0; round < 300; round++)
        {
            byte[] damaged = [.. whole];
            for (int i = 0; i < 3; i++)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            foreach (ConfigError error in SettingsTrial.Parse(damaged).Errors)
                Assert.NotEmpty(error.ToString());
        }
    }
}
