using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using System.Threading;
using NativeProxy.Foundation;

namespace NativeProxy.Metrics;

/// <summary>
/// Histograms of times by name, with what is counted beside them, a row per worker for each, in memory of one process or in memory that supervisor
/// and workers share. A name keeps its histogram over a reload. Owner: the host, whose main thread publishes names before any loop looks for their
/// rows. Dispose it after all loops have ended.
/// </summary>
internal sealed unsafe class LatencyBoard : IDisposable
{
    /// <summary>Most names; further ones have no histogram.</summary>
    public const int NamesMax = 4096;

    private const long Magic = 0x0048_5058_5250_544E;

    /// <summary>Twice what may be published: during a reload the old and the new names have their rows.</summary>
    private const int SlotsMax = 2 * NamesMax;

    private readonly SharedMemory _memory;
    private readonly Head* _head;
    private readonly Slot* _slots;
    private readonly long* _rows;
    private string[] _names = [];

    /// <summary>The publication after which that of this process comes: its own last one, or the one that was there when it came.</summary>
    private int _follows;

    private LatencyBoard(SharedMemory memory)
    {
        _memory = memory;
        _head = (Head*)memory.Start;
        _slots = (Slot*)(memory.Start + SharedMemory.LineBytes);
        _rows = (long*)(_slots + SlotsMax);
        _follows = _head->Publication;
    }

    /// <summary>What <see cref="Attach"/> takes; -1 when the memory is this process's own.</summary>
    public int Descriptor => _memory.Descriptor;

    public int WorkerCount => _head->WorkerCount;

    /// <summary>What was published last, by this process.</summary>
    public IReadOnlyList<string> Names => Volatile.Read(ref _names);

    /// <summary>Histograms of this process only.</summary>
    public static LatencyBoard CreatePrivate(int workers) => Begin(SharedMemory.CreatePrivate(BoardBytes(workers)), workers);

    /// <summary>Histograms that other processes can attach to; errors as with <see cref="SharedMemory.CreateShared"/>.</summary>
    public static LatencyBoard CreateShared(int workers) =>
        Begin(SharedMemory.CreateShared("nativeproxy-latencies", BoardBytes(workers)), workers);

    /// <summary>Maps a board that another process made. Throws <see cref="InvalidDataException"/> when it is none of this build.</summary>
    public static LatencyBoard Attach(int descriptor)
    {
        SharedMemory memory = SharedMemory.Attach(descriptor);
        var head = (Head*)memory.Start;
        if (head->Magic == Magic && head->WorkerCount >= 1 && memory.LengthBytes == BoardBytes(head->WorkerCount))
            return new LatencyBoard(memory);
        memory.Dispose();
        throw new InvalidDataException("the board of latencies was made by another build");
    }

    /// <summary>
    /// Gives every name its rows: those it has, or free ones, which are empty. Rows are free for others one publication after their name was given
    /// last; a request that is older still counts among the others' then. Main thread of the owner; what another process has published since, which
    /// then did not come to serve, does not count.
    /// </summary>
    public void Publish(IReadOnlyList<string> names)
    {
        int publication = _head->Publication + 1;
        string[] shown = new string[Math.Min(names.Count, NamesMax)];
        for (int i = 0; i < shown.Length; i++)
        {
            shown[i] = names[i];
            if (SlotOf(IdOf(names[i]), _follows) is >= 0 and var known)
                Volatile.Write(ref _slots[known].NamedBy, publication);
        }
        foreach (string name in shown)
        {
            if (SlotOf(IdOf(name)) < 0)
                Occupy(IdOf(name), publication);
        }
        Volatile.Write(ref _head->Publication, publication);
        _follows = publication;
        Volatile.Write(ref _names, shown);
    }

    /// <summary>The histogram of a name as one worker writes it; null when the name was not published.</summary>
    public LatencyRow? Find(string name, int workerIndex)
    {
        int slot = SlotOf(IdOf(name));
        return slot < 0 ? null : new LatencyRow(RowAt(slot, workerIndex));
    }

    /// <summary>The histogram of a name as each worker writes it; null when the name was not published.</summary>
    public LatencyRow[]? RowsOf(string name)
    {
        int slot = SlotOf(IdOf(name));
        if (slot < 0)
            return null;
        var rows = new LatencyRow[WorkerCount];
        for (int worker = 0; worker < rows.Length; worker++)
            rows[worker] = new LatencyRow(RowAt(slot, worker));
        return rows;
    }

    /// <summary>A worker has ended, or begins: it has no connections and nobody waits there. Safe to repeat; not while it runs.</summary>
    public void ForgetWorker(int workerIndex)
    {
        for (int i = 0; i < _head->UsedCount; i++)
        {
            var row = new LatencyRow(RowAt(i, workerIndex));
            row.Show(Tally.Active, 0);
            row.Show(Tally.Idle, 0);
            row.Show(Tally.Queued, 0);
        }
    }

    public void Dispose() => _memory.Dispose();

    private static long BoardBytes(int workers) =>
        SharedMemory.LineBytes + ((long)SlotsMax * sizeof(Slot)) + ((long)workers * SlotsMax * LatencyRow.Longs * sizeof(long));

    private static LatencyBoard Begin(SharedMemory memory, int workers)
    {
        var head = (Head*)memory.Start;
        head->WorkerCount = workers;
        head->Magic = Magic;
        return new LatencyBoard(memory);
    }

    private static ulong IdOf(string name) => StableHash.Of(Encoding.UTF8.GetBytes(name));

    private long* RowAt(int slot, int workerIndex) => _rows + ((((long)workerIndex * SlotsMax) + slot) * LatencyRow.Longs);

    /// <summary>The slot of a name that this publication or the one before has; -1 when there is none.</summary>
    private int SlotOf(ulong id) => SlotOf(id, Volatile.Read(ref _head->Publication));

    private int SlotOf(ulong id, int namedSince)
    {
        for (int i = 0; i < _head->UsedCount; i++)
        {
            if (_slots[i].Id == id && Volatile.Read(ref _slots[i].NamedBy) >= namedSince)
                return i;
        }
        return -1;
    }

    private bool IsFree(int slot) => Volatile.Read(ref _slots[slot].NamedBy) < Volatile.Read(ref _head->Publication);

    private void Occupy(ulong id, int publication)
    {
        int slot = 0;
        while (slot < _head->UsedCount && !IsFree(slot))
            slot++;
        Check.That(slot < SlotsMax, "two publications have their slots");
        for (int worker = 0; worker < WorkerCount; worker++)
            new Span<long>(RowAt(slot, worker), LatencyRow.Longs).Clear();
        _slots[slot].Id = id;
        Volatile.Write(ref _slots[slot].NamedBy, publication);
        Volatile.Write(ref _head->UsedCount, Math.Max(_head->UsedCount, slot + 1));
    }

    /// <summary>First line of the memory.</summary>
    private struct Head
    {
        public long Magic;
        public int WorkerCount;
        public int Publication;

        /// <summary>Slots from here on were never used.</summary>
        public int UsedCount;
    }

    /// <summary>Layout of what is known of a name.</summary>
    private struct Slot
    {
        public ulong Id;

        /// <summary>The publication that last gave it.</summary>
        public int NamedBy;
    }
}
