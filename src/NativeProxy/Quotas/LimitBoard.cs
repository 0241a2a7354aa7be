using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using NativeProxy.Config;
using NativeProxy.Foundation;
using NativeProxy.Metrics;

namespace NativeProxy.Quotas;

/// <summary>
/// The counts of all limits, in memory of one process or in memory that supervisor and workers share, so that a limit is one number whatever the
/// number of workers. A <see cref="RateTable"/> consists of chunks that are handed out when settings are published; a limit whose definition does not
/// change keeps its chunks, and with them its counts. Owner: the host, whose main thread publishes settings before any loop looks for their limits.
/// Dispose it after all loops have ended.
/// </summary>
internal sealed unsafe class LimitBoard : IDisposable
{
    /// <summary>Cells of a chunk; a power of two.</summary>
    public const int ChunkCells = 1024;

    /// <summary>Most cells of the limits of one file, all together: 64 MiB of which the system gives what is touched.</summary>
    public const int CellsMax = 4 * 1024 * 1024;

    private const long Magic = 0x004C_5058_5250_544E;

    /// <summary>Twice what settings may define: during a reload the old and the new limits have their chunks.</summary>
    private const int ChunksMax = 2 * CellsMax / ChunkCells;

    /// <summary>One for each limit and for each listener.</summary>
    private const int SlotsMax = 2048;

    private readonly SharedMemory _memory;
    private readonly Head* _head;
    private readonly Slot* _slots;

    /// <summary>Of each chunk: whose it is, as index + 1 of the slot; 0 = nobody's. Those of one slot are its memory in their order.</summary>
    private readonly int* _owners;
    private readonly RateCell* _cells;
    private readonly ulong* _counts;
    private readonly byte* _records;

    /// <summary>The publication after which that of this process comes: its own last one, or the one that was there when it came.</summary>
    private int _follows;

    private LimitBoard(SharedMemory memory)
    {
        _memory = memory;
        _head = (Head*)memory.Start;
        _slots = (Slot*)(memory.Start + SharedMemory.LineBytes);
        _owners = (int*)(_slots + SlotsMax);
        _cells = (RateCell*)(_owners + ChunksMax);
        _counts = (ulong*)(_cells + ((long)ChunksMax * ChunkCells));
        _records = (byte*)_counts + CountTable.CellBytes;
        Hash = new KeyHash(_head->Secret0, _head->Secret1);
        _follows = _head->Publication;
    }

    /// <summary>Hashes keys under the secret of this start: all workers agree on the hash, and nobody outside can tell it.</summary>
    public KeyHash Hash { get; }

    /// <summary>What <see cref="Attach"/> takes; -1 when the memory is this process's own.</summary>
    public int Descriptor => _memory.Descriptor;

    private static long BoardBytes(int workers) =>
        SharedMemory.LineBytes + ((long)SlotsMax * sizeof(Slot)) + ((long)ChunksMax * sizeof(int))
        + ((long)ChunksMax * ChunkCells * sizeof(RateCell)) + CountTable.CellBytes + (workers * CountTable.RecordBytes);

    /// <summary>Counts of this process only.</summary>
    public static LimitBoard CreatePrivate(int workers) => Begin(SharedMemory.CreatePrivate(BoardBytes(workers)), workers);

    /// <summary>Counts that other processes can attach to; errors as with <see cref="SharedMemory.CreateShared"/>.</summary>
    public static LimitBoard CreateShared(int workers) =>
        Begin(SharedMemory.CreateShared("nativeproxy-limits", BoardBytes(workers)), workers);

    /// <summary>Maps a board that another process made. Throws <see cref="InvalidDataException"/> when it is none of this build.</summary>
    public static LimitBoard Attach(int descriptor)
    {
        SharedMemory memory = SharedMemory.Attach(descriptor);
        var head = (Head*)memory.Start;
        if (head->Magic == Magic && head->WorkerCount >= 1 && memory.LengthBytes == BoardBytes(head->WorkerCount))
            return new LimitBoard(memory);
        memory.Dispose();
        throw new InvalidDataException("the board of limits was made by another build");
    }

    /// <summary>
    /// Gives every limit of the settings its memory: what it has, or free chunks, in which all keys are as new. A chunk is free for others one
    /// publication after its limit was defined last, when no worker asks it any more. Main thread of the owner; what another process has published
    /// since, which then did not come to serve, does not count.
    /// </summary>
    public void Publish(in ProxySettings settings)
    {
        List<RateDefinition> definitions = RateDefinition.AllOf(settings);
        if (IsPublished(definitions))
            return;
        int publication = _head->Publication + 1;
        foreach (RateDefinition definition in definitions)
        {
            int slot = SlotOf(definition.Id, _follows);
            if (slot >= 0)
                Volatile.Write(ref _slots[slot].DefinedBy, publication);
        }
        foreach (RateDefinition definition in definitions)
        {
            if (SlotOf(definition.Id) is var slot && (slot < 0 || _slots[slot].DefinedBy != publication))
                Occupy(definition, publication);
        }
        Volatile.Write(ref _head->DefinedCount, definitions.Count);
        Volatile.Write(ref _head->Publication, publication);
        _follows = publication;
    }

