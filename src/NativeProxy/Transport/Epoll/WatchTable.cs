using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace NativeProxy.Transport.Epoll;

/// <summary>
/// Slots of the watched objects of one loop. A token names slot and generation, so that an event of a descriptor that was closed
/// earlier in the same batch is recognised and dropped. Thread: the loop.
/// </summary>
internal sealed class WatchTable
{
    private const int FirstCapacity = 256;

    /// <summary>What the processor fetches at once.</summary>
    private const int CacheLineBytes = 64;

    /// <summary>As much of an object as is prefetched: about the size of an <see cref="EpollConnection"/>, by far the most frequent one.</summary>
    private const int PrefetchBytes = 4 * CacheLineBytes;

    private Slot[] _slots = new Slot[FirstCapacity];

    /// <summary>True exactly for the slots of which an event waits to be handled.</summary>
    private bool[] _reported = new bool[FirstCapacity];
    private int _used;
    private int _free = -1;

    /// <summary>Gives the object a slot; the token goes into its epoll registration.</summary>
    public ulong Add(IEpollWatched watched)
    {
        int index = _free;
        if (index >= 0)
        {
            _free = _slots[index].NextFree;
        }
        else
        {
            index = _used++;
            if (index == _slots.Length)
            {
                Array.Resize(ref _slots, index * 2);
                Array.Resize(ref _reported, index * 2);
            }
        }
        _slots[index].Watched = watched;
        return (uint)index | ((ulong)_slots[index].Generation << 32);
    }

    /// <summary>Gives the slot back; the token is stale from now on.</summary>
    public void Remove(ulong token)
    {
        int index = (int)(uint)token;
        _slots[index].Watched = null;
        _slots[index].Generation++;
        _slots[index].NextFree = _free;
        _reported[index] = false;
        _free = index;
    }

    /// <summary>True while an event of the object waits to be handled; false when the token is stale.</summary>
    public bool IsReported(ulong token) => IsPresent(token) && _reported[(int)(uint)token];

    /// <summary>An event of the object has come. False when another one waits already. A stale token means nothing, as often as it comes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReport(ulong token)
    {
        if (!IsPresent(token))
            return true;
        ref bool reported = ref _reported[(int)(uint)token];
        if (reported)
            return false;
        return reported = true;
    }

    /// <summary>The event that waited is being handled. A stale token means nothing.</summary>
    public void Taken(ulong token)
    {
        if (IsPresent(token))
            _reported[(int)(uint)token] = false;
    }

    /// <summary>The object of a token, or null when the token is stale.</summary>
    public IEpollWatched? Find(ulong token)
    {
        ref Slot slot = ref _slots[(int)(uint)token];
        return slot.Generation == (uint)(token >> 32) ? slot.Watched : null;
    }

    /// <summary>
    /// Asks for the object of a token to be brought into the cache while the event before is handled (2 to 3 % of a small GET at 512 connections,
    /// nothing at 64). The object may move or be replaced meanwhile; then it was for nothing.
    /// </summary>
    public unsafe void Prefetch(ulong token)
    {
        if (!Sse.IsSupported)
            return;
        byte* start = *(byte**)Unsafe.AsPointer(ref _slots[(int)(uint)token].Watched);
        for (int offset = 0; offset < PrefetchBytes; offset += CacheLineBytes)
            Sse.Prefetch0(start + offset);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsPresent(ulong token) => _slots[(int)(uint)token].Generation == (uint)(token >> 32);

    /// <summary>One place of the table; its generation outlives the object in it.</summary>
    private struct Slot
    {
        public IEpollWatched? Watched;
        public uint Generation;
        public int NextFree;
    }
}
