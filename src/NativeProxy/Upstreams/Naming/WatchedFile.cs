using System;
using System.IO;
using NativeProxy.Foundation;

namespace NativeProxy.Upstreams.Naming;

/// <summary>
/// A small file of the system that is read again when it has changed. What cannot be read is empty. Any thread of the control plane: two
/// that find it changed at once both read it.
/// </summary>
/// <typeparam name="T">What is made of its text.</typeparam>
internal sealed class WatchedFile<T>(string path, Func<string, T> read)
    where T : class
{
    private const int CharsMax = 4 * 1024 * 1024;

    private volatile Version? _version;

    /// <summary>What the file says now.</summary>
    public T Value
    {
        get
        {
            FileVersion now = FileVersion.Of(path);
            if (_version is { } known && known.Of == now)
                return known.Value;
            var version = new Version(now, read(now.Exists && now.Length <= CharsMax ? TextOf() : ""));
            _version = version;
            return version.Value;
        }
    }

    private string TextOf()
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>The file as it was read.</summary>
    private sealed record Version(FileVersion Of, T Value);
}
