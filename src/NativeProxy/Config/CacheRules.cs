namespace NativeProxy.Config;

/// <summary>
/// The rules about `[upstream.cache]`. Appends every breach and every setting without effect to the errors; does not judge a value that the
/// binder has refused already. Lives for one load.
/// </summary>
internal sealed class CacheRules(SettingPlaces places, SettingsErrors errors)
{
    /// <summary>A few blocks: less could not hold even small responses.</summary>
    private const long BytesMin = 64 * 1024;

    public void Check(in UpstreamCacheSettings cache, string path)
    {
        if (cache.Bytes is > 0 and < BytesMin)
        {
            Break($"{path}.bytes", $"{Units.FormatSize(cache.Bytes)} are too few for a cache", $"0, or at least {Units.FormatSize(BytesMin)}");
        }
        else if (cache.Bytes > 0 && cache.ObjectBytes > cache.Bytes)
        {
            Break($"{path}.object_bytes", $"object_bytes ({Units.FormatSize(cache.ObjectBytes)}) is above bytes ({Units.FormatSize(cache.Bytes)})",
                "at most bytes, which all responses share");
        }

        // Somebody who writes bytes = 0 knows what that means.
        if (places.IsSet($"{path}.bytes"))
            return;
        foreach (string key in (string[])["object_bytes", "max_age"])
            Warn($"{path}.{key}", $"\"{key}\" has no effect: the upstream has no cache", "bytes = \"64MiB\" or the like switches it on");
    }

    /// <summary>A default that is above a small cache is no mistake: the cache then takes what fits.</summary>
    private void Break(string path, string problem, string expected)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected, "");
    }

    private void Warn(string path, string problem, string hint)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Warn(places.Of(path), problem, hint);
    }
}
