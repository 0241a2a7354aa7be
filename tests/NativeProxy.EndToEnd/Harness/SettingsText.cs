using System;
using System.IO;
using System.Text;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>A settings file with a text of the test's choice; deleted on dispose.</summary>
internal sealed class SettingsText : IDisposable
{
    public SettingsText(string text)
        : this(Encoding.UTF8.GetBytes(text))
    {
    }

    public SettingsText(byte[] bytes) => File.WriteAllBytes(Path, bytes);

    public string Path { get; } = System.IO.Path.GetTempFileName();

    /// <summary>A sound file with one listener and one server.</summary>
    /// <param name="port">Of the listener.</param>
    /// <param name="serverAddress">Host and port.</param>
    /// <param name="more">Lines of [runtime], and tables before the listener.</param>
    /// <param name="workers">How many.</param>
    public static string Sound(int port, string serverAddress, string more = "", int workers = 1) => $"""
        [runtime]
        workers = {workers}
        engine = "{ProxyConfig.Engine}"
        {more}
        [[listener]]
        name = "web"
        bind = ["127.0.0.1:{port}"]
        upstream = "app"

        [[upstream]]
        name = "app"
          [[upstream.server]]
          name = "a"
          address = "{serverAddress}"

        """;

    public void Dispose() => File.Delete(Path);
}
