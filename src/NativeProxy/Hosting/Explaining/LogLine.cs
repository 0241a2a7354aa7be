using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace NativeProxy.Hosting.Explaining;

/// <summary>What a log line is about.</summary>
internal enum LogLineKind : byte
{
    /// <summary>An exchange, with all that we say of one.</summary>
    Access,

    /// <summary>An exchange, in the combined format, which says little.</summary>
    Combined,

    /// <summary>A closed connection.</summary>
    Close,
}

/// <summary>
/// A line of a log, taken apart: each field by the name that it has in JSON. Reads the layouts that the proxy writes, whatever a syslog has put
/// before them; of lines of HAProxy itself as much as is the same. Immutable.
/// </summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Layout">What people call the layout.</param>
/// <param name="Fields">Names and values in their order; what the line does not say is not there.</param>
internal sealed record LogLine(LogLineKind Kind, string Layout, IReadOnlyList<(string Name, string Value)> Fields)
{
    private const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking;

    private const string Place = @"(?<client>[0-9a-fA-F.:-]+):(?<client_port>\d+) \[(?<time>\d\d/[A-Za-z]{3}/\d{4}:[^\]]*)\] ";

    private const string Request =
        Place + @"(?<listener>\S+) (?<upstream>[^\s/]+)/(?<server>\S+) (?<request_ms>-?\d+)/(?<queue_ms>-?\d+)/(?<connect_ms>-?\d+)/"
        + @"(?<response_ms>-?\d+)/\+?(?<total_ms>-?\d+) (?<status>-?\d+) \+?(?<bytes_sent>\d+) \S+ \S+ (?<state>[A-Za-z-]{4}) "
        + @"(?<actconn>\d+)/(?<feconn>\d+)/(?<beconn>\d+)/(?<srvconn>\d+)/\+?(?<retries>\d+) (?<srv_queue>\d+)/(?<backend_queue>\d+)"
        + @"( \{(?<captured>[^}]*)\})?( \{(?<captured_too>[^}]*)\})? ""(?<request>[^""]*)""?(?<rest>.*)$";

    private const string Rest =
        @"^ cc=(?<client_connection_id>\d+)/(?<client_request_number>\d+)/(?<client_connection_age_ms>\d+) sc=(?<server_connection_id>\d+)/"
        + @"(?<server_use_number>\d+)/(?<server_idle_ms>\d+)/(?<server_connection>\S+) da=(?<server_address>\S+) rt=(?<retry_cause>\S+) "
        + @"rs=(?<close_reason>\S+) why=(?<reject>\S+)( route=(?<route>\S+))?( peer=(?<peer>\S+))?( tls=(?<tls>\S+))?( id=(?<request_id>\S+))?"
        + @"( trace=(?<trace_id>\S+))?";

    private const string Closed =
        Place + @"closed (?<side>client|server) (?<place>\S+) [cs]c=(?<connection_id>\d+) rs=(?<reason>\S+) by=(?<closed_by>\S+) uses=(?<uses>\d+) "
        + @"ms=(?<setup_ms>-?\d+)/(?<active_ms>-?\d+)/(?<idle_ms>-?\d+)/(?<close_ms>-?\d+)/(?<life_ms>-?\d+) bytes=(?<bytes_in>\d+)/"
        + @"(?<bytes_out>\d+)( tls=""(?<tls>[^""]*)"")?";

    private const string CombinedLine =
        @"(?<client>[0-9a-fA-F.:-]+) \S+ \S+ \[(?<time>\d\d/[A-Za-z]{3}/\d{4}:[^\]]*)\] ""(?<request>[^""]*)"" (?<status>\d+|-) "
        + @"(?<body_bytes_sent>\d+|-)( ""(?<referer>[^""]*)"" ""(?<user_agent>[^""]*)"")?";

    /// <summary>The value of a field; empty when the line does not say it.</summary>
    public string this[string name]
    {
        get
        {
            foreach ((string one, string value) in Fields)
            {
                if (one == name)
                    return value;
            }
            return "";
        }
    }

    /// <summary>Null when it is none that we know.</summary>
    public static LogLine? TryRead(string text)
    {
        text = text.TrimEnd('\r', '\n', ' ');
        int brace = text.IndexOf('{', StringComparison.Ordinal);
        if (brace >= 0 && text.EndsWith('}') && TryJson(text[brace..]) is { } json)
            return json;
        if (Regex.Match(text, Closed, Options) is { Success: true } closed)
            return new LogLine(LogLineKind.Close, "text", FieldsOf(closed));
        if (Regex.Match(text, Request, Options) is { Success: true } request)
        {
            Match rest = Regex.Match(request.Groups["rest"].Value, Rest, Options);
            return new LogLine(LogLineKind.Access, "haproxy", [.. FieldsOf(request), .. FieldsOf(rest)]);
        }
        return Regex.Match(text, CombinedLine, Options) is { Success: true } combined
            ? new LogLine(LogLineKind.Combined, "combined", FieldsOf(combined))
            : null;
    }

    private static List<(string Name, string Value)> FieldsOf(Match match)
    {
        List<(string, string)> fields = [];
        foreach (Group group in match.Groups)
        {
            if (group.Success && group.Name is not ("0" or "rest") && group.Value.Length > 0)
                fields.Add((group.Name, Printable(group.Value)));
        }
        return fields;
    }

    private static LogLine? TryJson(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 4 });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return null;
            List<(string Name, string Value)> fields = [];
            Add(fields, document.RootElement, "");
            bool isClose = fields.Contains(("event", "closed"));
            return isClose || fields.Exists(static field => field.Name is "status")
                ? new LogLine(isClose ? LogLineKind.Close : LogLineKind.Access, "json", fields)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second: an escape that is half a sign, such as \ud800.
            return null;
        }
    }

    private static void Add(List<(string Name, string Value)> fields, JsonElement element, string prefix)
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Object)
                Add(fields, property.Value, property.Name + ".");
            else if (property.Value.ValueKind != JsonValueKind.Null)
                fields.Add((Printable(prefix + property.Name), Printable(property.Value.ToString())));
        }
    }

    /// <summary>Lines come from anywhere, and may hold signs that a terminal would obey.</summary>
    private static string Printable(string text) => string.Concat(text.Where(static sign => !char.IsControl(sign)));
}
