using System;
using System.Threading;

namespace NativeProxy.Quotas;

/// <summary>What a <see cref="CountTable"/> says to one more.</summary>
internal enum CountVerdict : byte
{
    /// <summary>It counts, until it is given back.</summary>
    Taken,

    /// <summary>There are as many as may be.</summary>
    Full,

    /// <summary>There is no room to count it in: it may pass, and is not given back.</summary>
    Uncounted,
}

/// <summary>
/// How many of something there are now for each key, over all workers: connections of a client, requests of a route. A cell is one word, part of
/// the key's hash and the count, that is changed by compare-and-exchange, in sets that a keyed hash chooses. Each worker also records what it holds
/// in each cell, which is given back when it dies. A view into the <see cref="LimitBoard"/> for one worker, which must outlive it. Thread: the loop.
/// </summary>
/// <remarks>
/// What a worker holds is never recorded as less than it has counted: one that dies between the two leaves a count too low by one, which ends with
/// the key's last one, never one too high, which would last. A set that is full of other keys counts no further one; whoever would fill all of them
/// needs as many addresses at once.
/// </remarks>
internal sealed unsafe class CountTable
{
    /// <summary>A power of two.</summary>
    public const int CellCount = 1 << 18;

    /// <summary>Cells in a set: four lines of memory.</summary>
    public const int SetCells = 32;

    private const int CountBits = 24;
    private const ulong CountMask = (1UL << CountBits) - 1;

    /// <summary>So often others may be faster before one is not counted.</summary>
    private const int TriesMax = 256;

    /// <summary>Cells whose records share a mark, so that giving back looks only where something was held.</summary>
    private const int PageCells = 1024;

    private readonly ulong* _cells;
    private readonly int* _held;
    private readonly byte* _marks;

    /// <param name="cells">The counts.</param>
    /// <param name="records">What this worker holds: <see cref="RecordBytes"/>.</param>
    internal CountTable(ulong* cells, byte* records)
    {
        _cells = cells;
        _held = (int*)records;
        _marks = records + ((long)CellCount * sizeof(int));
    }

    /// <summary>Bytes of the counts.</summary>
    public static long CellBytes => (long)CellCount * sizeof(ulong);

    /// <summary>Bytes of the records of one worker.</summary>
    public static long RecordBytes => ((long)CellCount * sizeof(int)) + (CellCount / PageCells);

    /// <summary>Counts one more of a key, if there are fewer than may be.</summary>
    /// <param name="key">A keyed hash (<see cref="LimitBoard.Hash"/>).</param>
    /// <param name="countMax">From 1.</param>
    public CountVerdict TryTake(ulong key, int countMax)
    {
        ulong tag = TagOf(key);
        int set = SetOf(key);
        for (int i = 0; i < TriesMax; i++)
        {
            int cell = Find(set, tag, out int free);
            if (cell < 0 && free < 0)
                return CountVerdict.Uncounted;
            ulong seen = cell < 0 ? 0 : Volatile.Read(ref _cells[cell]);
            if (cell < 0)
                cell = free;
            else if (seen >> CountBits != tag)
                continue;
            if ((int)(seen & CountMask) >= countMax)
                return CountVerdict.Full;
            Hold(cell, 1);
            bool isTaken = Interlocked.CompareExchange(ref _cells[cell], (tag << CountBits) | ((seen & CountMask) + 1), seen) == seen;
            if (isTaken && IsOnly(set, tag, cell))
                return CountVerdict.Taken;
            if (isTaken)
                Leave(cell, tag, 1);
            Hold(cell, -1);
        }
        return CountVerdict.Uncounted;
    }

    /// <summary>One that was taken is over.</summary>
    public void GiveBack(ulong key)
    {
        ulong tag = TagOf(key);
        int cell = Find(SetOf(key), tag, out _);
        if (cell < 0)
            return;
        Leave(cell, tag, 1);
        Hold(cell, -1);
    }

    /// <summary>The worker of this view is gone, and with it all that it held. Safe to repeat; not while the worker runs.</summary>
    public void Forget()
    {
        for (int page = 0; page < CellCount / PageCells; page++)
        {
            if (_marks[page] == 0)
                continue;
            for (int cell = page * PageCells; cell < (page + 1) * PageCells; cell++)
            {
                int held = _held[cell];
                _held[cell] = 0;
                if (held > 0)
                    Leave(cell, Volatile.Read(ref _cells[cell]) >> CountBits, held);
            }
            _marks[page] = 0;
        }
    }

    private static ulong TagOf(ulong key) => Math.Max(1UL, key >> CountBits);

    private static int SetOf(ulong key) => (int)(key % (CellCount / SetCells)) * SetCells;

    /// <summary>The cell of a key in its set, or -1; and the first free one, or -1.</summary>
    private int Find(int set, ulong tag, out int free)
    {
        free = -1;
        for (int cell = set; cell < set + SetCells; cell++)
        {
            ulong seen = Volatile.Read(ref _cells[cell]);
            if (seen >> CountBits == tag)
                return cell;
            if (seen == 0 && free < 0)
                free = cell;
        }
        return -1;
    }

    /// <summary>Whether nobody has begun to count the same key in another cell meanwhile; else whoever sees that begins anew.</summary>
    private bool IsOnly(int set, ulong tag, int cell)
    {
        for (int other = set; other < set + SetCells; other++)
        {
            if (other != cell && Volatile.Read(ref _cells[other]) >> CountBits == tag)
                return false;
        }
        return true;
    }

    private void Hold(int cell, int change)
    {
        _held[cell] = Math.Max(0, _held[cell] + change);
        _marks[cell / PageCells] = 1;
    }

    private void Leave(int cell, ulong tag, int count)
    {
        while (true)
        {
            ulong seen = Volatile.Read(ref _cells[cell]);
            if (seen >> CountBits != tag || seen == 0)
                return;
            int left = (int)(seen & CountMask) - count;
            ulong next = left <= 0 ? 0 : (tag << CountBits) | (uint)left;
            if (Interlocked.CompareExchange(ref _cells[cell], next, seen) == seen)
                return;
        }
    }
}
