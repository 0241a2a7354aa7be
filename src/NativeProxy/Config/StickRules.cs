using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules about `[upstream.stick]`. Appends every breach and every setting without effect to the errors; does not judge a value that the binder
/// has refused already. Lives for one load.
/// </summary>
internal sealed class StickRules(SettingPlaces places, SettingsErrors errors)
{
    public void Check(in UpstreamStickSettings stick, string path)
    {
        if (stick.Key.Length > 0 && stick.LearnCookie.Length > 0)
        {
            Break($"{path}.learn_cookie", "the table has two keys: \"key\" and \"learn_cookie\"", "one of the two");
        }
        else if (stick.Key.Length > 0 && (!RequestKeyText.TryParse(stick.Key, out RequestKeyKind kind, out _)
            || kind is RequestKeyKind.Uri or RequestKeyKind.Path or RequestKeyKind.Host))
        {
            Break($"{path}.key", $"{ErrorExcerpt.Quoted(stick.Key)} is nothing that requests are kept by",
                "\"client_ip\", or \"header:NAME\", \"cookie:NAME\" or \"query:NAME\" with the name of one");
        }
        if (stick.LearnCookie.Length > 0 && !CookieText.IsName(stick.LearnCookie))
        {
            Break($"{path}.learn_cookie", $"{ErrorExcerpt.Quoted(stick.LearnCookie)} cannot be the name of a cookie",
                "one word without blanks and separators");
        }
        if (stick.IsOn || places.IsSet($"{path}.key"))
            return;
        foreach (string key in (string[])["expire", "size"])
            Warn($"{path}.{key}", $"\"{key}\" has no effect: the table has no key", "key = \"client_ip\" or the like switches it on");
    }

    /// <summary>All tables share one memory.</summary>
    public void CheckSizes(in ProxySettings settings)
    {
        long sum = 0;
        for (int i = 0; i < settings.Upstreams.Length; i++)
        {
            UpstreamStickSettings stick = settings.Upstreams[i].Stick;
            sum += stick.IsOn ? stick.Size : 0;
            if (!stick.IsOn || sum <= UpstreamStickSettings.EntriesMax)
                continue;
            string path = $"upstream[{i}].stick";
            Break(places.IsSet($"{path}.size") ? $"{path}.size" : path, $"the stick tables up to this one have {sum} entries",
                $"at most {UpstreamStickSettings.EntriesMax} in all upstreams together");
            return;
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
