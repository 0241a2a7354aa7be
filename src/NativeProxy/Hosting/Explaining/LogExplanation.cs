using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace NativeProxy.Hosting.Explaining;

/// <summary>
/// What `log explain` prints of a line: each field, then in words what happened, whose doing it was, and what to look at. Stateless; for people,
/// so its words may change.
/// </summary>
internal static class LogExplanation
{
    private const string Indent = "  ";

    /// <summary>Prints it.</summary>
    public static void Write(TextWriter output, LogLine line)
    {
        output.WriteLine(line.Kind == LogLineKind.Close
            ? $"a closed connection, as {line.Layout}"
            : $"one request and its answer, as {line.Layout}");
        int width = line.Fields.Count == 0 ? 0 : line.Fields.Max(static field => field.Name.Length);
        foreach ((string name, string value) in line.Fields)
        {
            string meaning = LogFieldWords.Of(name);
            output.WriteLine($"{Indent}{name.PadRight(width)}  {value}{(meaning.Length > 0 ? $"    ({meaning})" : "")}");
        }
        if (line.Kind == LogLineKind.Close)
            WriteClose(output, line);
        else
            WriteExchange(output, line);
    }

    private static void WriteClose(TextWriter output, LogLine line)
    {
        bool isServer = line["side"] == "server";
        ReasonWords? reason = CloseReasonWords.Of(isServer, line["reason"]);
        WriteList(output, "what happened", [
            $"a connection {(isServer ? "to a server" : "of a client")} was closed: {reason?.Because ?? line["reason"]}",
            $"it lived {Ms(line["life_ms"])} and served {line["uses"]} requests; {By(line["closed_by"], isServer)}",
        ]);
        WriteList(output, "whose doing", [reason?.Whose ?? "not known to this version"]);
        WriteList(output, "look at", [reason?.Look ?? "the manual's page on closed connections"]);
    }

    private static void WriteExchange(TextWriter output, LogLine line)
    {
        WriteList(output, "what happened", Happened(line));
        WriteList(output, "whose doing", [Whose(line)]);
        WriteList(output, "look at", Look(line).Distinct());
    }

    private static IEnumerable<string> Happened(LogLine line)
    {
        string request = RequestOf(line);
        yield return $"{line["client"]} asked: {(request.Length > 0 ? request : "what came was no request")}";
        string state = line["state"];
        if (line["server_connection"] is { Length: > 1 } origin)
        {
            yield return $"{line["upstream"]}/{line["server"]} was asked on a {origin} connection"
                + (origin == "reused"
                    ? $", which had idled {Ms(line["server_idle_ms"])} and was used for the {line["server_use_number"]}. time"
                    : "");
        }
        else if (line["server"] is "<CACHE>")
        {
            yield return "the answer was in memory; no server was asked";
        }
        else if (line.Kind == LogLineKind.Access)
        {
            yield return "no server was connected to";
        }
        if (line["retries"] is not ("" or "0"))
            yield return $"it was sent again ({line["retries"]}): {LogFieldWords.Retry(line["retry_cause"])}";
        if (state.Length > 1 && state[0] != '-')
            yield return $"{LogFieldWords.Who(state[0])}, {LogFieldWords.When(state[1])}";
        if (line["reject"] is { Length: > 1 } rule)
            yield return $"the rule was {rule}";
        yield return Told(line);
        if (Slowest(line) is { } slowest)
            yield return slowest;
        if (state.Length > 3 && LogFieldWords.CookieAsked(state[2]) is { Length: > 0 } cookie)
            yield return $"{cookie}{(LogFieldWords.CookieTold(state[3]) is { Length: > 0 } told ? $"; in the answer {told}" : "")}";
        if (line["close_reason"] is { Length: > 1 } code)
            yield return $"then the client connection was closed: {CloseReasonWords.Of(isServer: false, code)?.Because ?? code}";
        else if (line.Kind == LogLineKind.Access && line["client_connection_id"].Length > 0)
            yield return "the client connection was kept";
    }

    private static string Told(LogLine line)
    {
        string after = line["total_ms"] is { Length: > 0 } total ? $" after {Ms(total)}" : "";
        return line["status"] is "-1" or "-" ? $"the client was told nothing{after}" : $"the client was answered with {line["status"]}{after}";
    }

