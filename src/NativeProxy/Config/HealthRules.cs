using System;
using System.Collections.Immutable;
using System.Linq;
using System.Net;
using NativeProxy.Config.Toml;

namespace NativeProxy.Config;

/// <summary>
/// The rules about health checks: what goes into a request as it stands must not end the line, and what is compared must be comparable. Appends every
/// breach to the errors. Lives for one load.
/// </summary>
internal sealed class HealthRules(SettingPlaces places, SettingsErrors errors)
{
    private const string AddressExpected = "an IP address such as \"10.0.0.1\" or \"2001:db8::1\", without a port";

    /// <summary>The check writes them itself.</summary>
    private static readonly string[] OwnFields = ["connection", "content-length", "host", "transfer-encoding", "upgrade"];

    /// <param name="upstream">Whose checks.</param>
    /// <param name="path">Where the upstream stands.</param>
    public void Check(in UpstreamSettings upstream, string path)
    {
        UpstreamHealthSettings health = upstream.Health;
        CheckRequest(health, $"{path}.health");
        CheckStatuses(health.ExpectStatus, $"{path}.health.expect_status");
        CheckStatuses(upstream.Passive.FailureStatuses, $"{path}.passive.failure_statuses");
        if (upstream.Passive.LongestEjectionMs < upstream.Passive.EjectionMs)
        {
            Break($"{path}.passive.{(places.IsSet($"{path}.passive.max_ejection_time") ? "max_ejection_time" : "ejection_time")}",
                $"ejection_time ({Units.FormatDuration(upstream.Passive.EjectionMs)}) is above max_ejection_time "
                + $"({Units.FormatDuration(upstream.Passive.LongestEjectionMs)})", "at most max_ejection_time");
        }
        CheckAddress(health.Address, $"{path}.health.address");
        for (int i = 0; i < upstream.Servers.Length; i++)
            CheckAddress(upstream.Servers[i].HealthAddress, $"{path}.server[{i}].health_address");
        bool isPortless = health.Port == 0 && (upstream.Discovery.Kind != DiscoveryKind.None
            || upstream.Servers.Any(static server => server.Health && server.HealthPort == 0));
        if (health.Kind == HealthCheckKind.Agent && isPortless)
        {
            Break($"{path}.health.type", "an agent needs a port of its own: what a server speaks on its own port is no word of an agent",
                "port in [upstream.health], or health_port of each server");
        }
        CheckLatin(health.Send, $"{path}.health.send");
        CheckLatin(health.Expect, $"{path}.health.expect");
        CheckLatin(health.ExpectBody, $"{path}.health.expect_body");
    }

    /// <summary>These texts go into the request of an http check as they are.</summary>
    private void CheckRequest(in UpstreamHealthSettings health, string path)
    {
        if (!health.Path.StartsWith('/') || !IsVisibleAscii(health.Path))
            Break($"{path}.path", $"{ErrorExcerpt.Quoted(health.Path)} cannot be asked for", "\"/\" and visible ASCII characters");
        if (!IsVisibleAscii(health.Host))
            Break($"{path}.host", $"{ErrorExcerpt.Quoted(health.Host)} cannot be a Host field", "visible ASCII characters");
        if (!TokenText.IsToken(health.Method) || health.Method is "CONNECT")
            Break($"{path}.method", $"{ErrorExcerpt.Quoted(health.Method)} is no method of a check", "a method such as \"GET\" or \"HEAD\"");
        foreach (NamedText field in health.Headers)
        {
            if (FixedFieldText.ProblemOf(field, OwnFields, out string expected) is { Length: > 0 } problem)
                Break($"{path}.headers", problem, field.Name.Equals("host", StringComparison.OrdinalIgnoreCase) ? "the key \"host\"" : expected);
        }
    }

    private void CheckStatuses(ImmutableArray<string> texts, string path)
    {
        for (int i = 0; i < texts.Length; i++)
        {
            if (!StatusText.TryParse(texts[i], out _))
                Break($"{path}[{i}]", $"{ErrorExcerpt.Quoted(texts[i])} is no status", StatusText.Expected);
        }
    }

    private void CheckAddress(string address, string path)
    {
        if (address.Length > 0 && (!IPAddress.TryParse(address, out IPAddress? ip) || ip.ToString() != address.ToLowerInvariant()))
            Break(path, $"{ErrorExcerpt.Quoted(address)} is no IP address", AddressExpected);
    }

    /// <summary>One character is one byte.</summary>
    private void CheckLatin(string text, string path)
    {
        if (text.AsSpan().ContainsAnyExceptInRange('\0', '\u00ff'))
            Break(path, $"{ErrorExcerpt.Quoted(text)} has a character that is no single byte", "characters up to U+00FF: each is one byte");
    }

    private static bool IsVisibleAscii(string text) => text.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0;

    private void Break(string path, string problem, string expected)
    {
        if (places.IsSet(path) && !errors.HasErrorAt(places.Of(path)))
            errors.Add(places.Of(path), problem, expected);
    }
}
