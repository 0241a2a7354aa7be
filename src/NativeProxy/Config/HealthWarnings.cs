using System;
using System.Linq;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>Health checks that work but probably not as meant. Appends warnings only. Lives for one load.</summary>
internal sealed class HealthWarnings(SettingPlaces places, SettingsErrors errors)
{
    private static readonly string[] Keys =
    [
        "path", "host", "method", "headers", "expect_status", "expect_body", "send", "expect", "port", "address", "interval", "fast_interval",
        "down_interval", "jitter", "timeout", "rise", "fall", "initial", "drain_on_404", "on_down",
    ];

    private static readonly string[] HttpKeys = ["path", "method", "headers", "expect_status", "expect_body", "drain_on_404"];

    private static readonly string[] TcpKeys = ["send", "expect"];

    /// <param name="upstream">Whose checks.</param>
    /// <param name="path">Where the upstream stands.</param>
    public void Check(in UpstreamSettings upstream, string path)
    {
        HealthCheckKind kind = upstream.Health.Kind;
        if (kind == HealthCheckKind.Off)
        {
            if (!places.IsSet($"{path}.health.type") && Keys.Any(key => places.IsSet($"{path}.health.{key}")))
                Warn($"{path}.health", "health checks are described but not switched on", "add type = \"http\" or type = \"tcp\"");
            return;
        }
        WarnOfUnused(HttpKeys, isUsed: kind == HealthCheckKind.Http, "http", path);
        WarnOfUnused(TcpKeys, isUsed: kind is HealthCheckKind.Tcp or HealthCheckKind.Agent, "tcp", path);
        if (kind == HealthCheckKind.Tls && upstream.Tls.Enabled && places.IsSet($"{path}.health.host"))
            Warn($"{path}.health.host", "\"host\" does nothing here: the server is asked for as the traffic does", "\"name\" in [upstream.tls]");
    }

    private void WarnOfUnused(string[] keys, bool isUsed, string kind, string path)
    {
        foreach (string key in isUsed ? [] : Array.FindAll(keys, key => places.IsSet($"{path}.health.{key}")))
            Warn($"{path}.health.{key}", $"\"{key}\" does nothing here", $"it belongs to checks of type \"{kind}\"");
    }

    private void Warn(string path, string problem, string hint)
    {
        if (!errors.HasErrorAt(places.Of(path)))
            errors.Warn(places.Of(path), problem, hint);
    }
}
