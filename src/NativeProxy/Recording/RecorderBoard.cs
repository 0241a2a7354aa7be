using System;
using System.IO;
using System.Runtime.CompilerServices;
using NativeProxy.Metrics;

namespace NativeProxy.Recording;

/// <summary>
/// What the flight recorder of all workers keeps, in memory of one process or in memory that supervisor and workers share: the order to record
/// connections, and for each worker the refused messages of both sides and the bytes on their way to whoever records. What a crashed worker noted
/// stays. Memory is taken when it is touched. Owner: the host; dispose it after all loops have ended.
/// </summary>
internal sealed unsafe class RecorderBoard : IDisposable
{
    private const long Magic = 0x0052_4345_5250_544E;

    private readonly SharedMemory _memory;

    private RecorderBoard(SharedMemory memory, int workers)
    {
        _memory = memory;
        WorkerCount = workers;
        Order = new RecordingOrder(memory.Start + SharedMemory.LineBytes);
    }

    public int WorkerCount { get; }

    /// <summary>What <see cref="Attach"/> takes; -1 when the memory is this process's own.</summary>
    public int Descriptor => _memory.Descriptor;

    /// <summary>Which connections are to be recorded.</summary>
    public RecordingOrder Order { get; }

    private static long WorkerBytes => (2L * MessageRing.SizeBytes) + TapRing.SizeBytes;

    /// <summary>Rings of this process only.</summary>
    public static RecorderBoard CreatePrivate(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workers);
        return new RecorderBoard(SharedMemory.CreatePrivate(BoardBytes(workers)), workers);
    }

    /// <summary>Rings that other processes can attach to; errors as with <see cref="SharedMemory.CreateShared"/>.</summary>
    public static RecorderBoard CreateShared(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(workers);
        SharedMemory memory = SharedMemory.CreateShared("nativeproxy-recorder", BoardBytes(workers));
        long* head = (long*)memory.Start;
        head[1] = workers;
        head[2] = Unsafe.SizeOf<MessageRecord>();
        head[0] = Magic;
        return new RecorderBoard(memory, workers);
    }

    /// <summary>Maps a board that another process made. Throws <see cref="InvalidDataException"/> when it is none of this build.</summary>
    public static RecorderBoard Attach(int descriptor)
    {
        SharedMemory memory = SharedMemory.Attach(descriptor);
        long* head = (long*)memory.Start;
        if (head[0] == Magic && head[2] == Unsafe.SizeOf<MessageRecord>() && head[1] is >= 1 and <= int.MaxValue
            && memory.LengthBytes >= BoardBytes((int)head[1]))
        {
            return new RecorderBoard(memory, (int)head[1]);
        }

        memory.Dispose();
        throw new InvalidDataException("the board of the flight recorder was made by another build");
    }

    /// <summary>The refused messages of one side on worker 0..<see cref="WorkerCount"/>-1.</summary>
    public MessageRing Messages(int worker, bool isOfServer) => new(StartOf(worker) + (isOfServer ? MessageRing.SizeBytes : 0));

    /// <summary>The bytes of recorded connections of worker 0..<see cref="WorkerCount"/>-1.</summary>
    public TapRing Taps(int worker) => new(StartOf(worker) + (2L * MessageRing.SizeBytes));

    public void Dispose() => _memory.Dispose();

    private static long BoardBytes(int workers) => SharedMemory.LineBytes + RecordingOrder.SizeBytes + (workers * WorkerBytes);

    private byte* StartOf(int worker)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)worker, (uint)WorkerCount);
        return _memory.Start + SharedMemory.LineBytes + RecordingOrder.SizeBytes + (worker * WorkerBytes);
    }
}
