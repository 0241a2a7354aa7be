using System;
using System.Numerics;

namespace NativeProxy.Caching;

/// <summary>
/// Finds an entry by its key: a table of chains through the entries themselves, so that nothing is allocated per response. Its size follows
/// from the memory of the cache. Thread: the loop. Never frees an entry.
/// </summary>
internal sealed class CacheIndex
{
    private const int PlacesMax = 1 << 24;

    private CacheEntry?[] _places = new CacheEntry?[1];

    public int Count { get; private set; }

    /// <summary>Makes room for as many entries as there can be.</summary>
    public void Resize(long entriesMax)
    {
        var places = new CacheEntry?[BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(entriesMax, 1, PlacesMax))];
        CacheEntry?[] before = _places;
        _places = places;
        foreach (CacheEntry? first in before)
        {
            for (CacheEntry? entry = first; entry is not null;)
            {
                CacheEntry? next = entry.Next;
                Link(entry);
                entry = next;
            }
        }
    }

    public CacheEntry? Find(ulong hash, ReadOnlySpan<byte> key)
    {
        for (CacheEntry? entry = PlaceOf(hash); entry is not null; entry = entry.Next)
        {
            if (entry.Hash == hash && entry.Key.SequenceEqual(key))
                return entry;
        }
        return null;
    }

    /// <summary>Any entry with this hash.</summary>
    public CacheEntry? Find(ulong hash)
    {
        CacheEntry? entry = PlaceOf(hash);
        while (entry is not null && entry.Hash != hash)
            entry = entry.Next;
        return entry;
    }

    public void Add(CacheEntry entry)
    {
        Link(entry);
        entry.IsLinked = true;
        Count++;
    }

    public void Remove(CacheEntry entry)
    {
        ref CacheEntry? place = ref PlaceOf(entry.Hash);
        if (place == entry)
        {
            place = entry.Next;
        }
        else
        {
            CacheEntry before = place!;
            while (before.Next != entry)
                before = before.Next!;
            before.Next = entry.Next;
        }
        entry.Next = null;
        entry.IsLinked = false;
        Count--;
    }

    private void Link(CacheEntry entry)
    {
        ref CacheEntry? place = ref PlaceOf(entry.Hash);
        entry.Next = place;
        place = entry;
    }

    private ref CacheEntry? PlaceOf(ulong hash) => ref _places[(int)(hash & (ulong)(_places.Length - 1))];
}
