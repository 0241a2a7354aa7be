using System;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NativeProxy.Metrics;

/// <summary>
/// One row of counters per worker, on the heap of one process or in a mapped file that supervisor and workers share.
/// Owner: the host. Any thread may read sums; rows are written by their workers only. Dispose it after all loops have ended.
/// </summary>
internal sealed unsafe class CounterBoard : IDisposable
{
    private const int LineBytes = 64;
    private const long Magic = 0x0042_5058_5250_544E;

    /// <summary>First line of the memory: magic, worker count, counter count.</summary>
    private const int HeadLongs = LineBytes / sizeof(long);

    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly string? _ownedPath;
    private readonly long[]? _heap;
    private readonly LoopCounters[] _rows;
    private bool _isDisposed;

    private CounterBoard(long[] heap, int workers)
    {
        _heap = heap;
        nuint address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(heap));
        long* head = (long*)((address + LineBytes - 1) & ~(nuint)(LineBytes - 1));
        _rows = RowsAt(head, workers);
    }

    private CounterBoard(MemoryMappedFile file, MemoryMappedViewAccessor view, int workers, string? ownedPath)
    {
        _file = file;
        _view = view;
        _ownedPath = ownedPath;
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _rows = RowsAt((long*)start, workers);
    }

    public int WorkerCount => _rows.Length;

    /// <summary>Longs per row, rounded up so that no two rows share a cache line.</summary>
    private static int RowLongs => (CounterTable.Count + HeadLongs - 1) / HeadLongs * HeadLongs;

    /// <summary>Counters of this process only.</summary>
    public static CounterBoard CreatePrivate(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workers);
        return new CounterBoard(GC.AllocateArray<long>((int)(BoardBytes(workers) / sizeof(long)) + HeadLongs, pinned: true), workers);
    }

    /// <summary>
    /// Creates the file, readable by this user only, and maps it; a leftover file of that name is replaced. The file is unlinked on dispose.
    /// Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when the directory does not allow it.
    /// </summary>
    public static CounterBoard CreateShared(int workers, string path)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workers);
        File.Delete(path);
        FileStreamOptions options = new()
        {
            // CreateNew never follows a link that somebody else put there.
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        FileStream stream = new(path, options);
        stream.SetLength(BoardBytes(workers));
        CounterBoard board = Map(stream, workers, ownedPath: path);
        board._view!.Write(1 * sizeof(long), (long)workers);
        board._view.Write(2 * sizeof(long), (long)CounterTable.Count);
        board._view.Write(0, Magic);
        return board;
    }

    /// <summary>Maps a board that another process made. Throws <see cref="InvalidDataException"/> when it is none of this build.</summary>
    public static CounterBoard Attach(string path)
    {
        FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        int workers = 0;
        try
        {
            workers = ReadHead(stream);
            return Map(stream, workers, ownedPath: null);
        }
        finally
        {
            if (workers == 0)
            {
                stream.Dispose();
            }
        }
    }

    /// <summary>Where a shared board of that name belongs: memory-backed where the system has such a directory.</summary>
    public static string PathFor(string name) =>
        Path.Combine(OperatingSystem.IsLinux() && Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), name);

    /// <summary>The row of worker 0..<see cref="WorkerCount"/>-1.</summary>
    public LoopCounters Row(int workerIndex) => _rows[workerIndex];

    /// <summary>Sum over all workers; a moment's view, not a snapshot of one instant.</summary>
    public long Sum(CounterId id)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        long sum = 0;
        foreach (LoopCounters row in _rows)
        {
            sum += row.Read(id);
        }

        GC.KeepAlive(_heap);
        return sum;
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (_view is not null)
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file!.Dispose();
        }

        if (_ownedPath is not null)
        {
            File.Delete(_ownedPath);
        }
    }

    private static long BoardBytes(int workers) => LineBytes + ((long)workers * RowLongs * sizeof(long));

    private static int ReadHead(FileStream stream)
    {
        Span<byte> bytes = stackalloc byte[3 * sizeof(long)];
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            throw new InvalidDataException("the counter board is too short");
        }

        ReadOnlySpan<long> head = MemoryMarshal.Cast<byte, long>(bytes);
        if (head[0] != Magic || head[2] != CounterTable.Count || head[1] is < 1 or > int.MaxValue || stream.Length < BoardBytes((int)head[1]))
        {
            throw new InvalidDataException("the counter board was made by another build");
        }

        return (int)head[1];
    }

    private static CounterBoard Map(FileStream stream, int workers, string? ownedPath)
    {
        MemoryMappedFile file = MemoryMappedFile.CreateFromFile(stream, mapName: null, capacity: 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        MemoryMappedViewAccessor view = file.CreateViewAccessor(0, BoardBytes(workers), MemoryMappedFileAccess.ReadWrite);
        return new CounterBoard(file, view, workers, ownedPath);
    }

    private static LoopCounters[] RowsAt(long* head, int workers)
    {
        LoopCounters[] rows = new LoopCounters[workers];
        for (int i = 0; i < workers; i++)
        {
            rows[i] = new LoopCounters(head + HeadLongs + ((long)i * RowLongs));
        }

        return rows;
    }
}
