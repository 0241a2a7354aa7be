using System;

namespace NativeProxy.Config;

/// <summary>By which part of a request it is told apart from others.</summary>
internal enum RequestKeyKind : byte
{
    /// <summary>The client's address, without its port.</summary>
    ClientIp,

    /// <summary>Path and query, as they are sent to a server.</summary>
    Uri,

    /// <summary>The path, as it is sent to a server.</summary>
    Path,

    /// <summary>The host that is asked for, without its port, in lower case.</summary>
    Host,

    /// <summary>A header field.</summary>
    Header,

    /// <summary>A cookie.</summary>
    Cookie,

    /// <summary>A parameter of the query.</summary>
    Query,
}

/// <summary>Names of parts of a request as they appear in settings: "client_ip", "header:X-User". Pure.</summary>
internal static class RequestKeyText
{
    public const string Pattern = "^(client_ip|uri|path|host|(header|cookie|query):.{1,256})$";

    public const string Expected =
        "\"client_ip\", \"uri\", \"path\", \"host\", or \"header:NAME\", \"cookie:NAME\" or \"query:NAME\" with the name of one";

    /// <summary>Longest name of a header field, cookie or parameter.</summary>
    private const int NameCharsMax = 256;

    /// <summary>Reads such a text; false when it is none.</summary>
    /// <param name="text">As the file says it.</param>
    /// <param name="kind">Which part.</param>
    /// <param name="name">Of the header field, the cookie or the parameter; else empty.</param>
    public static bool TryParse(string text, out RequestKeyKind kind, out string name)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        name = colon < 0 ? "" : text[(colon + 1)..];
        RequestKeyKind? found = (colon < 0 ? text : text[..(colon + 1)]) switch
        {
            "client_ip" => RequestKeyKind.ClientIp,
            "uri" => RequestKeyKind.Uri,
            "path" => RequestKeyKind.Path,
            "host" => RequestKeyKind.Host,
            "header:" when TokenText.IsToken(name) => RequestKeyKind.Header,
            "cookie:" when CookieText.IsName(name) => RequestKeyKind.Cookie,
            "query:" when name.Length > 0 => RequestKeyKind.Query,
            _ => null,
        };
        kind = found ?? default;
        return found is not null && name.Length <= NameCharsMax;
    }
}
