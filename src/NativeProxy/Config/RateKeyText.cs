using System.Collections.Immutable;

namespace NativeProxy.Config;

/// <summary>What of a request a limit tells apart.</summary>
internal enum RateKeyKind : byte
{
    /// <summary>The client's address; of IPv6 the network.</summary>
    ClientIp,

    /// <summary>A header field.</summary>
    Header,

    /// <summary>A cookie.</summary>
    Cookie,

    /// <summary>A parameter of the query.</summary>
    Query,

    /// <summary>The path as routes see it.</summary>
    Path,

    /// <summary>The host that is asked for.</summary>
    Host,

    /// <summary>The route that the request takes.</summary>
    Route,

    /// <summary>Nothing: all requests are one.</summary>
    All,
}

/// <summary>One part of a key.</summary>
/// <param name="Kind">What it looks at.</param>
/// <param name="Name">Of the field, cookie or parameter; else empty.</param>
internal readonly record struct RateKeyPart(RateKeyKind Kind, string Name);

/// <summary>Reads the key of a limit: parts joined by "+", such as `client_ip+header:X-Api-Key`. Pure.</summary>
internal static class RateKeyText
{
    public const string Expected =
        "client_ip, header:NAME, cookie:NAME, query:NAME, path, host, route or all; several of them joined by \"+\", each once, \"all\" alone";

    /// <summary>Whoever needs more means something else.</summary>
    private const int PartsMax = 8;

    public static bool TryParse(string text, out ImmutableArray<RateKeyPart> parts)
    {
        parts = [];
        string[] words = text.Split('+');
        if (words.Length > PartsMax)
            return false;
        foreach (string word in words)
        {
            if (!TryParsePart(word, out RateKeyPart part) || parts.Contains(part))
                return false;
            parts = parts.Add(part);
        }
        return parts.Length == 1 || !parts.Contains(new RateKeyPart(RateKeyKind.All, ""));
    }

    private static bool TryParsePart(string word, out RateKeyPart part)
    {
        int colon = word.IndexOf(':');
        string kind = colon < 0 ? word : word[..colon];
        string name = colon < 0 ? "" : word[(colon + 1)..];
        part = kind switch
        {
            "client_ip" => new RateKeyPart(RateKeyKind.ClientIp, name),
            "header" => new RateKeyPart(RateKeyKind.Header, name.ToLowerInvariant()),
            "cookie" => new RateKeyPart(RateKeyKind.Cookie, name),
            "query" => new RateKeyPart(RateKeyKind.Query, name),
            "path" => new RateKeyPart(RateKeyKind.Path, name),
            "host" => new RateKeyPart(RateKeyKind.Host, name),
            "route" => new RateKeyPart(RateKeyKind.Route, name),
            _ => new RateKeyPart(RateKeyKind.All, name),
        };
        return part.Kind switch
        {
            RateKeyKind.Header => TokenText.IsToken(name),
            RateKeyKind.Cookie => CookieText.IsName(name),
            RateKeyKind.Query => name.Length > 0,
            RateKeyKind.All => kind == "all" && colon < 0,
            _ => colon < 0,
        };
    }
}
