using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>The rules about `mirror` of routes. Appends every breach to the errors. Lives for one load.</summary>
internal sealed class MirrorRules(ProxySettings settings, SettingPlaces places, SettingsErrors errors)
{
    /// <param name="route">The route.</param>
    /// <param name="path">Of its table.</param>
    public void Check(in RouteSettings route, string path)
    {
        if (!places.IsSet($"{path}.mirror"))
            return;
        string wanted = route.Mirror.Upstream;
        string[] names = [.. settings.Upstreams.Select(static upstream => upstream.Name).Where(static name => name.Length > 0)];

        // The reference, uncommented, says every default.
        if (wanted.Length == 0 && ((string[])["upstream", "percent", "body_bytes"]).All(key => places.IsSet($"{path}.mirror.{key}")))
            return;
        if (wanted.Length == 0)
            Break($"{path}.mirror", "nothing says who gets the copies", "upstream = \"next\"");
        else if (!names.Contains(wanted))
            Break($"{path}.mirror.upstream", $"there is no upstream {ErrorExcerpt.Quoted(wanted)}", "one of: " + string.Join(", ", names));
        else if (settings.Upstreams.Any(upstream => upstream.Name == wanted && ServerConnectionRules.IsTold(upstream)))
            Break($"{path}.mirror.upstream", "these servers are told of a client by a PROXY header, and a copy has none", "another upstream");
        else if (route.Redirect.Length > 0 || route.Respond.Status != 0 || route.Deny != 0)
            Break($"{path}.mirror", "this route sends nothing to a server, so there is nothing to copy", "a route with upstream or split");
    }

    private void Break(string path, string problem, string expected)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected);
    }
}
