using System;
using System.Collections.Immutable;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>Routes that work but probably not as meant. Appends warnings only. Lives for one load.</summary>
internal sealed class RouteWarnings(ProxySettings settings, SettingPlaces places, SettingsErrors errors)
{
    public void CheckAll()
    {
        for (int i = 0; i < settings.Routes.Length; i++)
        {
            RouteSettings route = settings.Routes[i];
            CheckReach(route, i);
            CheckReadings(route, $"route[{i}]");
            if (route.Hosts.IsEmpty && route.Redirect.Contains("{host}", StringComparison.Ordinal))
            {
                Warn($"route[{i}].redirect", "this redirect leads wherever the client's Host field says",
                    "add a host to the route, or write the name instead of {host}");
            }
            else if (LeadsWhereTheClientSays(route.Redirect))
            {
                Warn($"route[{i}].redirect", "this redirect leads wherever the client says", "begin it with a name, or with a slash");
            }
        }
        for (int i = 0; i < settings.Policies.Length; i++)
        {
            string name = settings.Policies[i].Name;
            if (!settings.Listeners.Any(listener => listener.Policies.Contains(name)) && !settings.Routes.Any(route => route.Policies.Contains(name)))
                Warn($"policy[{i}]", $"nothing uses the policy {ErrorExcerpt.Quoted(name)}", "name it in the policies of a listener or a route");
        }
    }

    /// <summary>The host of the target comes out of a query, a field or a cookie.</summary>
    private static bool LeadsWhereTheClientSays(string redirect)
    {
        int scheme = redirect.IndexOf("//", StringComparison.Ordinal);
        string target = scheme < 0 || redirect.AsSpan(0, scheme).Contains('{') ? redirect : redirect[(scheme + 2)..];
        string host = target.Split('/', '?', '#')[0];
        return host.Contains("{query", StringComparison.Ordinal) || host.Contains("{header.", StringComparison.Ordinal)
            || host.Contains("{cookie.", StringComparison.Ordinal);
    }

    /// <summary>What is refused by its path is served all the same where a server reads another path as that one.</summary>
    private void CheckReadings(in RouteSettings route, string path)
    {
        bool looksAtPaths = !(route.Paths.IsEmpty && route.PathPrefixes.IsEmpty && route.PathRegexes.IsEmpty);
        if (route.Deny == 0 || !looksAtPaths)
            return;
        foreach (ListenerSettings listener in settings.ListenersOf(route))
        {
            bool isRaw = listener.PathNormalization == PathNormalization.Off;
            if (!isRaw && listener.AmbiguousPath != AmbiguousPathPolicy.Keep)
                continue;
            string why = isRaw ? "path_normalization = \"off\"" : "ambiguous_path = \"keep\"";
            Warn($"{path}.deny", "what is refused here can be reached by another spelling of its path",
                $"{why} of the listener {ErrorExcerpt.Quoted(listener.Name)} compares one reading only");
            return;
        }
    }

    private void CheckReach(in RouteSettings route, int index)
    {
        for (int i = 0; i < index; i++)
        {
            if (!Covers(settings.Routes[i], route))
                continue;
            string name = ErrorExcerpt.Quoted(route.NameAt(index));
            string earlier = ErrorExcerpt.Quoted(settings.Routes[i].NameAt(i));
            string line = errors.LineOf(places.Of($"route[{i}]"));
            Warn($"route[{index}]", $"the route {name} can never match: the route {earlier} ({line}) takes all that it would",
                "the first route that matches wins: put the narrower one first");
            return;
        }
    }

    /// <summary>Whether every request that the narrow route would take is taken by the wide one. False when that cannot be told.</summary>
    private bool Covers(in RouteSettings wide, RouteSettings narrow)
    {
        string[] listeners = [.. settings.ListenersOf(wide).Select(static listener => listener.Name)];
        return settings.ListenersOf(narrow).All(listener => listeners.Contains(listener.Name))
            && CoversPath(wide, narrow)
            && AllCovered(wide.Hosts, narrow.Hosts, HostPatternText.Covers)
            && AllCovered(wide.ServerNames, narrow.ServerNames, HostPatternText.Covers)
            && AllCovered(wide.Ports, narrow.Ports, PortText.Covers)
            && (wide.Scheme == RouteScheme.Any || wide.Scheme == narrow.Scheme)
            && AllCovered(wide.Methods, narrow.Methods, string.Equals)
            && AllCovered(wide.Sources, narrow.Sources, NetworkText.Covers)
            && wide.Headers.All(match => narrow.Headers.Contains(match))
            && wide.Queries.All(match => narrow.Queries.Contains(match))
            && wide.Cookies.All(match => narrow.Cookies.Contains(match));
    }

    private static bool CoversPath(in RouteSettings wide, RouteSettings narrow)
    {
        StringComparison comparison = wide.IgnoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        bool takesPaths = (wide.Paths.IsEmpty && wide.PathRegexes.IsEmpty) || wide.IgnoreCase || !narrow.IgnoreCase;
        return takesPaths
            && AllCovered(wide.Paths, narrow.Paths, (one, other) => one.Equals(other, comparison))
            && (wide.PathRegexes.IsEmpty || wide.IgnoreCase == narrow.IgnoreCase)
            && AllCovered(wide.PathRegexes, narrow.PathRegexes, string.Equals)
            && (CoversPrefixes(wide, narrow.PathPrefixes, narrow.IgnoreCase) || CoversPrefixes(wide, narrow.Paths, narrow.IgnoreCase));
    }

    /// <summary>Whether all that lies at or under these paths lies under a prefix of the route.</summary>
    private static bool CoversPrefixes(in RouteSettings wide, ImmutableArray<string> paths, bool ignoresCase)
    {
        bool isCaseKept = !wide.IgnoreCase;
        StringComparison comparison = isCaseKept ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        return wide.PathPrefixes.Any(static prefix => prefix == "/")
            || AllCovered(wide.PathPrefixes, paths, (prefix, path) => !(isCaseKept && ignoresCase) && IsUnder(path, prefix, comparison));
    }

    /// <summary>In whole segments; a slash at the end changes nothing.</summary>
    private static bool IsUnder(string path, string prefix, StringComparison comparison) =>
        (path.TrimEnd('/') + "/").StartsWith(prefix.TrimEnd('/') + "/", comparison);

    /// <summary>An empty list takes everything; else each item of the narrow list must be taken by one of the wide one.</summary>
    private static bool AllCovered(ImmutableArray<string> wide, ImmutableArray<string> narrow, Func<string, string, bool> covers) =>
        wide.IsEmpty || (!narrow.IsEmpty && narrow.All(item => wide.Any(one => covers(one, item))));

    private void Warn(string path, string problem, string hint)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Warn(places.Of(path), problem, hint);
    }
}
