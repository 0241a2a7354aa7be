using System;
using System.IO;
using System.Runtime.Versioning;

namespace NativeProxy.EndToEnd.Harness;

/// <summary>The proxy's program at a place of its own, where a test can put something else, as whoever upgrades it does.</summary>
[SupportedOSPlatform("linux")]
internal sealed class ReplaceableProgram : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nativeproxy-program-").FullName;

    public ReplaceableProgram() => File.Copy(ProxyBinary.Path, Place);

    /// <summary>For <see cref="ProxyConfig.StartedThrough"/>.</summary>
    public string Script => $"exec {Place} \"$@\"";

    private string Place => Path.Combine(_directory, "nativeproxy");

    /// <summary>Nothing is there any more; what runs is not written over.</summary>
    public void Remove() => File.Move(Place, Place + ".1", overwrite: true);

    /// <summary>There is a script instead.</summary>
    public void Put(string script)
    {
        File.WriteAllText(Place, "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(Place, UnixFileMode.UserExecute | UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>The proxy's program is there again.</summary>
    public void PutBack() => File.Copy(ProxyBinary.Path, Place, overwrite: true);

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
