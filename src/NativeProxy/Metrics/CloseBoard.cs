using System;
using System.IO;
using System.Runtime.CompilerServices;
using NativeProxy.Foundation;

namespace NativeProxy.Metrics;

/// <summary>
/// One <see cref="CloseRing"/> per worker, in memory of one process or in memory that supervisor and workers share. What a crashed
/// worker noted stays. Owner: the host; dispose it after all loops have ended.
/// </summary>
internal sealed unsafe class CloseBoard : IDisposable
{
    private const long Magic = 0x0043_5058_5250_544E;

    private readonly SharedMemory _memory;
    private readonly CloseRing[] _rings;

    private CloseBoard(SharedMemory memory, int workers)
    {
        _memory = memory;
        _rings = new CloseRing[workers];
        for (int i = 0; i < workers; i++)
            _rings[i] = new CloseRing(memory.Start + SharedMemory.LineBytes + ((long)i * CloseRing.SizeBytes));
    }

    public int WorkerCount => _rings.Length;

    /// <summary>What <see cref="Attach"/> takes; -1 when the memory is this process's own.</summary>
    public int Descriptor => _memory.Descriptor;

    /// <summary>Rings of this process only.</summary>
    public static CloseBoard CreatePrivate(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workers);
        return new CloseBoard(SharedMemory.CreatePrivate(BoardBytes(workers)), workers);
    }

    /// <summary>Rings that other processes can attach to; errors as with <see cref="SharedMemory.CreateShared"/>.</summary>
    public static CloseBoard CreateShared(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workers);
        SharedMemory memory = SharedMemory.CreateShared("nativeproxy-closes", BoardBytes(workers));
        long* head = (long*)memory.Start;
        head[1] = workers;
        head[2] = Unsafe.SizeOf<CloseRecord>();
        head[0] = Magic;
        return new CloseBoard(memory, workers);
    }

    /// <summary>Maps a board that another process made. Throws <see cref="InvalidDataException"/> when it is none of this build.</summary>
    public static CloseBoard Attach(int descriptor)
    {
        SharedMemory memory = SharedMemory.Attach(descriptor);
        long* head = (long*)memory.Start;
        if (head[0] == Magic && head[2] == Unsafe.SizeOf<CloseRecord>() && head[1] is >= 1 and <= int.MaxValue
            && memory.LengthBytes >= BoardBytes((int)head[1]))
        {
            return new CloseBoard(memory, (int)head[1]);
        }

        memory.Dispose();
        throw new InvalidDataException("the board of closed connections was made by another build");
    }

    /// <summary>The ring of worker 0..<see cref="WorkerCount"/>-1.</summary>
    public CloseRing Ring(int workerIndex) => _rings[workerIndex];

    public void Dispose() => _memory.Dispose();

    private static long BoardBytes(int workers) => SharedMemory.LineBytes + ((long)workers * CloseRing.SizeBytes);
}
