using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using NativeProxy.Foundation;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>Which lines of the proxy itself are written, and who hears of the others.</summary>
public sealed class ErrorLogTests : IDisposable
{
    private readonly MemoryStream _output = new();
    private readonly ErrorLog _log;

    public ErrorLogTests() => _log = new ErrorLog(_output, TimeProvider.System);

    /// <summary>The last word of each line.</summary>
    private string Written => string.Join(' ', Encoding.UTF8.GetString(_output.ToArray())
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(' ')[^1]));

    public void Dispose() => _output.Dispose();

    [Theory]
    [InlineData(nameof(LogLevel.Info), "i w e text-w text-e")]
    [InlineData(nameof(LogLevel.Warn), "w e text-w text-e")]
    [InlineData(nameof(LogLevel.Error), "e text-e")]
    public void LinesBelowTheLevel_AreNotWritten(string level, string expected)
    {
        _log.Level = Enum.Parse<LogLevel>(level);
        SayAll(_log);
        Assert.Equal(expected, Written);
    }

    [Fact]
    public void LinesAreAsEver_WhereNobodyHasSetALevel()
    {
        _log.Info("one");
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[\d+\] info one\n$", Encoding.UTF8.GetString(_output.ToArray()));
    }

    /// <summary>What came of a reload is told by the API, whatever the log shows.</summary>
    [Fact]
    public void WhoeverHears_HearsEveryMessage_AndTheLevelIsThatOfTheOtherLog()
    {
        var heard = new List<string>();
        var listener = new ErrorLog(_log, heard.Add);
        _log.Level = LogLevel.Error;
        SayAll(listener);
        Assert.Equal("i w e text-w text-e", string.Join(' ', heard));
        Assert.Equal("e text-e", Written);
        Assert.Equal(LogLevel.Error, listener.Level);
    }

    /// <summary>Where only errors are written, what is missing are errors.</summary>
    [Theory]
    [InlineData(nameof(LogLevel.Info), "warn")]
    [InlineData(nameof(LogLevel.Error), "error")]
    public void WordThatLinesAreMissing_IsWrittenAtAnyLevel(string level, string word)
    {
        string path = Path.GetTempFileName();
        var log = new ErrorLog(LogTarget.ToFile(path), TimeProvider.System) { Level = Enum.Parse<LogLevel>(level) };
        log.Aside("trouble");
        log.Finish(TimeSpan.FromSeconds(30));
        Assert.EndsWith($"] {word} trouble\n", File.ReadAllText(path), StringComparison.Ordinal);
        File.Delete(path);
    }

    [Fact]
    public void Names_AreTheWordsOfTheLines()
    {
        Assert.All(Enum.GetValues<LogLevel>(), static level => Assert.Equal(level, LogLevels.Named(LogLevels.NameOf(level))));
        Assert.Equal(LogLevels.Names, string.Join(", ", Enum.GetValues<LogLevel>().Select(LogLevels.NameOf)));
        Assert.Null(LogLevels.Named("Warn"));
        Assert.Null(LogLevels.Named(null));
        SayAll(_log);
        Assert.Contains("] warn w\n", Encoding.UTF8.GetString(_output.ToArray()), StringComparison.Ordinal);
        Assert.Contains("] error e\n", Encoding.UTF8.GetString(_output.ToArray()), StringComparison.Ordinal);
    }

    private static void SayAll(ErrorLog log)
    {
        log.Info("i");
        log.Warn("w");
        log.Error("e");
        log.Text(LogLevel.Warn, "text-w");
        log.Text(LogLevel.Error, "text-e");
    }
}
