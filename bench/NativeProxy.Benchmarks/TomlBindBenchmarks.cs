using System.Text;
using BenchmarkDotNet.Attributes;
using NativeProxy.Config;

namespace NativeProxy.Benchmarks;

/// <summary>From the text of a settings file to checked settings: what a start or a reload costs.</summary>
[MemoryDiagnoser]
public class TomlBindBenchmarks
{
    private static readonly byte[] Text = Encoding.UTF8.GetBytes("""
        [runtime]
        workers = 4
        [admin]
        bind = "127.0.0.1:9901"
        [[listener]]
        name = "web"
        bind = ["127.0.0.1:8080", "[::1]:8080"]
        upstream = "app"
          [listener.keepalive]
          timeout = "75s"
          max_requests = 1000
          [listener.limits]
          header_bytes = "32KiB"
        [[upstream]]
        name = "app"
          [upstream.keepalive]
          idle_timeout = "30s"
          [[upstream.server]]
          name = "a"
          address = "127.0.0.1:9001"
          weight = 3
          [[upstream.server]]
          name = "b"
          address = "127.0.0.1:9002"

        """);

    private readonly byte[] _reference = Encoding.UTF8.GetBytes(SettingsReference.Toml);

    [Benchmark]
    public int Typical() => Settings().Listeners.Length;

    [Benchmark]
    public int Reference() => SettingsOf("reference.toml", _reference).Listeners.Length;

    internal static ProxySettings Settings() => SettingsOf("proxy.toml", Text);

    private static ProxySettings SettingsOf(string name, byte[] text) =>
        SettingsFile.Parse(new SettingsText([new SettingsPart(name, text)], CanBeReadAgain: false)).Settings;
}
