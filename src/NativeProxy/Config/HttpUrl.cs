using System;

namespace NativeProxy.Config;

/// <summary>Reads `http://host:port/path`, or `https://...`; the port may be left out. Pure.</summary>
/// <param name="Host">An address or a name.</param>
/// <param name="Port">From 1.</param>
/// <param name="Authority">Host and port as they stand there.</param>
/// <param name="Target">Path and query; "/" when there is none.</param>
/// <param name="IsSecure">TLS is spoken.</param>
internal readonly record struct HttpUrl(string Host, int Port, string Authority, string Target, bool IsSecure)
{
    private const string Plain = "http://";
    private const string Secure = "https://";

    /// <param name="text">What stands there.</param>
    /// <param name="url">What it says.</param>
    /// <param name="mayBeSecure">Whether "https" is understood.</param>
    public static bool TryParse(string text, out HttpUrl url, bool mayBeSecure = false)
    {
        url = default;
        bool isSecure = mayBeSecure && text.StartsWith(Secure, StringComparison.Ordinal);
        if (!(isSecure || text.StartsWith(Plain, StringComparison.Ordinal)) || text.AsSpan().ContainsAnyExceptInRange('!', '~'))
            return false;
        string rest = text[(isSecure ? Secure : Plain).Length..];
        int slash = rest.IndexOfAny(['/', '?']);
        string authority = slash < 0 ? rest : rest[..slash];
        string target = slash < 0 ? "/" : rest[slash] == '?' ? "/" + rest[slash..] : rest[slash..];
        bool hasPort = authority.LastIndexOf(':') > authority.LastIndexOf(']');
        string withPort = hasPort ? authority : authority + (isSecure ? ":443" : ":80");
        if (target.Contains('#') || !AddressText.TryParse(withPort, AddressUse.Server, out HostPort place, out _))
            return false;
        url = new HttpUrl(place.Host, place.Port, authority, target, isSecure);
        return true;
    }
}