    /// <summary>What a published limit knows of its keys.</summary>
    public RateTable TableOf(RateDefinition definition)
    {
        int slot = SlotOf(definition.Id);
        Check.That(slot >= 0, "settings are published before their limits are looked for");
        var chunks = new RateCell*[definition.CellCount / ChunkCells];
        int count = 0;
        for (int i = 0; i < ChunksMax && count < chunks.Length; i++)
        {
            if (_owners[i] == slot + 1)
                chunks[count++] = _cells + ((long)i * ChunkCells);
        }
        Check.That(count == chunks.Length, "a published limit has all its memory");
        return new RateTable(definition.Rule, chunks);
    }

    /// <summary>The same for whoever only looks; null when it is not published, or not any more.</summary>
    public RateTable? FindTable(RateDefinition definition) => SlotOf(definition.Id) < 0 ? null : TableOf(definition);

    /// <summary>How many there are now of what has a key, as this worker counts it.</summary>
    public CountTable CountsOf(int workerIndex) => new(_counts, _records + (workerIndex * CountTable.RecordBytes));

    /// <summary>
    /// A worker has ended, or begins, perhaps after a crash: what it had counted is given back. Safe to repeat; not while the worker runs.
    /// </summary>
    public void ForgetWorker(int workerIndex) => CountsOf(workerIndex).Forget();

    public void Dispose() => _memory.Dispose();

    private static LimitBoard Begin(SharedMemory memory, int workers)
    {
        Span<byte> secret = stackalloc byte[16];
        SystemRandom.Fill(secret);
        var head = (Head*)memory.Start;
        head->Secret0 = BinaryPrimitives.ReadUInt64LittleEndian(secret);
        head->Secret1 = BinaryPrimitives.ReadUInt64LittleEndian(secret[8..]);
        head->WorkerCount = workers;
        head->Magic = Magic;
        return new LimitBoard(memory);
    }

    private bool IsPublished(List<RateDefinition> definitions)
    {
        foreach (RateDefinition definition in definitions)
        {
            if (SlotOf(definition.Id) is var slot && (slot < 0 || _slots[slot].DefinedBy != _head->Publication))
                return false;
        }
        return definitions.Count == _head->DefinedCount;
    }

    /// <summary>The slot of a definition that this publication or the one before has; -1 when there is none.</summary>
    private int SlotOf(ulong id) => SlotOf(id, Volatile.Read(ref _head->Publication));

    private int SlotOf(ulong id, int definedSince)
    {
        for (int i = 0; i < SlotsMax; i++)
        {
            if (_slots[i].Id == id && _slots[i].DefinedBy != 0 && _slots[i].DefinedBy >= definedSince)
                return i;
        }
        return -1;
    }

    /// <summary>Whether no worker can be using a slot; it was defined neither now nor by the publication before.</summary>
    private bool IsFree(int slot) => _slots[slot].DefinedBy == 0 || _slots[slot].DefinedBy < Volatile.Read(ref _head->Publication);

    private void Occupy(RateDefinition definition, int publication)
    {
        int slot = 0;
        while (slot < SlotsMax && !IsFree(slot))
            slot++;
        Check.That(slot < SlotsMax, "two publications have their slots");
        Disown(slot);
        int left = definition.CellCount / ChunkCells;
        for (int i = 0; i < ChunksMax && left > 0; i++)
        {
            if (_owners[i] != 0 && !IsFree(_owners[i] - 1))
                continue;
            new Span<RateCell>(_cells + ((long)i * ChunkCells), ChunkCells).Clear();
            _owners[i] = slot + 1;
            left--;
        }
        Check.That(left == 0, "two publications have their chunks");
        _slots[slot].Id = definition.Id;
        Volatile.Write(ref _slots[slot].DefinedBy, publication);
    }

    /// <summary>The chunks that a free slot had are nobody's.</summary>
    private void Disown(int slot)
    {
        for (int i = 0; i < ChunksMax; i++)
        {
            if (_owners[i] == slot + 1)
                _owners[i] = 0;
        }
    }

    /// <summary>First line of the memory.</summary>
    private struct Head
    {
        public long Magic;
        public ulong Secret0;
        public ulong Secret1;
        public int Publication;
        public int DefinedCount;
        public int WorkerCount;
    }

    /// <summary>Layout of what is known of a definition.</summary>
    private struct Slot
    {
        public ulong Id;

        /// <summary>The publication that last defined it; 0 = none.</summary>
        public int DefinedBy;
    }
}
