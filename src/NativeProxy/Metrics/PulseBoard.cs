using System;
using System.IO;
using System.Threading;

namespace NativeProxy.Metrics;

/// <summary>What a loop is doing, as far as it has said; a hint for whoever finds it hanging.</summary>
internal enum LoopPlace
{
    /// <summary>It has not begun.</summary>
    Start,

    /// <summary>Waiting for events.</summary>
    Waiting,

    /// <summary>Handling events of sockets.</summary>
    Events,

    /// <summary>Accepting connections.</summary>
    Accepting,

    /// <summary>Running what other threads have posted: settings, health, a drain.</summary>
    Posted,

    /// <summary>Running what was put off to the end of the turn.</summary>
    Deferred,

    /// <summary>Running timers that are due.</summary>
    Timers,

    /// <summary>Sending what was held back.</summary>
    Flushing,
}

/// <summary>
/// One line of memory per worker in which its loop leaves signs of life, shared with the supervisor. Owner: the host; dispose it after all
/// loops have ended.
/// </summary>
internal sealed unsafe class PulseBoard : IDisposable
{
    private const long Magic = 0x0050_5058_5250_544E;

    private readonly SharedMemory _memory;

    private PulseBoard(SharedMemory memory, int workers)
    {
        _memory = memory;
        WorkerCount = workers;
    }

    public int WorkerCount { get; }

    /// <summary>What <see cref="Attach"/> takes; -1 when the memory is this process's own.</summary>
    public int Descriptor => _memory.Descriptor;

    /// <summary>A board of this process only.</summary>
    public static PulseBoard CreatePrivate(int workers) => new(SharedMemory.CreatePrivate(BoardBytes(workers)), workers);

    /// <summary>A board that other processes can attach to; errors as with <see cref="SharedMemory.CreateShared"/>.</summary>
    public static PulseBoard CreateShared(int workers)
    {
        SharedMemory memory = SharedMemory.CreateShared("nativeproxy-pulses", BoardBytes(workers));
        long* head = (long*)memory.Start;
        head[1] = workers;
        head[0] = Magic;
        return new PulseBoard(memory, workers);
    }

    /// <summary>Maps a board that another process made. Throws <see cref="InvalidDataException"/> when it is none of this build.</summary>
    public static PulseBoard Attach(int descriptor)
    {
        SharedMemory memory = SharedMemory.Attach(descriptor);
        long* head = (long*)memory.Start;
        if (head[0] == Magic && head[1] is >= 1 and <= int.MaxValue && memory.LengthBytes >= BoardBytes((int)head[1]))
            return new PulseBoard(memory, (int)head[1]);
        memory.Dispose();
        throw new InvalidDataException("the board of pulses was made by another build");
    }

    /// <summary>The line of worker 0..<see cref="WorkerCount"/>-1.</summary>
    public LoopPulse Pulse(int workerIndex) =>
        new((LoopPulseMemory*)(_memory.Start + SharedMemory.LineBytes + ((long)workerIndex * SharedMemory.LineBytes)));

    public void Dispose() => _memory.Dispose();

    private static long BoardBytes(int workers) => SharedMemory.LineBytes + ((long)workers * SharedMemory.LineBytes);
}

/// <summary>
/// The signs of life of one loop: how many turns it has begun, and where in a turn it is. Plain stores into a line that hardly anybody else reads, so
/// that a turn pays next to nothing. One loop writes, any process reads. A view into a <see cref="PulseBoard"/>, which must outlive it.
/// </summary>
internal readonly unsafe struct LoopPulse
{
    /// <summary>Where loops write that nobody watches; what they leave there is never read.</summary>
    private static readonly SharedMemory Unwatched = SharedMemory.CreatePrivate(SharedMemory.LineBytes);

    private readonly LoopPulseMemory* _memory;

    internal LoopPulse(LoopPulseMemory* memory) => _memory = memory;

    public static LoopPulse OfNobody => new((LoopPulseMemory*)Unwatched.Start);

    /// <summary>Turns begun.</summary>
    public long Turns => Volatile.Read(ref _memory->Turns);

    public LoopPlace Place => (LoopPlace)Volatile.Read(ref _memory->Place);

    /// <summary>A turn begins.</summary>
    public void BeginTurn(long turns)
    {
        _memory->Turns = turns;
        _memory->Place = (int)LoopPlace.Events;
    }

    public void Enter(LoopPlace place) => _memory->Place = (int)place;
}

/// <summary>Layout of a line.</summary>
internal struct LoopPulseMemory
{
    public long Turns;
    public int Place;
}
