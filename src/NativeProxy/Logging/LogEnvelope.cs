using System;
using System.Globalization;
using System.Text;

namespace NativeProxy.Logging;

/// <summary>
/// Makes a message of a line: the head of RFC 5424, or the fields of the journal, before it. Lines of the error log lose the time, process and level
/// at their beginning, which the message says itself. Immutable; the thread of its log.
/// </summary>
internal sealed class LogEnvelope
{
    /// <summary>Bytes of a line in a message; the rest is cut off. What receivers take by default.</summary>
    public const int LineBytesMax = 8 * 1024;

    private const int SeverityError = 3;
    private const int SeverityWarning = 4;
    private const int SeverityInfo = 6;

    private readonly bool _isJournal;
    private readonly bool _isErrorLog;
    private readonly int _facility;
    private readonly byte[] _names;
    private readonly TimeProvider _time;

    /// <param name="kind">What is spoken.</param>
    /// <param name="facility">By the numbers of RFC 5424.</param>
    /// <param name="hostname">Name of the machine.</param>
    /// <param name="appName">Name of the program.</param>
    /// <param name="log">Which log it is: "access", "connection" or "error".</param>
    /// <param name="time">Where the time of a message comes from.</param>
    public LogEnvelope(LogSocketKind kind, int facility, string hostname, string appName, string log, TimeProvider time)
    {
        _isJournal = kind == LogSocketKind.Journal;
        _isErrorLog = log == "error";
        _facility = facility;
        _time = time;
        string processId = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        _names = Encoding.UTF8.GetBytes(_isJournal
            ? $"\nSYSLOG_FACILITY={facility}\nSYSLOG_IDENTIFIER={appName}\nSYSLOG_PID={processId}\nNATIVEPROXY_LOG={log}\nMESSAGE="
            : $" {hostname} {appName} {processId} {log} - ");
    }

    /// <summary>Appends the message.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="line">Without a line end, neither behind it nor in it.</param>
    public void Append(LogText text, ReadOnlySpan<byte> line)
    {
        int severity = _isErrorLog ? TakeSeverity(ref line) : SeverityInfo;
        if (_isJournal)
        {
            text.Append("PRIORITY="u8);
            text.AppendNumber(severity);
            text.Append(_names);
        }
        else
        {
            text.Append("<"u8);
            text.AppendNumber((_facility * 8) + severity);
            text.Append(">1 "u8);
            LogTime.AppendIso(text, _time.GetUtcNow().ToUnixTimeMilliseconds());
            text.Append(_names);
        }
        text.Append(line[..Math.Min(line.Length, LineBytesMax)]);
        if (_isJournal)
            text.Append("\n"u8);
    }

    /// <summary>Reads what <see cref="ErrorLog"/> has written before the message; other lines are taken as they are.</summary>
    private static int TakeSeverity(ref ReadOnlySpan<byte> line)
    {
        int end = line.IndexOf("] "u8);
        ReadOnlySpan<byte> rest = end < 0 ? default : line[(end + 2)..];
        int blank = rest.IndexOf((byte)' ');
        ReadOnlySpan<byte> level = blank < 0 ? default : rest[..blank];
        int severity = level.SequenceEqual("error"u8) ? SeverityError
            : level.SequenceEqual("warn"u8) ? SeverityWarning
            : level.SequenceEqual("info"u8) ? SeverityInfo : -1;
        if (severity < 0)
            return SeverityInfo;
        line = rest[(blank + 1)..];
        return severity;
    }
}
