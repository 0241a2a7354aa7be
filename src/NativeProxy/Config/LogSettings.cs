using System.Collections.Immutable;
using NativeProxy.Foundation;

namespace NativeProxy.Config;

/// <summary>Layout of one access log line.</summary>
internal enum AccessLogFormat
{
    [SettingChoice("haproxy", Doc = "the HTTP log line of HAProxy")]
    Haproxy,

    [SettingChoice("combined", Doc = "the combined log format of Apache and nginx")]
    Combined,

    [SettingChoice("json", Doc = "one JSON object per line")]
    Json,

    [SettingChoice("custom", Doc = "as template says")]
    Custom,
}

/// <summary>Where a syslog files lines; the numbers are those of RFC 5424.</summary>
internal enum SyslogFacility
{
    User = 1,
    Daemon = 3,
    Local0 = 16,
    Local1 = 17,
    Local2 = 18,
    Local3 = 19,
    Local4 = 20,
    Local5 = 21,
    Local6 = 22,
    Local7 = 23,
}

/// <summary>`[log]`: what is written where.</summary>
[SettingsTable(Doc = "What is written where.")]
internal readonly partial struct LogSettings
{
    /// <summary>The target that is none.</summary>
    public const string Off = "off";

    /// <summary>As <see cref="LogPlaceText"/> reads it.</summary>
    [Setting("access", Default = "stdout", Pattern = "^.+$",
        Doc = "Where the access log goes, a line per exchange: \"stdout\", \"stderr\", \"off\", the path of a file, \"syslog\" (/dev/log), "
        + "\"syslog:unix:PATH\", \"syslog:udp:HOST:PORT\", \"syslog:tcp:HOST:PORT\", \"journal\", or \"journal:PATH\".")]
    public partial string AccessTarget { get; init; }

    /// <summary>As <see cref="LogPlaceText"/> reads it.</summary>
    [Setting("connections", Default = "off", Pattern = "^.+$",
        Doc = "Where a line per closed connection goes, of clients and of servers, with the reason; as for access, and it may be the same.")]
    public partial string ConnectionsTarget { get; init; }

    /// <summary>As <see cref="LogPlaceText"/> reads it.</summary>
    [Setting("errors", Default = "stderr", Pattern = "^.+$",
        Doc = "Where the lines of the proxy itself go once it has started: \"stderr\", or as for access to a syslog or the journal; then stderr "
        + "only says when that is not reached. Changes with a restart only.")]
    public partial string ErrorsTarget { get; init; }

    [Setting("level", Default = "info",
        Doc = "From which level on lines of the proxy itself are written: \"info\" is all of them, \"error\" what keeps it from what it should do. "
        + "Those of exchanges and of connections have none.")]
    public partial LogLevel Level { get; init; }

    [Setting("format", Default = "haproxy",
        Doc = "Layout of a log line. Closed connections have no combined or custom layout: theirs is then that of haproxy.")]
    public partial AccessLogFormat Format { get; init; }

    [Setting("template", Default = "",
        Doc = "The line of format \"custom\": text with fields in braces, such as {client}, {status}, {total_ms}, {request_header.NAME}, "
        + "{response_header.NAME}; \"{{\" is a brace. The names are those of format \"json\"; all are in the manual.")]
    public partial string Template { get; init; }

    [Setting("request_headers", Default = new string[0], Pattern = TokenText.Pattern,
        Doc = "Fields of requests that a line of format \"json\" or \"haproxy\" shows besides.")]
    public partial ImmutableArray<string> RequestHeaders { get; init; }

    [Setting("response_headers", Default = new string[0], Pattern = TokenText.Pattern,
        Doc = "Fields of responses, as servers sent them, that a line of format \"json\" or \"haproxy\" shows besides.")]
    public partial ImmutableArray<string> ResponseHeaders { get; init; }

    [Setting("redact_headers", Default = new[] { "Authorization", "Cookie", "Proxy-Authorization", "Set-Cookie" }, Pattern = TokenText.Pattern,
        Doc = "Fields whose values no line shows: REDACTED stands there, where they are captured and for Host, User-Agent and Referer. What is "
        + "made of a field, such as the client or an id, is shown.")]
    public partial ImmutableArray<string> RedactHeaders { get; init; }

    [Setting("redact_query", Default = new string[0], Pattern = "^[^&;=?#]+$",
        Doc = "Parameters whose values no line shows behind the first ? or # of targets, user agents, referers and captured fields: REDACTED "
        + "stands there, and for what is no method or no version in the line of a request that could not be read.")]
    public partial ImmutableArray<string> RedactQuery { get; init; }

    [Setting("sample", Default = 1, Min = 0, Max = 1_000_000,
        Doc = "One in so many exchanges gets a line, of those that neither went wrong nor were slow. 1 = each; 0 = none of them.")]
    public partial int Sample { get; init; }

    [Setting("slow", Default = "0s", Max = "1h", Doc = "An exchange that took so long always gets a line. 0 = none is slow.")]
    public partial long SlowMs { get; init; }

    [Setting("error_status", Default = 500, Min = 400, Max = 600,
        Doc = "From that status on an exchange went wrong, as does one without a status or that was cut, and always gets a line.")]
    public partial int ErrorStatus { get; init; }

    [Setting("sample_errors", Default = false, Doc = "Exchanges that went wrong are sampled like all others.")]
    public partial bool SampleErrors { get; init; }

    [Setting("syslog")]
    public partial LogSyslogSettings Syslog { get; init; }

    [Setting("traces")]
    public partial LogTracesSettings Traces { get; init; }
}

/// <summary>`[log.syslog]`: how lines for a syslog are addressed.</summary>
[SettingsTable(Doc = "How lines for a syslog or the journal are addressed.")]
internal readonly partial struct LogSyslogSettings
{
    [Setting("facility", Default = "local0", Doc = "The facility of the lines.")]
    public partial SyslogFacility Facility { get; init; }

    [Setting("app_name", Default = "nativeproxy", Pattern = "^[!-~]{1,48}$", Doc = "The name of the program in the lines.")]
    public partial string AppName { get; init; }

    [Setting("hostname", Default = "", Pattern = "^[!-~]{0,255}$", Doc = "The name of the machine in the lines. Empty = its own.")]
    public partial string Hostname { get; init; }
}
