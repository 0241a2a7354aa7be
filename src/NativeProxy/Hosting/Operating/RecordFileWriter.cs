using System;
using System.IO;
using NativeProxy.Recording;

namespace NativeProxy.Hosting.Operating;

/// <summary>Writes a file of record entries, that its owner alone may read. Lives for one command.</summary>
internal sealed class RecordFileWriter : IDisposable
{
    private readonly FileStream _file;

    private RecordFileWriter(FileStream file) => _file = file;

    /// <summary>Makes the file, in place of one that is there. Null with the problem when that cannot be.</summary>
    public static RecordFileWriter? TryOpen(string path, out string problem)
    {
        problem = "";
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            var file = new FileStream(path, options);
            var writer = new RecordFileWriter(file);
            if (writer.TryBegin(out problem))
                return writer;
            writer.Dispose();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problem = $"{path} cannot be written: {e.Message}";
            return null;
        }
    }

    /// <summary>Adds entries. False with the problem when there is no room.</summary>
    public bool TryAdd(ReadOnlySpan<byte> entries, out string problem)
    {
        problem = "";
        try
        {
            _file.Write(entries);
            _file.Flush();
            return true;
        }
        catch (IOException e)
        {
            problem = $"{_file.Name} cannot be written: {e.Message}";
            return false;
        }
    }

    public void Dispose()
    {
        try
        {
            _file.Dispose();
        }
        catch (IOException)
        {
            // What could not be written has been said.
        }
    }

    /// <summary>A file that was there has a mode of its own, by which others may read it. A device keeps its mode: it is everybody's.</summary>
    private bool TryBegin(out string problem)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && !_file.Name.StartsWith("/dev/", StringComparison.Ordinal))
                File.SetUnixFileMode(_file.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"{_file.Name} cannot be made readable by you alone: {e.Message}";
            return false;
        }
        return TryAdd(RecordEntry.FileLine, out problem);
    }
}
