using System;
using System.Net;

namespace NativeProxy.Config;

/// <summary>What kind of place takes the lines of a log.</summary>
internal enum LogPlaceKind : byte
{
    Off,
    Stdout,
    Stderr,
    File,

    /// <summary>RFC 5424 in datagrams.</summary>
    SyslogUdp,

    /// <summary>RFC 5424 over TCP, with lengths (RFC 6587).</summary>
    SyslogTcp,

    /// <summary>RFC 5424 on a Unix socket, of datagrams or a stream, whichever it is.</summary>
    SyslogUnix,

    /// <summary>The protocol of the systemd journal.</summary>
    Journal,
}

/// <summary>Where the lines of a log go.</summary>
/// <param name="Kind">What takes them.</param>
/// <param name="Path">Of a file or a Unix socket.</param>
/// <param name="Ip">Of a syslog.</param>
/// <param name="Port">Of a syslog.</param>
/// <param name="Name">Of a syslog's host, where that is no address.</param>
internal readonly record struct LogPlace(LogPlaceKind Kind, string Path = "", IPAddress? Ip = null, int Port = 0, string Name = "")
{
    /// <summary>It is reached by a socket.</summary>
    public bool IsSocket => Kind >= LogPlaceKind.SyslogUdp;
}

/// <summary>Reads where a log goes. Pure.</summary>
internal static class LogPlaceText
{
    public const string Expected = "\"stdout\", \"stderr\", \"off\", the path of a file, \"syslog\", \"syslog:unix:PATH\", \"syslog:udp:HOST:PORT\", "
        + "\"syslog:tcp:HOST:PORT\", \"journal\" or \"journal:PATH\"";

    private const string DevLog = "/dev/log";
    private const string JournalSocket = "/run/systemd/journal/socket";

    /// <summary>The bytes of a path that the kernel takes for a Unix socket.</summary>
    private const int PathBytesMax = 107;

    /// <summary>The place; a text that cannot be read is refused by the rules, and a file until then.</summary>
    public static LogPlace Of(string text) => TryParse(text, out LogPlace place, out _) ? place : new LogPlace(LogPlaceKind.File, text);

    /// <summary>False with what is wrong. Everything else that is not empty is the path of a file.</summary>
    public static bool TryParse(string text, out LogPlace place, out string problem)
    {
        problem = "";
        switch (text)
        {
            case LogSettings.Off:
                place = new LogPlace(LogPlaceKind.Off);
                return true;
            case "stdout":
                place = new LogPlace(LogPlaceKind.Stdout);
                return true;
            case "stderr":
                place = new LogPlace(LogPlaceKind.Stderr);
                return true;
            case "syslog":
                place = new LogPlace(LogPlaceKind.SyslogUnix, DevLog);
                return true;
            case "journal":
                place = new LogPlace(LogPlaceKind.Journal, JournalSocket);
                return true;
        }
        if (text.StartsWith("journal:", StringComparison.Ordinal))
            return TrySocket(LogPlaceKind.Journal, text["journal:".Length..], out place, out problem);
        if (text.StartsWith("syslog:", StringComparison.Ordinal))
            return TrySyslog(text["syslog:".Length..], out place, out problem);
        place = new LogPlace(LogPlaceKind.File, text);
        problem = text.Length == 0 ? "is empty" : "";
        return text.Length > 0;
    }

    private static bool TrySyslog(string text, out LogPlace place, out string problem)
    {
        if (text.StartsWith("unix:", StringComparison.Ordinal))
            return TrySocket(LogPlaceKind.SyslogUnix, text["unix:".Length..], out place, out problem);
        place = default;
        bool isTcp = text.StartsWith("tcp:", StringComparison.Ordinal);
        if (!isTcp && !text.StartsWith("udp:", StringComparison.Ordinal))
        {
            problem = "says no way to the syslog";
            return false;
        }
        if (!AddressText.TryParse(text["tcp:".Length..], AddressUse.Server, out HostPort address, out problem))
            return false;
        place = new LogPlace(
            isTcp ? LogPlaceKind.SyslogTcp : LogPlaceKind.SyslogUdp, "", address.Ip, address.Port, address.IsName ? address.Host : "");
        return true;
    }

    private static bool TrySocket(LogPlaceKind kind, string path, out LogPlace place, out string problem)
    {
        place = new LogPlace(kind, path);
        bool isPath = path is ['/', ..] && !path.Contains('\0', StringComparison.Ordinal)
            && System.Text.Encoding.UTF8.GetByteCount(path) <= PathBytesMax;
        problem = isPath ? "" : "has no path of a Unix socket, which begins with / and has at most 107 bytes";
        return isPath;
    }
}
