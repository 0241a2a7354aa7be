using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// A route of a listener in mode "tcp" looks at connections, one of a listener in mode "http" at requests: what one of them does not have is refused.
/// Appends every breach to the errors. Lives for one load.
/// </summary>
internal sealed class RouteModeRules(ProxySettings settings, SettingPlaces places, SettingsErrors errors)
{
    private static readonly string[] OfRequests =
    [
        "host", "path", "path_prefix", "path_regex", "ignore_case", "method", "header", "query", "cookie_is", "split", "split_key",
        "split_cookie", "redirect", "redirect_status", "respond", "deny", "scheme", "host_header", "strip_prefix", "add_prefix",
        "replace_path", "rewrite", "policies", "error_pages", "access", "basic_auth", "compression", "cors", "mirror",
        "retry", "timeouts", "limits", "queue_priority", "rate_limit", "request_headers", "response_headers",
        "upgrade", "log",
    ];

    public void Check(in RouteSettings route, string path)
    {
        ListenerSettings[] listeners = [.. settings.ListenersOf(route)];
        string[] ofConnections = [.. route.ServerNames.IsEmpty ? [] : (string[])["sni"], .. route.Ports.IsEmpty ? [] : (string[])["port"]];
        Forbid(path, ofConnections, listeners.FirstOrDefault(static listener => listener.Mode == ListenerMode.Http).Name, "http", "requests");
        Forbid(path, OfRequests, listeners.FirstOrDefault(static listener => listener.Mode == ListenerMode.Tcp).Name, "tcp", "connections");
        if (!route.LooksAtConnections || !route.Listeners.IsEmpty || listeners.Length > 0)
            return;
        string key = ofConnections[0];
        Break($"{path}.{key}", $"\"{key}\" is for connections, and no listener is in mode \"tcp\"", "a listener in mode \"tcp\"");
    }

    private void Forbid(string path, string[] keys, string? listener, string mode, string what)
    {
        if (listener is null)
            return;
        foreach (string key in keys.Where(key => places.IsSet($"{path}.{key}")))
        {
            Break($"{path}.{key}",
                $"\"{key}\" means nothing here: the listener {ErrorExcerpt.Quoted(listener)} is in mode \"{mode}\", whose routes look at {what}",
                mode == "tcp" ? "source, sni, port and upstream alone" : "a listener in mode \"tcp\", or \"host\"");
        }
    }

    private void Break(string path, string problem, string expected)
    {
        TextPosition position = places.Of(path);
        if (!errors.HasErrorAt(position))
            errors.Add(position, problem, expected);
    }
}
