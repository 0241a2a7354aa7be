using System;
using System.IO;
using System.Linq;
using NativeProxy.Config;

namespace NativeProxy.Tests.Config;

/// <summary>A directory with settings files; it is gone afterwards.</summary>
internal sealed class SettingsFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("settings").FullName;

    public string this[string name] => Path.Combine(_path, name);

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(this[name])!);
        File.WriteAllText(this[name], text);
    }

    public SettingsResult Load(string name = "proxy.toml") => SettingsFile.Load(this[name]);

    /// <summary>All errors as `file:line:column: problem`, with names as they are in the folder.</summary>
    public string[] Problems(string name = "proxy.toml") =>
    [
        .. Load(name).Errors.Select(static error => $"{error.File}:{error.Line}:{error.Column}: {error.Problem}")
            .Select(text => text.Replace(_path + "/", "", StringComparison.Ordinal)),
    ];

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
