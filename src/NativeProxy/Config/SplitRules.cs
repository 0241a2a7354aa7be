using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>The rules about what keeps requests on one way of a split. Appends every breach to the errors. Lives for one load.</summary>
internal sealed class SplitRules(SettingPlaces places, SettingsErrors errors)
{
    /// <param name="route">The route.</param>
    /// <param name="path">Of its table.</param>
    public void Check(in RouteSettings route, string path)
    {
        if (route.SplitKey.Length > 0 && !RequestKeyText.TryParse(route.SplitKey, out _, out _))
            Break($"{path}.split_key", $"{ErrorExcerpt.Quoted(route.SplitKey)} is no part of a request", RequestKeyText.Expected);
        if (route.SplitCookie.Length > 0 && !CookieText.IsName(route.SplitCookie))
            Break($"{path}.split_cookie", $"{ErrorExcerpt.Quoted(route.SplitCookie)} cannot be the name of a cookie", "a token such as \"version\"");
        if (!route.Split.IsEmpty)
            return;
        foreach ((string key, string value) in ((string, string)[])[("split_key", route.SplitKey), ("split_cookie", route.SplitCookie)])
        {
            if (value.Length > 0)
            {
                Break($"{path}.{key}", $"\"{key}\" keeps requests on one way of a split, and this route has none",
                    "split = { stable = 95, canary = 5 }");
            }
        }
    }

    private void Break(string path, string problem, string expected)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected);
    }
}
