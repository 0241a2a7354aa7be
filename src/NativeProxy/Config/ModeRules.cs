using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// Keys of a listener that mean nothing in its mode: whoever writes one expects something of it, so it is refused. Appends every breach to the
/// errors. Lives for one load.
/// </summary>
internal sealed class ModeRules(SettingPlaces places, SettingsErrors errors)
{
    /// <summary>What is about requests, which a listener in mode "tcp" does not know.</summary>
    private static readonly string[] OfRequests =
    [
        "unmatched", "path_normalization", "ambiguous_path", "half_close", "pipelining", "trailers", "non_ascii_target", "upgrade", "defer_accept",
        "keepalive", "forwarded", "trace", "policies", "error_pages", "monitor.path", "monitor.fail_when_down",
        "rate_limit", "request_headers", "response_headers", "forward", "timeouts.request_body", "timeouts.tunnel",
        "limits.header_bytes", "limits.header_count", "limits.request_line_bytes", "limits.body_bytes", "limits.response_body_bytes",
        "limits.half_closed",
    ];

    public void Check(in ListenerSettings listener, string path)
    {
        if (listener.Mode != ListenerMode.Tcp)
        {
            if (!listener.Tcp.IsDefault)
                Break($"{path}.tcp", "[listener.tcp] is for a listener in mode \"tcp\"", "mode = \"tcp\", or no such table");
            return;
        }
        foreach (string key in OfRequests.Where(key => places.IsSet($"{path}.{key}")))
        {
            string instead = key switch
            {
                "half_close" or "timeouts.tunnel" => "idle_timeout and half_close_timeout of [listener.tcp]",
                "defer_accept" => "nothing: a server may speak first",
                _ => "nothing of HTTP, or mode = \"http\"",
            };
            Break($"{path}.{key}", $"\"{key}\" means nothing to a listener in mode \"tcp\", which passes bytes on as they are", instead);
        }
    }

    private void Break(string path, string problem, string expected)
    {
        TextPosition position = places.Of(path);
        if (places.IsSet(path) && !errors.HasErrorAt(position))
            errors.Add(position, problem, expected);
    }
}
