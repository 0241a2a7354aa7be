using System;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>The rules about `[listener.monitor]`. Appends every breach, and what is probably not meant, to the errors. Lives for one load.</summary>
internal sealed class MonitorRules(ProxySettings settings, SettingPlaces places, SettingsErrors errors)
{
    public void CheckAll()
    {
        for (int i = 0; i < settings.Listeners.Length; i++)
            Check(settings.Listeners[i], $"listener[{i}].monitor");
    }

    private void Check(in ListenerSettings listener, string path)
    {
        ListenerMonitorSettings monitor = listener.Monitor;
        if (monitor.Path.Length > 0 && (monitor.Path[0] != '/' || monitor.Path.AsSpan().ContainsAnyExceptInRange('!', '~')
            || monitor.Path.AsSpan().ContainsAny('?', '#')))
        {
            Break($"{path}.path", $"{ErrorExcerpt.Quoted(monitor.Path)} is no path", "\"/\" and visible ASCII characters without ? and #");
        }
        else if (monitor.Path.Length > 0 && listener.Mode == ListenerMode.Forward)
        {
            Break($"{path}.path", "a listener in mode \"forward\" answers no probes", "a listener in mode \"http\"");
        }
        for (int i = 0; i < monitor.Networks.Length; i++)
        {
            if (!NetworkText.TryParse(monitor.Networks[i], out _))
                Break($"{path}.networks[{i}]", $"{ErrorExcerpt.Quoted(monitor.Networks[i])} is no network", NetworkText.Expected);
        }
        if (monitor.Networks.Length > 0 && listener.Mode == ListenerMode.Forward)
            Break($"{path}.networks", "a listener in mode \"forward\" answers no probes", "a listener in mode \"http\"");
        string[] names = [.. settings.Upstreams.Select(static upstream => upstream.Name).Where(static name => name.Length > 0)];
        for (int i = 0; i < monitor.FailWhenDown.Length; i++)
        {
            string wanted = monitor.FailWhenDown[i];
            if (!names.Contains(wanted))
            {
                Break($"{path}.fail_when_down[{i}]", $"there is no upstream {ErrorExcerpt.Quoted(wanted)}",
                    names.Length > 0 ? "one of: " + string.Join(", ", names) : "an [[upstream]] with this name", Spelling.Hint(wanted, names));
            }
        }
        string watched = $"{path}.fail_when_down";
        if (!monitor.FailWhenDown.IsEmpty && monitor.Path.Length == 0 && places.IsSet(watched) && !errors.HasErrorAt(places.Of(watched)))
            errors.Warn(places.Of(watched), "no path is there that could fail", "add path = \"/healthz\" or the like");
    }

    private void Break(string path, string problem, string expected, string hint = "")
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected, hint);
    }
}
