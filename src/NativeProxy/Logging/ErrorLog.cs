using System;
using System.IO;
using System.Threading;

namespace NativeProxy.Logging;

/// <summary>
/// The process's own lines, normally on stderr: <c>2026-11-22T10:11:12.123Z [pid] level message</c>. Called rarely, from any thread;
/// one write call per line, so that lines of several processes do not mix. A line that cannot be written is lost: nobody is left to tell.
/// </summary>
internal sealed class ErrorLog
{
    private readonly Stream _output;
    private readonly TimeProvider _time;
    private readonly Lock _writing = new();
    private readonly LogText _line = new();

    public ErrorLog(Stream output, TimeProvider time)
    {
        _output = output;
        _time = time;
    }

    /// <summary>The one that writes to this process's stderr.</summary>
    public static ErrorLog Stderr { get; } = new(Console.OpenStandardError(), TimeProvider.System);

    public void Info(string message) => Write("info"u8, message);

    public void Warn(string message) => Write("warn"u8, message);

    public void Error(string message) => Write("error"u8, message);

    private void Write(ReadOnlySpan<byte> level, string message)
    {
        lock (_writing)
        {
            _line.Clear();
            LogTime.AppendIso(_line, _time.GetUtcNow().ToUnixTimeMilliseconds());
            _line.Append(" ["u8);
            _line.AppendNumber(Environment.ProcessId);
            _line.Append("] "u8);
            _line.Append(level);
            _line.Append(" "u8);
            _line.AppendPrintable(message);
            _line.Append("\n"u8);
            try
            {
                _output.Write(_line.Bytes);
                _output.Flush();
            }
            catch (IOException)
            {
                // Closed pipe or full disk behind stderr.
            }
        }
    }
}
