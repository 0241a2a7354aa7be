using System;

namespace NativeProxy.Config;

/// <summary>Reads `http://host:port/path`; the port may be left out. Pure.</summary>
/// <param name="Host">An address or a name.</param>
/// <param name="Port">From 1.</param>
/// <param name="Authority">Host and port as they stand there.</param>
/// <param name="Target">Path and query; "/" when there is none.</param>
internal readonly record struct DiscoveryUrl(string Host, int Port, string Authority, string Target)
{
    private const string Scheme = "http://";

    public static bool TryParse(string text, out DiscoveryUrl url)
    {
        url = default;
        if (!text.StartsWith(Scheme, StringComparison.Ordinal) || text.AsSpan().ContainsAnyExceptInRange('!', '~'))
            return false;
        string rest = text[Scheme.Length..];
        int slash = rest.IndexOfAny(['/', '?']);
        string authority = slash < 0 ? rest : rest[..slash];
        string target = slash < 0 ? "/" : rest[slash] == '?' ? "/" + rest[slash..] : rest[slash..];
        bool hasPort = authority.LastIndexOf(':') > authority.LastIndexOf(']');
        if (target.Contains('#') || !AddressText.TryParse(hasPort ? authority : authority + ":80", AddressUse.Server, out HostPort place, out _))
            return false;
        url = new DiscoveryUrl(place.Host, place.Port, authority, target);
        return true;
    }
}
