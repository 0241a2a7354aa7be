using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules about `[upstream.cookie]` and the cookie values of its servers. Appends every breach and every setting without effect to
/// the errors; does not judge a value that the binder has refused already. Lives for one load.
/// </summary>
internal sealed class CookieRules(SettingPlaces places, SettingsErrors errors)
{
    /// <summary>Stands between the server's value and the application's in prefix mode.</summary>
    private const char PrefixDelimiter = '~';

    public void Check(in UpstreamSettings upstream, string path)
    {
        UpstreamCookieSettings cookie = upstream.Cookie;
        string cookiePath = $"{path}.cookie";
        CheckMode(cookie, cookiePath);
        CheckTexts(cookie, cookiePath);
        CheckServers(upstream, path);
    }

    private void CheckMode(in UpstreamCookieSettings cookie, string path)
    {
        if (cookie.Name.Length > 0 && !places.IsSet($"{path}.mode"))
        {
            Break($"{path}.name", "required key \"mode\" is missing in [upstream.cookie]",
                "\"insert\", \"prefix\", \"rewrite\", \"passive\" or \"off\"");
        }
        else if (cookie.Mode != CookieMode.Off && cookie.Name.Length == 0)
        {
            Break(places.IsSet($"{path}.name") ? $"{path}.name" : path, "the cookie of [upstream.cookie] has no name",
                "name = \"SERVERID\" or the like");
        }

        if (cookie.Mode is CookieMode.Off or CookieMode.Insert)
            return;
        if (cookie.Indirect)
            Break($"{path}.indirect", "\"indirect\" goes with mode \"insert\" only: in the other modes the cookie is the application's own", "");
        foreach (string key in (string[])["nocache", "max_idle", "max_life", "preserve"])
        {
            if (places.IsSet($"{path}.{key}") && !IsDefault(cookie, key))
                Break($"{path}.{key}", $"\"{key}\" goes with mode \"insert\" only: in the other modes no cookie is inserted", "");
        }

        foreach (string attribute in (string[])["path", "domain", "httponly", "secure", "same_site"])
        {
            Warn($"{path}.{attribute}", $"\"{attribute}\" has no effect: only mode \"insert\" sets a cookie of its own",
                "the attributes are those of the application");
        }
    }

    private static bool IsDefault(in UpstreamCookieSettings cookie, string key) => key switch
    {
        "nocache" => !cookie.NoCache,
        "max_idle" => cookie.MaxIdleMs == 0,
        "max_life" => cookie.MaxLifeMs == 0,
        _ => !cookie.Preserve,
    };

    private void CheckTexts(in UpstreamCookieSettings cookie, string path)
    {
        if (cookie.Name.Length > 0 && !CookieText.IsName(cookie.Name))
            Break($"{path}.name", $"{ErrorExcerpt.Quoted(cookie.Name)} cannot be the name of a cookie", "one word without blanks and separators");
        if (!CookieText.IsPath(cookie.Path))
            Break($"{path}.path", $"{ErrorExcerpt.Quoted(cookie.Path)} cannot be the path of a cookie", CookieText.PathExpected);
        if (!CookieText.IsDomain(cookie.Domain))
            Break($"{path}.domain", $"{ErrorExcerpt.Quoted(cookie.Domain)} cannot be the domain of a cookie", CookieText.DomainExpected);
        if (cookie is { SameSite: SameSiteKind.None, Secure: false })
            Break($"{path}.same_site", "browsers refuse a cookie with same_site \"none\" that is not secure", "secure = true as well");
    }

    private void CheckServers(in UpstreamSettings upstream, string path)
    {
        ImmutableArray<UpstreamServerSettings> servers = upstream.Servers;
        var firstIndexes = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < servers.Length; i++)
        {
            CheckValue(servers[i].Cookie, upstream.Cookie.Mode, $"{path}.server[{i}].cookie");
            if (upstream.Cookie.Mode != CookieMode.Off && !firstIndexes.TryAdd(servers[i].CookieValueIn(upstream.Cookie), i))
                CheckTwins(upstream, firstIndexes[servers[i].CookieValueIn(upstream.Cookie)], i, path);
        }
    }

    private void CheckValue(string value, CookieMode mode, string path)
    {
        if (value.Length == 0)
            return;
        if (!CookieText.IsValue(value))
            Break(path, $"{ErrorExcerpt.Quoted(value)} cannot be the value of a cookie", CookieText.ValueExpected);
        else if (mode == CookieMode.Prefix && value.Contains(PrefixDelimiter, StringComparison.Ordinal))
            Break(path, $"{ErrorExcerpt.Quoted(value)} contains \"~\", which ends the server's part in mode \"prefix\"", "");
        else if (mode == CookieMode.Off)
            Warn(path, "this cookie value has no effect: the upstream has no [upstream.cookie]", "");
    }

    /// <summary>
    /// Servers may share a value on purpose, as HAProxy's backup twins do: the first usable one takes the requests. Then both say it. A
    /// value that hits another server's name is a mistake.
    /// </summary>
    private void CheckTwins(in UpstreamSettings upstream, int first, int second, string path)
    {
        ImmutableArray<UpstreamServerSettings> servers = upstream.Servers;
        string value = ErrorExcerpt.Quoted(servers[second].CookieValueIn(upstream.Cookie));
        bool firstSaysIt = servers[first].Cookie.Length > 0;
        bool secondSaysIt = servers[second].Cookie.Length > 0;
        int place = secondSaysIt ? second : first;
        if (firstSaysIt && secondSaysIt)
        {
            Warn($"{path}.server[{second}].cookie", $"two servers have the cookie value {value}",
                "the first usable one of them takes all requests with it");
        }
        else if (firstSaysIt || secondSaysIt)
        {
            Break($"{path}.server[{place}].cookie", $"the cookie value {value} is that of another server, whose name it is",
                "another value; or set it on both servers, if they are meant to share it");
        }
    }

    private void Break(string path, string problem, string expected)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected);
    }

    private void Warn(string path, string problem, string hint)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Warn(places.Of(path), problem, hint);
    }
}
