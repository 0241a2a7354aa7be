using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// What stands in the way of `[upstream.hedge]`: settings beside which it, or they, have no effect. Appends warnings to the errors. Lives for one
/// load.
/// </summary>
internal sealed class HedgeRules(SettingPlaces places, SettingsErrors errors)
{
    public void Check(in UpstreamSettings upstream, string path)
    {
        if (upstream.Hedge.AfterMs == 0)
            return;
        if (upstream.Servers.Length == 1 && upstream.Discovery.Kind == DiscoveryKind.None)
            Warn($"{path}.hedge.after", "\"after\" has no effect: there is no second server", "");
        if (upstream.Timeouts.ResponseMs > 0 && upstream.Hedge.AfterMs >= upstream.Timeouts.ResponseMs)
            Warn($"{path}.hedge.after", "\"after\" has no effect: timeouts.response ends requests before", "less than timeouts.response");
        if (upstream.Keepalive.Pipelining > 1)
            Warn($"{path}.keepalive.pipelining", "\"pipelining\" has no effect beside hedge.after", "");
    }

    private void Warn(string path, string problem, string hint)
    {
        TextPosition position = places.Of(path);
        if (places.IsSet(path) && !errors.HasErrorAt(position))
            errors.Warn(position, problem, hint);
    }
}
