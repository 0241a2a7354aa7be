using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules between the keys of `[upstream.keepalive]`. Appends every breach and every setting without effect to the errors. Lives for one load.
/// </summary>
internal sealed class KeepaliveRules(SettingPlaces places, SettingsErrors errors)
{
    public void Check(in UpstreamKeepaliveSettings keepalive, string path)
    {
        string key = $"{path}.min_idle";
        TextPosition position = places.Of(key);
        if (keepalive.MinIdle == 0 || !places.IsSet(key) || errors.HasErrorAt(position))
            return;
        if (keepalive.MinIdle > keepalive.MaxIdle)
            errors.Add(position, $"min_idle ({keepalive.MinIdle}) is above max_idle ({keepalive.MaxIdle})", "at most max_idle");
        else if (!keepalive.Enabled || keepalive.Reuse == ReusePolicy.Never)
            errors.Warn(position, "\"min_idle\" has no effect: no connection is kept for later requests", "enabled = true and another reuse");
    }
}
