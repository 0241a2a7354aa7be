using System;
using System.Globalization;
using System.IO;
using NativeProxy.Logging;

namespace NativeProxy.Hosting.Processes;

/// <summary>
/// The file with the process id (<c>runtime.pid_file</c>): written at start, removed at the end unless another process has written its own meanwhile.
/// An empty path means none.
/// </summary>
internal sealed class PidFile : IDisposable
{
    private readonly string _path;
    private readonly string _text = Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n";

    /// <summary>
    /// Writes it, or leaves that for later, when the process before this one still has the file. Throws <see cref="IOException"/> or
    /// <see cref="UnauthorizedAccessException"/> when it cannot be written.
    /// </summary>
    /// <param name="path">Where; empty = nowhere.</param>
    /// <param name="isLater">Not yet.</param>
    public PidFile(string path, bool isLater = false)
    {
        _path = path;
        if (!isLater)
            Write();
    }

    private void Write()
    {
        if (_path.Length > 0)
            File.WriteAllText(_path, _text);
    }

    /// <summary>Writes it over that of the process before this one; this one serves already, so that a problem is told and no more.</summary>
    public void TakeOver(ErrorLog log)
    {
        try
        {
            Write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Error($"the process id cannot be written: {e.Message} (runtime.pid_file); this process serves without");
        }
    }

    public void Dispose()
    {
        try
        {
            if (_path.Length > 0 && File.ReadAllText(_path) == _text)
                File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody has removed or replaced it: it is not ours any more.
        }
    }
}
