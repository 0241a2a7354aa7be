using System;
using System.IO;
using System.Text;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Hosting.Supervision;
using NativeProxy.Logging;
using NativeProxy.Tests.Config;
using Xunit;

namespace NativeProxy.Tests.Hosting;

/// <summary>Who has the last word about the level of the log, and what is said of it.</summary>
public sealed class LogLevelChangeTests : IDisposable
{
    private readonly MemoryStream _output = new();
    private readonly ErrorLog _log;

    public LogLevelChangeTests() => _log = new ErrorLog(_output, TimeProvider.System);

    public void Dispose() => _output.Dispose();

    [Fact]
    public void Change_IsSaidWhileItIsWritten()
    {
        LogLevelChange.Set(_log, LogLevel.Warn, "an operator");
        LogLevelChange.Set(_log, LogLevel.Error, "an operator");
        LogLevelChange.Set(_log, LogLevel.Error, "an operator");
        LogLevelChange.Set(_log, LogLevel.Info, "a reload");
        string[] lines = Encoding.UTF8.GetString(_output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.EndsWith("info lines of the proxy itself are written from level warn on, by an operator", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("info lines of the proxy itself are written from level info on, by a reload", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Reload_SetsWhatTheFileSaysAnew_AndLeavesWhatAnOperatorHasSet()
    {
        LogLevelChange.Set(_log, LogLevel.Error, "an operator");
        LogLevelChange.Follow(_log, Of("info"), Of("info"));
        Assert.Equal(LogLevel.Error, _log.Level);
        LogLevelChange.Follow(_log, Of("info"), Of("warn"));
        Assert.Equal(LogLevel.Warn, _log.Level);
    }

    private static LogSettings Of(string level) =>
        SettingsTrial.Parse($"[log]\nlevel = \"{level}\"\n" + SettingsTrial.Minimal).Settings.Log;
}
