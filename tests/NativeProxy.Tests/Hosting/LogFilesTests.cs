using System;
using System.IO;
using NativeProxy.Hosting.Channels;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>What is made for workers that run as another user, and what is not. Needs root.</summary>
public sealed class LogFilesTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"np-{Guid.NewGuid():N}.log");

    public void Dispose() => File.Delete(_file);

    /// <summary>A place without a path would be a file of its name in the directory of the process.</summary>
    [Theory]
    [InlineData("journal")]
    [InlineData("syslog")]
    [InlineData("syslog:udp:127.0.0.1:514")]
    [InlineData("syslog:tcp:127.0.0.1:601")]
    public void OnlyOfAFile_AFileIsMade(string place)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return;
        try
        {
            LogFiles.Give(SettingsTrial.Parse(
                $"[runtime]\nuser = \"nobody\"\n[log]\naccess = \"{place}\"\nconnections = \"{_file}\"\n" + SettingsTrial.Minimal).Settings);

            Assert.True(File.Exists(_file));
            Assert.False(File.Exists(place));
        }
        finally
        {
            File.Delete(place);
        }
    }
}
