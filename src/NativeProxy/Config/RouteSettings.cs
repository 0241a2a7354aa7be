using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>How a client speaks.</summary>
internal enum RouteScheme
{
    [SettingChoice("any", Doc = "it does not matter")]
    Any,

    [SettingChoice("http", Doc = "plain")]
    Http,

    [SettingChoice("https", Doc = "through TLS")]
    Https,
}

/// <summary>
/// `[[route]]`: which requests go where. The first route in the file whose conditions all hold takes a request; a list holds when one of its
/// items does.
/// </summary>
[SettingsTable(Doc = "Which requests go where. Repeat the table for more routes: the first one in the file whose conditions all hold takes "
    + "the request. A list holds when one of its items does. A route has one action: upstream, split, redirect, respond or "
    + "deny.")]
internal readonly partial struct RouteSettings
{
    /// <summary>Stands alone in <see cref="Upgrade"/>: no protocol at all.</summary>
    public const string NoUpgrade = "none";

    [Setting("name", Default = "", Pattern = "^$|" + NameText.Pattern,
        Doc = "Name in logs and metrics; letters, digits and . _ : - Empty = \"route-N\", where N is its place in the file, from 1.")]
    public partial string Name { get; init; }

    [Setting("listener", Default = new string[0], Pattern = NameText.Pattern,
        Doc = "Names of the [[listener]]s whose requests, or in mode \"tcp\" connections, it looks at. Empty = all those in mode \"http\"; with "
        + "sni or port, or where there are none, all those in mode \"tcp\".")]
    public partial ImmutableArray<string> Listeners { get; init; }

    [Setting("host", Default = new string[0], Pattern = HostPatternText.Pattern,
        Doc = "Host that the client asks for: a name, \"*.example.com\" for all names below it but not the name itself, or an IPv6 "
        + "address in brackets. Case and port do not matter. Empty = any.")]
    public partial ImmutableArray<string> Hosts { get; init; }

    [Setting("path", Default = new string[0], Pattern = "^/", Doc = "The whole path, without the query. Empty = any.")]
    public partial ImmutableArray<string> Paths { get; init; }

    [Setting("path_prefix", Default = new string[0], Pattern = "^/",
        Doc = "Beginning of the path, in whole segments: \"/api\" takes /api and /api/x, not /apix. Empty = any.")]
    public partial ImmutableArray<string> PathPrefixes { get; init; }

    [Setting("path_regex", Default = new string[0], Pattern = "^.",
        Doc = "Regular expression that is found in the path, not anchored; matched in linear time, so without back-references and "
        + "look-around. Empty = any.")]
    public partial ImmutableArray<string> PathRegexes { get; init; }

    [Setting("ignore_case", Default = false, Doc = "Whether path, path_prefix and path_regex take both cases of a letter.")]
    public partial bool IgnoreCase { get; init; }

    [Setting("method", Default = new string[0], Pattern = TokenText.Pattern,
        Doc = "Methods, such as [\"GET\", \"HEAD\"]; their case matters, and GET does not take HEAD. Empty = any.")]
    public partial ImmutableArray<string> Methods { get; init; }

    [Setting("header", Doc = "Header fields that the request has. Each name must match, in one of its lines.")]
    public partial ImmutableArray<MatchSettings> Headers { get; init; }

    [Setting("query", Doc = "Parameters of the query, percent-decoded. Each name must match, in one of its values.")]
    public partial ImmutableArray<MatchSettings> Queries { get; init; }

    [Setting("cookie_is", Doc = "Cookies of the request. Each name must match, in one of its values.")]
    public partial ImmutableArray<MatchSettings> Cookies { get; init; }

    [Setting("source", Default = new string[0], Pattern = NetworkText.Pattern, Doc = "Networks that the client is in. Empty = any.")]
    public partial ImmutableArray<string> Sources { get; init; }

    [Setting("sni", Default = new string[0], Pattern = HostPatternText.Pattern,
        Doc = "Mode \"tcp\": server name that a TLS client asks for, in the forms of host. The connection stays as it is, encrypted. Empty = any.")]
    public partial ImmutableArray<string> ServerNames { get; init; }

    [Setting("port", Default = new string[0], Pattern = PortText.Pattern,
        Doc = "Mode \"tcp\": ports that clients connect to, such as [\"443\", \"8000-8999\"]. Empty = any.")]
    public partial ImmutableArray<string> Ports { get; init; }

    [Setting("scheme", Default = "any", Doc = "How the client speaks, as a PROXY header or a trusted proxy's X-Forwarded-Proto says.")]
    public partial RouteScheme Scheme { get; init; }

    [Setting("upstream", Default = "", Pattern = "^$|" + NameText.Pattern,
        Doc = "Action: name of the [[upstream]] that the requests go to. Empty and no other action = that of the listener.")]
    public partial string Upstream { get; init; }

    [Setting("split", Doc = "Action: names of [[upstream]]s with their parts of the requests, such as { stable = 95, canary = 5 }.")]
    public partial ImmutableArray<ShareSettings> Split { get; init; }

    [Setting("split_key", Default = "", Pattern = "^$|" + RequestKeyText.Pattern,
        Doc = "Requests that say the same here take the same way of the split, such as \"client_ip\" or \"cookie:uid\"; those that do not have "
        + "it are shared out one by one. Empty = all are.")]
    public partial string SplitKey { get; init; }

    [Setting("split_cookie", Default = "", Pattern = "^$|" + TokenText.Pattern,
        Doc = "Name of a cookie that keeps a client on its way of the split for 30 days; its value is the name of the upstream. Empty = none.")]
    public partial string SplitCookie { get; init; }

    [Setting("redirect", Default = "", Doc = "Action: where the client is sent to, such as \"https://{host}{uri}\". Empty = none.")]
    public partial string Redirect { get; init; }

    [Setting("redirect_status", Default = 302, Min = 301, Max = 308, Doc = "Status of the redirect: 301, 302, 303, 307 or 308.")]
    public partial int RedirectStatus { get; init; }

    [Setting("respond")]
    public partial RouteRespondSettings Respond { get; init; }

    /// <summary>0 = none, -1 = no answer.</summary>
    [Setting("deny", Default = 0, Max = 599, Word = "close",
        Doc = "Action: the requests are refused with this status, from 400, or the connection is closed without an answer. 0 = none.")]
    public partial int Deny { get; init; }

    [Setting("queue_priority", Default = 0, Min = -2000, Max = 2000,
        Doc = "Where its requests stand when they wait for a server with room: those with lower numbers go first, equals in order of arrival.")]
    public partial int QueuePriority { get; init; }

    [Setting("host_header", Default = "",
        Doc = "What servers get as Host. "
        + "\"{server_name}\" = the server's own, from its address. Empty = what the upstream says.")]
    public partial string HostHeader { get; init; }

    [Setting("strip_prefix", Default = "", Pattern = "^$|^/",
        Doc = "Beginning that is taken off the path, in whole segments, before it is sent; X-Forwarded-Prefix tells the server. Empty = none.")]
    public partial string StripPrefix { get; init; }

    [Setting("add_prefix", Default = "", Pattern = "^$|^/", Doc = "What is put in front of the path that is sent. Empty = nothing.")]
    public partial string AddPrefix { get; init; }

    [Setting("replace_path", Default = "", Pattern = "^$|^/",
        Doc = "Path that is sent instead, such as \"/index.html\" or \"/posts/{1}\"; the query stays. Empty = none.")]
    public partial string ReplacePath { get; init; }

    [Setting("rewrite")]
    public partial RouteRewriteSettings Rewrite { get; init; }

    [Setting("mirror")]
    public partial RouteMirrorSettings Mirror { get; init; }

    [Setting("upgrade", Default = new string[0], Pattern = TokenText.LowerCasePattern,
        Doc = "Protocols that its requests may switch to, in lower case, such as [\"websocket\"]. Empty = those of the listener; [\"none\"] = none.")]
    public partial ImmutableArray<string> Upgrade { get; init; }

    [Setting("log", Default = true, Doc = "Whether its requests are in the access log.")]
    public partial bool Log { get; init; }

    [Setting("policies", Default = new string[0], Pattern = NameText.Pattern,
        Doc = "Names of [[policy]] tables that hold for the requests, in this order, behind those of the listener.")]
    public partial ImmutableArray<string> Policies { get; init; }

    [Setting("error_pages", Doc = "Pages for errors of the proxy itself, in front of those of the listener.")]
    public partial ImmutableArray<NamedText> ErrorPages { get; init; }

    [Setting("access")]
    public partial AccessSettings Access { get; init; }

    [Setting("retry")]
    public partial RouteRetrySettings Retry { get; init; }

    [Setting("timeouts")]
    public partial RouteTimeoutSettings Timeouts { get; init; }

    [Setting("limits")]
    public partial RouteLimitSettings Limits { get; init; }

    [Setting("rate_limit", Default = new string[0], Pattern = NameText.Pattern,
        Doc = "Names of the [[rate_limit]]s that hold for its requests; all are asked in this order, the first that refuses answers.")]
    public partial ImmutableArray<string> RateLimits { get; init; }

    [Setting("basic_auth")]
    public partial BasicAuthSettings BasicAuth { get; init; }

    [Setting("compression")]
    public partial CompressionSettings Compression { get; init; }

    [Setting("cors")]
    public partial CorsSettings Cors { get; init; }

    [Setting("request_headers")]
    public partial HeaderRuleSettings RequestHeaders { get; init; }

    [Setting("response_headers")]
    public partial HeaderRuleSettings ResponseHeaders { get; init; }

    /// <summary>Whether paths are sent otherwise than they were matched.</summary>
    public bool Rewrites => this is not { StripPrefix: "", AddPrefix: "", ReplacePath: "", Rewrite.Regex: "" };

    /// <summary>Whether it looks at what only connections have, not requests.</summary>
    public bool LooksAtConnections => !ServerNames.IsEmpty || !Ports.IsEmpty;

    /// <summary>What the route at this place of the file, from 0, is called.</summary>
    public string NameAt(int index) => Name.Length > 0 ? Name : $"route-{index + 1}";
}

