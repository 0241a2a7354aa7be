using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>The rules about `[upstream.discovery]`. Appends every breach to the errors. Lives for one load.</summary>
internal sealed class DiscoveryRules(SettingPlaces places, SettingsErrors errors)
{
    private const string NameExample = "a name such as \"app.internal\"";
    private const string ServiceExample = "a name such as \"_http._tcp.app.internal\"";

    /// <param name="upstream">Whose servers.</param>
    /// <param name="path">Where the upstream stands.</param>
    public void Check(in UpstreamSettings upstream, string path)
    {
        UpstreamDiscoverySettings discovery = upstream.Discovery;
        bool isBroken = places.IsSet($"{path}.discovery.type") && errors.HasErrorAt(places.Of($"{path}.discovery.type"));
        if (discovery.Kind == DiscoveryKind.None && upstream.Servers.IsEmpty && !isBroken && !IsBroken($"{path}.server")
            && !IsBroken($"{path}.servers"))
        {
            errors.Add(places.Of(path), "no [[upstream.server]] is defined in [[upstream]]",
                "at least one [[upstream.server]], servers = [\"10.0.0.1:8080\"] or the like, or [upstream.discovery] with a type");
        }
        switch (discovery.Kind)
        {
            case DiscoveryKind.Dns:
                Need(discovery.Name.Length > 0, "name", "dns", NameExample, path);
                CheckName(discovery.Name, NameExample, $"{path}.discovery.name");
                Need(discovery.Port > 0, "port", "dns", "the port of the servers", path);
                break;
            case DiscoveryKind.Srv:
                Need(discovery.Name.Length > 0, "name", "srv", ServiceExample, path);
                CheckName(discovery.Name, ServiceExample, $"{path}.discovery.name");
                break;
            case DiscoveryKind.File:
                Need(discovery.Path.Length > 0, "path", "file", "the path of a JSON file", path);
                break;
            case DiscoveryKind.Http:
                Need(discovery.Url.Length > 0, "url", "http", "an address such as \"http://10.0.0.5:8500/servers\"", path);
                CheckUrl(discovery.Url, $"{path}.discovery.url");
                break;
        }
    }

    private void Need(bool isThere, string key, string kind, string expected, string path)
    {
        string at = places.IsSet($"{path}.discovery.{key}") ? $"{path}.discovery.{key}" : $"{path}.discovery";
        if (!isThere && !errors.HasErrorAt(places.Of(at)))
            errors.Add(places.Of(at), $"discovery of type \"{kind}\" needs \"{key}\"", expected);
    }

    /// <summary>What no name server can be asked for would never be found, and be asked for again and again.</summary>
    private void CheckName(string name, string expected, string path)
    {
        if (name.Length > 0 && !errors.HasErrorAt(places.Of(path)) && !AddressText.TryParse(name + ":1", AddressUse.Server, out _, out _))
            errors.Add(places.Of(path), $"{ErrorExcerpt.Quoted(name)} cannot be looked up", expected);
    }

    private void CheckUrl(string url, string path)
    {
        if (url.Length == 0 || errors.HasErrorAt(places.Of(path)))
            return;
        if (!HttpUrl.TryParse(url, out _))
            errors.Add(places.Of(path), $"{ErrorExcerpt.Quoted(url)} cannot be asked for", "\"http://host:port/path\", where the host may be a name");
    }

    private bool IsBroken(string path) => places.IsSet(path) && errors.HasErrorAt(places.Of(path));
}
