using System;
using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>What a part of a template stands for.</summary>
internal enum TemplatePartKind : byte
{
    /// <summary>Itself.</summary>
    Text,
    ClientIp,
    ClientPort,

    /// <summary>The other end of the socket, whomever it speaks for.</summary>
    PeerIp,

    /// <summary>The address that was connected to.</summary>
    LocalIp,
    LocalPort,
    RequestId,
    TraceId,
    Listener,
    Scheme,

    /// <summary>The host that was asked for, without its port.</summary>
    Host,

    /// <summary>The port that was asked for; empty when none was named.</summary>
    Port,
    Method,

    /// <summary>Path and query.</summary>
    Uri,
    Path,

    /// <summary>What follows the '?'.</summary>
    Query,

    /// <summary>A parameter of the query, as it came.</summary>
    QueryParameter,
    Header,
    Cookie,
    Route,

    /// <summary>The moment, as 2026-11-30T20:35:00.123Z.</summary>
    Time,

    /// <summary>Who has logged in.</summary>
    User,

    /// <summary>Whose servers are asked.</summary>
    Upstream,

    /// <summary>Who has answered; empty for the cache and the proxy itself.</summary>
    Server,

    /// <summary>That of the answer.</summary>
    Status,

    /// <summary>What a group of the route's regular expression has found in the path; its number is the text.</summary>
    Capture,
}

/// <summary>A part of a template: a text, or a variable, perhaps with a name.</summary>
internal readonly record struct TemplatePart(TemplatePartKind Kind, string Text);

/// <summary>
/// Reads a text with variables in braces, such as <c>https://{host}{uri}</c>; "{{" is a brace. The values are percent-encoded as they came, so that
/// no line end can come out of them. Pure.
/// </summary>
internal static class TemplateText
{
    /// <summary>What there is in targets, for an error.</summary>
    public const string Expected = "{client_ip}, {client_port}, {peer_ip}, {local_ip}, {local_port}, {request_id}, {trace_id}, {listener}, "
        + "{scheme}, {host}, {port}, {method}, {uri}, {path}, {query}, {query.NAME}, {header.NAME}, {cookie.NAME}, {route}, {time} or {1} to {9}";

    /// <summary>The same in header fields of requests.</summary>
    public const string ExpectedInRequests = "{upstream}, {user}, " + Expected;

    /// <summary>The same in header fields of responses.</summary>
    public const string ExpectedInResponses = "{status}, {server}, {upstream}, {listener}, {route}, {request_id}, {trace_id}, {client_ip}, "
        + "{client_port}, {peer_ip}, {local_ip}, {local_port} or {time}";

    private static readonly (string Name, TemplatePartKind Kind)[] Variables =
    [
        ("client_ip", TemplatePartKind.ClientIp), ("client_port", TemplatePartKind.ClientPort), ("listener", TemplatePartKind.Listener),
        ("peer_ip", TemplatePartKind.PeerIp), ("local_ip", TemplatePartKind.LocalIp), ("local_port", TemplatePartKind.LocalPort),
        ("request_id", TemplatePartKind.RequestId), ("trace_id", TemplatePartKind.TraceId),
        ("scheme", TemplatePartKind.Scheme), ("host", TemplatePartKind.Host), ("port", TemplatePartKind.Port), ("method", TemplatePartKind.Method),
        ("uri", TemplatePartKind.Uri), ("path", TemplatePartKind.Path), ("query", TemplatePartKind.Query), ("route", TemplatePartKind.Route),
        ("time", TemplatePartKind.Time), ("user", TemplatePartKind.User), ("upstream", TemplatePartKind.Upstream),
        ("server", TemplatePartKind.Server), ("status", TemplatePartKind.Status),
    ];

    private static readonly (string Prefix, TemplatePartKind Kind)[] Named =
    [
        ("query.", TemplatePartKind.QueryParameter), ("header.", TemplatePartKind.Header), ("cookie.", TemplatePartKind.Cookie),
    ];

    /// <summary>It is known when a request has come: in targets.</summary>
    public static bool IsOfTargets(TemplatePartKind kind) => IsOfRequests(kind) && kind is not (TemplatePartKind.Upstream or TemplatePartKind.User);

    /// <summary>It is known when a request goes on.</summary>
    public static bool IsOfRequests(TemplatePartKind kind) => kind is not (TemplatePartKind.Server or TemplatePartKind.Status);

    /// <summary>It is known when a response comes, where the head of the request is gone.</summary>
    public static bool IsOfResponses(TemplatePartKind kind) => kind is TemplatePartKind.Text or TemplatePartKind.Listener or TemplatePartKind.Route
        or TemplatePartKind.Upstream or TemplatePartKind.Server or TemplatePartKind.Status or TemplatePartKind.RequestId or TemplatePartKind.TraceId
        or TemplatePartKind.ClientIp or TemplatePartKind.ClientPort or TemplatePartKind.PeerIp or TemplatePartKind.LocalIp
        or TemplatePartKind.LocalPort or TemplatePartKind.Time;

    /// <summary>The parts, in order. False with what is wrong.</summary>
    public static bool TryParse(string text, out ImmutableArray<TemplatePart> parts, out string problem)
    {
        ImmutableArray<TemplatePart>.Builder found = ImmutableArray.CreateBuilder<TemplatePart>();
        parts = [];
        problem = "";
        int at = 0;
        string plain = "";
        while (at < text.Length)
        {
            int open = text.IndexOf('{', at);
            plain += open < 0 ? text[at..] : text[at..open];
            if (open < 0)
                break;
            if (text.AsSpan(open).StartsWith("{{"))
            {
                plain += "{";
                at = open + 2;
                continue;
            }
            int close = text.IndexOf('}', open);
            if (close < 0)
            {
                problem = "a '{' is not closed; \"{{\" is a brace";
                return false;
            }
            string name = text[(open + 1)..close];
            if (PartOf(name) is not { } part)
            {
                problem = $"there is no variable {{{name}}}";
                return false;
            }
            if (plain.Length > 0)
                found.Add(new TemplatePart(TemplatePartKind.Text, plain));
            plain = "";
            found.Add(part);
            at = close + 1;
        }
        if (plain.Length > 0)
            found.Add(new TemplatePart(TemplatePartKind.Text, plain));
        parts = found.DrainToImmutable();
        return true;
    }

    /// <summary>The highest number of a group in a template; 0 when it names none, or is no template.</summary>
    public static int GroupsOf(string text)
    {
        int most = 0;
        if (!TryParse(text, out ImmutableArray<TemplatePart> parts, out _))
            return most;
        foreach (TemplatePart part in parts)
        {
            if (part.Kind == TemplatePartKind.Capture)
                most = Math.Max(most, part.Text[0] - '0');
        }
        return most;
    }

    private static TemplatePart? PartOf(string name)
    {
        if (name.Length == 1 && name[0] is >= '1' and <= '9')
            return new TemplatePart(TemplatePartKind.Capture, name);
        foreach ((string one, TemplatePartKind kind) in Variables)
        {
            if (one == name)
                return new TemplatePart(kind, "");
        }
        foreach ((string prefix, TemplatePartKind kind) in Named)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal) && name.Length > prefix.Length)
                return new TemplatePart(kind, name[prefix.Length..]);
        }
        return null;
    }
}
