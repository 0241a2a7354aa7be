using System;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace NativeProxy.Metrics;

/// <summary>
/// A block of zeroed memory that begins on a cache line: of this process only, or a mapped file that supervisor and workers share.
/// Owner: the board that lays it out. Never synchronises; dispose it after everybody has stopped using <see cref="Start"/>.
/// </summary>
internal sealed unsafe class SharedMemory : IDisposable
{
    public const int LineBytes = 64;

    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly string? _ownedPath;
    private void* _native;
    private bool _isDisposed;

    private SharedMemory(long bytes)
    {
        LengthBytes = bytes;

        // Zeroed by the system page by page when touched: what is never used costs nothing.
        _native = NativeMemory.AllocZeroed((nuint)(bytes + LineBytes));
        Start = (byte*)(((nuint)_native + LineBytes - 1) & ~(nuint)(LineBytes - 1));
    }

    private SharedMemory(FileStream stream, string? ownedPath)
    {
        LengthBytes = stream.Length;
        _ownedPath = ownedPath;
        _file = MemoryMappedFile.CreateFromFile(stream, mapName: null, capacity: 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, LengthBytes, MemoryMappedFileAccess.ReadWrite);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        Start = start;
    }

    public byte* Start { get; }

    public long LengthBytes { get; }

    /// <summary>Memory of this process only.</summary>
    public static SharedMemory CreatePrivate(long bytes) => new(bytes);

    /// <summary>
    /// Creates the file, readable by this user only, and maps it; a leftover file of that name is replaced. The file is unlinked on dispose.
    /// Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when the directory does not allow it.
    /// </summary>
    public static SharedMemory CreateShared(string path, long bytes)
    {
        File.Delete(path);
        FileStreamOptions options = new()
        {
            // CreateNew never follows a link that somebody else put there.
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        FileStream stream = new(path, options);
        stream.SetLength(bytes);
        return new SharedMemory(stream, path);
    }

    /// <summary>Maps a file that another process made. Throws <see cref="InvalidDataException"/> when it holds less than one line.</summary>
    public static SharedMemory Attach(string path)
    {
        FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (stream.Length >= LineBytes)
            return new SharedMemory(stream, ownedPath: null);
        stream.Dispose();
        throw new InvalidDataException("the board is too short");
    }

    /// <summary>Where shared memory of that name belongs: memory-backed where the system has such a directory.</summary>
    public static string PathFor(string name) =>
        Path.Combine(OperatingSystem.IsLinux() && Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), name);

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        NativeMemory.Free(_native);
        _native = null;
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file!.Dispose();
        }
        if (_ownedPath is not null)
            File.Delete(_ownedPath);
    }
}
