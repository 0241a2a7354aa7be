using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using NativeProxy.Logging;
using Xunit;

namespace NativeProxy.Tests.Logging;

/// <summary>A log whose disk is full, and has room again.</summary>
public sealed class LogOutputTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();
    private readonly MemoryStream _stderr = new();
    private readonly SafeFileHandle _descriptor;
    private readonly LogOutput _output;

    public LogOutputTests()
    {
        _descriptor = File.OpenHandle(_path, FileMode.Open, FileAccess.Write);
        _output = new LogOutput(LogTarget.FromHandle(_descriptor), "access", new ErrorLog(_stderr, TimeProvider.System));
    }

    public void Dispose()
    {
        _output.Dispose();
        File.Delete(_path);
    }

    [Fact]
    public void FullDisk_IsTold_AndItsEndWithWhatWasLost()
    {
        if (!File.Exists("/dev/full"))
            return;
        Write(0, lines: 1);
        Point("/dev/full");
        Write(20, lines: 2);
        Write(30, lines: 3);
        Point(_path);
        Write(40, lines: 1);

        Assert.Equal((2, 5), (_output.LinesWritten, _output.LinesLost));
        Assert.Collection(
            Told(), static line => Assert.Contains(" error access log lines are lost: ", line, StringComparison.Ordinal),
            static line => Assert.EndsWith(" info access log takes lines again; 5 were lost meanwhile", line, StringComparison.Ordinal));
    }

    /// <summary>A disk that is almost full takes one line and refuses the next: that is no reason to say so each time.</summary>
    [Fact]
    public void DiskThatIsFullAgainAndAgain_IsToldNowAndThen()
    {
        if (!File.Exists("/dev/full"))
            return;
        for (int i = 0; i < 100; i++)
        {
            Point(i % 2 == 0 ? "/dev/full" : _path);
            Write(i * LossReport.PauseMs / 50, lines: 1);
        }

        Assert.Equal((50, 50), (_output.LinesWritten, _output.LinesLost));
        Assert.Collection(
            Told(), static line => Assert.Contains(" lines are lost: ", line, StringComparison.Ordinal),
            static line => Assert.EndsWith("; 1 were lost meanwhile", line, StringComparison.Ordinal),
            static line => Assert.Contains(" lines are lost: ", line, StringComparison.Ordinal),
            static line => Assert.EndsWith("; 1 were lost meanwhile", line, StringComparison.Ordinal));
    }

    private void Write(long nowMs, int lines)
    {
        for (int i = 0; i < lines; i++)
        {
            _output.Text.Append("a line\n"u8);
            _output.EndLine();
        }
        _output.Write(nowMs);
    }

    private string[] Told() => Encoding.UTF8.GetString(_stderr.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What is written goes there from now on.</summary>
    private void Point(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
        Assert.True(CallDup((int)file.DangerousGetHandle(), (int)_descriptor.DangerousGetHandle()) >= 0);
    }

    [DllImport("libc", EntryPoint = "dup2")]
    private static extern int CallDup(int from, int to);
}
