using System;
using System.Linq;
using System.Text;
using NativeProxy.Config;

namespace NativeProxy.Tests.Config;

/// <summary>Short ways to a checked settings text.</summary>
internal static class SettingsTrial
{
    /// <summary>The smallest file that loads, in 9 lines.</summary>
    public const string Minimal = """
        [[listener]]
        name = "web"
        bind = ["127.0.0.1:8080"]
        upstream = "app"
        [[upstream]]
        name = "app"
        [[upstream.server]]
        name = "a"
        address = "127.0.0.1:9001"

        """;

    public static SettingsResult Parse(string toml) => Parse(Encoding.UTF8.GetBytes(toml));

    public static SettingsResult Parse(ReadOnlySpan<byte> utf8, string name = "proxy.toml") => SettingsFile.Parse(Text(utf8, name));

    /// <summary>A text that includes nothing, as it is read.</summary>
    public static SettingsText Text(ReadOnlySpan<byte> utf8, string name = "proxy.toml") =>
        new([new SettingsPart(name, utf8.ToArray())], CanBeReadAgain: true);

    /// <summary>The minimal file with lines put behind the listener's own keys (before its line 5).</summary>
    public static string WithListener(string lines) => With(listener: lines);

    /// <summary>The minimal file with lines put behind the upstream's name.</summary>
    public static string WithUpstream(string lines) => With(upstream: lines);

    /// <summary>The minimal file with lines put behind those of each table.</summary>
    public static string With(string? listener = null, string? upstream = null, string server = "") => Minimal
        .Replace("[[upstream.server]]", Before("[[upstream.server]]", upstream), StringComparison.Ordinal)
        .Replace("[[upstream]]", Before("[[upstream]]", listener), StringComparison.Ordinal) + server;

    /// <summary>All errors as `line: problem`.</summary>
    public static string[] Problems(string toml) => [.. Parse(toml).Errors.Select(static error => $"{error.Line}: {error.Problem}")];

    /// <summary>All warnings as `line: problem`.</summary>
    public static string[] Warnings(string toml) => [.. Parse(toml).Warnings.Select(static error => $"{error.Line}: {error.Problem}")];

    private static string Before(string table, string? lines) => lines is null ? table : lines + "\n" + table;
}