/// <summary>`[route.respond]`: an answer that the proxy itself gives.</summary>
[SettingsTable(Doc = "Action: an answer that the proxy itself gives.")]
internal readonly partial struct RouteRespondSettings
{
    /// <summary>The answer is text unless the file says otherwise.</summary>
    public const string ContentTypeDefault = "text/plain; charset=utf-8";

    /// <summary>0 = no answer of one's own.</summary>
    [Setting("status", Default = 0, Max = 599, Doc = "Status of the answer, from 200. 0 = there is none.")]
    public partial int Status { get; init; }

    [Setting("body", Default = "", Doc = "Its body.")]
    public partial string Body { get; init; }

    /// <summary>Read by the workers at start and at a reload.</summary>
    [Setting("file", Default = "", Doc = "Path of a file whose content is its body, at most 32KiB. It is read at start and at a reload.")]
    public partial string File { get; init; }

    [Setting("content_type", Default = "", Doc = "Its Content-Type. Empty: as the name of the file ends (.html, .htm, .json), else plain text.")]
    public partial string ContentType { get; init; }

    [Setting("retry_after", Default = "0s", Max = "720h", Doc = "When the client may come back, as Retry-After. \"0s\" = nothing is said.")]
    public partial long RetryAfterMs { get; init; }
}
