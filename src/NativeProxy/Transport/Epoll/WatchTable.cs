using System;

namespace NativeProxy.Transport.Epoll;

/// <summary>
/// Slots of the watched objects of one loop. A token names slot and generation, so that an event of a descriptor that was closed
/// earlier in the same batch is recognised and dropped. Thread: the loop.
/// </summary>
internal sealed class WatchTable
{
    private const int FirstCapacity = 256;

    private Slot[] _slots = new Slot[FirstCapacity];
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
                Array.Resize(ref _slots, index * 2);
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
        _free = index;
    }

    /// <summary>The object of a token, or null when the token is stale.</summary>
    public IEpollWatched? Find(ulong token)
    {
        ref Slot slot = ref _slots[(int)(uint)token];
        return slot.Generation == (uint)(token >> 32) ? slot.Watched : null;
    }

    /// <summary>One place of the table; its generation outlives the object in it.</summary>
    private struct Slot
    {
        public IEpollWatched? Watched;
        public uint Generation;
        public int NextFree;
    }
}
