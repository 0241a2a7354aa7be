using System;
using System.Threading;

namespace NativeProxy.Quotas;

/// <summary>
/// What one limit knows of its keys: cells in memory that all workers share, in sets of eight that a keyed hash chooses, so that no client chooses
/// where it comes to lie. A key that finds no free cell takes that of the key in its set that is nearest to being as new: new keys never push each
/// other, or a key that is at its limit, out of the whole table, and none is ever refused for want of room. A view into the <see cref="LimitBoard"/>,
/// which must outlive it. Any thread; nothing is locked, so a worker that dies leaves nothing behind.
/// </summary>
/// <remarks>
/// A cell is two words: whose it is, and what is known. The second bears some bits of its key, so that what was known of another one, to whom the
/// cell belonged before, is never taken for it, in whichever order two workers write.
/// </remarks>
internal sealed unsafe class RateTable
{
    /// <summary>Cells in a set: two lines of memory.</summary>
    public const int SetCells = 8;

    /// <summary>So often others may be faster before a request is judged by what was seen last, and does not count.</summary>
    private const int TriesMax = 64;

    /// <summary>A look touches the memory of so many chunks at most.</summary>
    private const int LookedChunksMax = 16;

    private const long StateMask = (1L << RateRule.StateBits) - 1;

    private readonly RateRule _rule;
    private readonly RateCell*[] _chunks;
    private readonly ulong _setMask;

    /// <param name="rule">How it counts.</param>
    /// <param name="chunks">Its memory, in chunks of <see cref="LimitBoard.ChunkCells"/> cells; a power of two of them.</param>
    internal RateTable(RateRule rule, RateCell*[] chunks)
    {
        _rule = rule;
        _chunks = chunks;
        _setMask = ((ulong)chunks.Length * LimitBoard.ChunkCells / SetCells) - 1;
    }

    /// <summary>How many keys it has room for.</summary>
    public long Room => (long)_chunks.Length * LimitBoard.ChunkCells;

    /// <summary>
    /// About how many of its cells are some key's: of a large table a part is looked at, since keys lie evenly. Keys that are as new are among them.
    /// </summary>
    public long UsedAbout()
    {
        int looked = Math.Min(_chunks.Length, LookedChunksMax);
        long used = 0;
        for (int i = 0; i < looked; i++)
        {
            RateCell* chunk = _chunks[i];
            for (int j = 0; j < LimitBoard.ChunkCells; j++)
                used += Volatile.Read(ref chunk[j].Tag) != 0 ? 1 : 0;
        }
        return used * _chunks.Length / looked;
    }

    /// <summary>How many at once, or in one time.</summary>
    public int CountMax => _rule.CountMax;

    /// <summary>Asks for one request of a key.</summary>
    /// <param name="key">A keyed hash of what the limit tells apart (<see cref="LimitBoard.Hash"/>).</param>
    /// <param name="nowUs">The time, in microseconds of the loop's clock.</param>
    /// <param name="use">What for.</param>
    /// <param name="waitUsMax">How long a reserved request may wait.</param>
    public RateVerdict Ask(ulong key, long nowUs, RateUse use, long waitUsMax = 0)
    {
        RateCell* set = SetOf(key);
        ulong tag = key == 0 ? 1 : key;
        RateVerdict verdict = default;
        bool hasDisplaced = false;
        for (int i = 0; i < TriesMax; i++)
        {
            RateCell* cell = Find(set, tag);
            if (cell is null && use == RateUse.Look)
            {
                _rule.Apply(state: 0, nowUs, use, waitUsMax, out verdict);
                break;
            }
            if (cell is null)
            {
                cell = Occupy(set, tag, nowUs, ref hasDisplaced);
                if (cell is null)
                    continue;
            }
            long seen = Volatile.Read(ref cell->State);
            long state = StateOf(seen, tag);
            long next = _rule.Apply(state, nowUs, use, waitUsMax, out verdict);
            if (next == state || Interlocked.CompareExchange(ref cell->State, Mark(next, tag), seen) == seen)
                break;
        }
        return hasDisplaced ? verdict with { HasDisplaced = true } : verdict;
    }

    private static long Mark(long state, ulong tag) => (long)(tag << RateRule.StateBits) | state;

    /// <summary>As new when the word is of another key.</summary>
    private static long StateOf(long word, ulong tag) =>
        ((ulong)word >> RateRule.StateBits) == (tag & ((1UL << (64 - RateRule.StateBits)) - 1)) ? word & StateMask : 0;

    private static RateCell* Find(RateCell* set, ulong tag)
    {
        for (int i = 0; i < SetCells; i++)
        {
            if (Volatile.Read(ref set[i].Tag) == tag)
                return set + i;
        }
        return null;
    }

    /// <summary>
    /// Makes a cell the key's: the first free one, which is the same for all who look, else the one with whose key the least is lost. No cell is ever
    /// freed. Null when somebody else was faster.
    /// </summary>
    private RateCell* Occupy(RateCell* set, ulong tag, long nowUs, ref bool hasDisplaced)
    {
        int best = 0;
        ulong owner = 0;
        long least = long.MaxValue;
        for (int i = 0; i < SetCells && least >= 0; i++)
        {
            ulong other = Volatile.Read(ref set[i].Tag);
            if (other == tag)
                return set + i;
            long loss = other == 0 ? -1 : _rule.AsNewAfterUs(StateOf(Volatile.Read(ref set[i].State), other), nowUs);
            if (loss < least)
                (best, owner, least) = (i, other, loss);
        }
        if (Interlocked.CompareExchange(ref set[best].Tag, tag, owner) != owner)
            return null;
        if (owner == 0 || !HasOther(set, tag, best))
        {
            hasDisplaced |= least > 0;
            return set + best;
        }

        // Somebody has made another cell the key's meanwhile; with two of them it would have twice its share.
        Interlocked.CompareExchange(ref set[best].Tag, owner, tag);
        return null;
    }

    private static bool HasOther(RateCell* set, ulong tag, int own)
    {
        for (int i = 0; i < SetCells; i++)
        {
            if (i != own && Volatile.Read(ref set[i].Tag) == tag)
                return true;
        }
        return false;
    }

    /// <summary>The bits above those by which <see cref="StateOf"/> tells keys of one set apart.</summary>
    private RateCell* SetOf(ulong key)
    {
        ulong cell = ((key >> 24) & _setMask) * SetCells;
        return _chunks[cell / LimitBoard.ChunkCells] + (cell % LimitBoard.ChunkCells);
    }
}

/// <summary>Layout of a cell.</summary>
internal struct RateCell
{
    /// <summary>Hash of the key; 0 = free.</summary>
    public ulong Tag;

    /// <summary>The lowest bits of the tag, and in the low bits the state.</summary>
    public long State;
}
