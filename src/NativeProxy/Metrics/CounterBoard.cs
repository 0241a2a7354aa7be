using System;
using System.Collections.Generic;
using System.IO;

namespace NativeProxy.Metrics;

/// <summary>
/// One row of counters per worker, in memory of one process or in memory that supervisor and workers share.
/// Owner: the host. Any thread may read sums; rows are written by their workers only. Dispose it after all loops have ended.
/// </summary>
internal sealed unsafe class CounterBoard : IDisposable
{
    private const long Magic = 0x0042_5058_5250_544E;

    /// <summary>First line of the memory: magic, worker count, counter count.</summary>
    private const int HeadLongs = SharedMemory.LineBytes / sizeof(long);

    private readonly SharedMemory _memory;
    private readonly LoopCounters[] _rows;
    private bool _isDisposed;

    private CounterBoard(SharedMemory memory, int workers)
    {
        _memory = memory;
        _rows = new LoopCounters[workers];
        for (int i = 0; i < workers; i++)
            _rows[i] = new LoopCounters((long*)memory.Start + HeadLongs + ((long)i * RowLongs));
    }

    public int WorkerCount => _rows.Length;

    /// <summary>What <see cref="Attach"/> takes; -1 when the memory is this process's own.</summary>
    public int Descriptor => _memory.Descriptor;

    /// <summary>Longs per row, the process behind the counters, rounded up so that no two rows share a cache line.</summary>
    private static int RowLongs => (CounterTable.Count + 1 + HeadLongs - 1) / HeadLongs * HeadLongs;

    /// <summary>Counters of this process only.</summary>
    public static CounterBoard CreatePrivate(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workers);
        return new CounterBoard(SharedMemory.CreatePrivate(BoardBytes(workers)), workers);
    }

    /// <summary>Counters that other processes can attach to; errors as with <see cref="SharedMemory.CreateShared"/>.</summary>
    public static CounterBoard CreateShared(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workers);
        SharedMemory memory = SharedMemory.CreateShared("nativeproxy-counters", BoardBytes(workers));
        long* head = (long*)memory.Start;
        head[1] = workers;
        head[2] = CounterTable.Count;
        head[0] = Magic;
        return new CounterBoard(memory, workers);
    }

    /// <summary>Maps a board that another process made. Throws <see cref="InvalidDataException"/> when it is none of this build.</summary>
    public static CounterBoard Attach(int descriptor)
    {
        SharedMemory memory = SharedMemory.Attach(descriptor);
        long* head = (long*)memory.Start;
        if (head[0] == Magic && head[2] == CounterTable.Count && head[1] is >= 1 and <= int.MaxValue
            && memory.LengthBytes >= BoardBytes((int)head[1]))
        {
            return new CounterBoard(memory, (int)head[1]);
        }

        memory.Dispose();
        throw new InvalidDataException("the counter board was made by another build");
    }

    /// <summary>The rows behind which there is a process, or has been until it ended unasked.</summary>
    public IEnumerable<int> Serving
    {
        get
        {
            for (int i = 0; i < _rows.Length; i++)
            {
                if (_rows[i].ProcessId != 0)
                    yield return i;
            }
        }
    }

    /// <summary>The row of worker 0..<see cref="WorkerCount"/>-1.</summary>
    public LoopCounters Row(int workerIndex) => _rows[workerIndex];

    /// <summary>Sum over all workers; a moment's view, not a snapshot of one instant.</summary>
    public long Sum(CounterId id)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        long sum = 0;
        foreach (LoopCounters row in _rows)
            sum += row.Read(id);
        return sum;
    }

    /// <summary>The supervisor: a configuration was taken over, at the start or by a reload.</summary>
    /// <param name="wallMs">Now, in milliseconds since 1970-01-01 UTC.</param>
    public void ConfigurationTaken(long wallMs)
    {
        _rows[0].Set(CounterId.LastReloadSucceeded, 1);
        _rows[0].Set(CounterId.LastReloadSuccessWallMs, wallMs);
    }

    /// <summary>The supervisor: a configuration was refused, and the one before it stays in force.</summary>
    public void ConfigurationRefused() => _rows[0].Set(CounterId.LastReloadSucceeded, 0);

    public void Dispose()
    {
        _isDisposed = true;
        _memory.Dispose();
    }

    private static long BoardBytes(int workers) => SharedMemory.LineBytes + ((long)workers * RowLongs * sizeof(long));
}
