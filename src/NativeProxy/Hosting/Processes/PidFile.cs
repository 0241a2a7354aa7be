using System;
using System.Globalization;
using System.IO;

namespace NativeProxy.Hosting.Processes;

/// <summary>The file with the process id (<c>runtime.pid_file</c>): written at start, removed at the end. An empty path means none.</summary>
internal sealed class PidFile : IDisposable
{
    private readonly string _path;

    /// <summary>Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when the file cannot be written.</summary>
    public PidFile(string path)
    {
        _path = path;
        if (path.Length > 0)
            File.WriteAllText(path, Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
    }

    public void Dispose()
    {
        if (_path.Length > 0)
            File.Delete(_path);
    }
}