    /// <summary>The part of the time that was most of it, where that says something.</summary>
    private static string? Slowest(LogLine line)
    {
        if (!int.TryParse(line["total_ms"], CultureInfo.InvariantCulture, out int total) || total < 100)
            return null;
        foreach ((string name, string what) in ((string, string)[])
            [
                ("request_ms", "waiting for the client's head"), ("queue_ms", "waiting for a server"), ("connect_ms", "connecting"),
                ("response_ms", "waiting for the server's answer"),
            ])
        {
            if (int.TryParse(line[name], CultureInfo.InvariantCulture, out int part) && part > total / 2)
                return $"most of the time was {what}: {part} of {total} ms";
        }
        return null;
    }

    private static string Whose(LogLine line)
    {
        string state = line["state"];
        int status = StatusOf(line);
        char who = state.Length > 0 ? state[0] : '?';
        return who switch
        {
            'C' or 'c' => "the client's",
            'S' or 's' => "the server's",
            'P' when state is [_, 'H' or 'D', ..] => "the server's: what it answered was refused",
            'P' => "the client's, or of whoever set the rule that refused it",
            'R' => "the proxy's: something it has to share ran out",
            'K' => "the operator's: the proxy was stopped",
            '-' when status >= 500 => "the server's: that status is its own answer",
            '-' when status >= 400 => "the client's, by the answer of the server or of the route",
            '-' => "nobody's: all went well",
            _ when status >= 500 => "the server's or the proxy's: this layout does not tell",
            _ when status >= 400 => "the client's, or of whoever set a rule: this layout does not tell",
            _ => "nobody's, as far as this layout tells",
        };
    }

    private static IEnumerable<string> Look(LogLine line)
    {
        string state = line["state"];
        if (state.Length < 2)
        {
            yield return "format \"haproxy\" or \"json\", which say who ended it, and when";
            yield break;
        }
        string both = state[..2];
        yield return both switch
        {
            "SC" => "is the server running, is that its port? The log of closed connections says connect_failed",
            "sC" => "a dead address, or a full backlog; timeouts.connect",
            "SH" when line["server_connection"] == "reused" =>
                "keepalive.idle_timeout of the upstream: it must be below the idle time of the server; retry.unacknowledged",
            "SH" => "the log of the server: it ended the connection on this request",
            "sH" => "the log of the server; timeouts.response",
            "SD" => "the log of the server: it ended in the middle of its answer",
            "sD" => "the server paused in the middle of its answer; timeouts.response",
            "SQ" or "sQ" => "nativeproxy_server_up and the error log: no server is up, or none had room; max_connections, timeouts.queue",
            "RR" or "RQ" or "RC" or "RH" or "RD" => "nativeproxy_buffer_refusals_total; runtime.buffer_bytes, source_address",
            _ when both[0] == 'P' => line["reject"] is { Length: > 1 } rule
                ? $"the rule {rule}: the manual's page on the access log lists them"
                : "the error log",
            _ when both[0] == 'C' => "total_ms: clients do not wait so long; half_close for those that shut their sending side only",
            _ when both[0] == 'c' => "a slow client or network; [listener.timeouts]",
            _ when both[0] == 'K' => "runtime.drain_timeout",
            _ when StatusOf(line) >= 500 => "the log of the server",
            _ => "nothing",
        };
        if (line["close_reason"] is { Length: > 1 } code && CloseReasonWords.Of(isServer: false, code) is { } words)
            yield return $"{code}: {words.Look}";
        if (line["retry_cause"] is "stale_reuse" or "unacknowledged")
            yield return "keepalive.idle_timeout of the upstream, if that is often: it must be below the idle time of the server";
    }

    private static void WriteList(TextWriter output, string title, IEnumerable<string> lines)
    {
        output.WriteLine(title);
        foreach (string line in lines)
            output.WriteLine(Indent + line);
    }

    private static string RequestOf(LogLine line) => line["request"] is { Length: > 0 } request
        ? request is "<BADREQ>" or "-" ? "" : request
        : $"{line["method"]} {line["target"]} {line["version"]}".Trim();

    private static int StatusOf(LogLine line) => int.TryParse(line["status"], CultureInfo.InvariantCulture, out int status) ? status : -1;

    private static string By(string code, bool isServer)
    {
        string peer = isServer ? "the server" : "the client";
        return code switch
        {
            "proxy" => "the proxy ended it first",
            "proxy_reset" => "the proxy broke it off",
            "peer" => $"{peer} ended it first",
            "peer_reset" => $"{peer} broke it off",
            _ => $"ended by {code}",
        };
    }

    private static string Ms(string number) => number.Length > 0 ? number + " ms" : "some time";
}
